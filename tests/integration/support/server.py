"""A running `liquid serve` of this build, and requests to it."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field

from support.waiting import wait_until


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float = 0.0

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return self.headers.get(name)

    @property
    def cache(self):
        return self.headers.get("X-Cache")


@dataclass
class Server:
    """Started on a free port of 127.0.0.1; `stop` ends it with SIGTERM and gives its exit status."""

    binary: str
    index: str
    arguments: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    scheme: str = "http"
    lines: list = field(default_factory=list)
    process: subprocess.Popen = None
    port: int = 0

    def start(self):
        command = [self.binary, "serve", "--index", str(self.index), "--host", "127.0.0.1",
                   "--port", "0", *map(str, self.arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=clean_environment(self.environment), text=True,
                                        errors="replace")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_until(lambda: self.port or self.process.poll() is not None, "the server listens", 20)
        if not self.port:
            self._reader.join(5)
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
        return self

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if '"event":"listening"' in line:
                self.port = json.loads(line)["port"]

    def log(self):
        return "".join(self.lines)

    def events(self, name):
        """The log's lines of one kind, parsed."""
        parsed = (json.loads(line) for line in list(self.lines) if line.startswith("{"))
        return [line for line in parsed if line["event"] == name]

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end the server within {seconds} s:\n{self.log()}")
        self._reader.join(5)
        return status

    # --- requests ---

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def connect(self, timeout=30):
        if self.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                               context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = self.connect(timeout)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def get(self, path, headers=None, **more):
        return self.request("GET", path, headers=headers, **more)

    def post(self, path, value=None, headers=None, **more):
        """`value` is sent as JSON, or as it is when it is bytes."""
        body = value if isinstance(value, bytes) else json.dumps({} if value is None else value)
        return self.request("POST", path, body=body,
                            headers={"Content-Type": "application/json", **(headers or {})}, **more)

    def ask(self, question, headers=None, **fields):
        return self.post("/ask", {"question": question, **fields}, headers=headers)

    def search(self, query, headers=None, **fields):
        return self.post("/search", {"query": query, **fields}, headers=headers)

    def clear_cache(self):
        reply = self.post("/cache/clear")
        assert reply.status == 200, reply.body
        return reply.json()

    def cache_stats(self):
        return self.get("/cache/stats").json()

    def metrics(self):
        return self.get("/metrics").json()

    def socket(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)


def exchange(connection, method, path, body=None, headers=None):
    """One request on a connection that may be used again."""

    begun = time.perf_counter()
    connection.request(method, path, body=body, headers=headers or {})
    response = connection.getresponse()
    content = response.read()
    return Reply(response.status, response.msg, content, time.perf_counter() - begun)


def clean_environment(more):
    """Ours without the settings of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("LIQUID_", "MLFLOW_")) and name not in ("OPENAI_API_KEY", "http_proxy",
                                                               "HTTP_PROXY", "all_proxy")}
    return {**kept, **more}
