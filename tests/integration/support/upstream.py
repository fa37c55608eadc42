"""A small OpenAI-compatible endpoint whose answers, delays and failures the test chooses."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.waiting import wait_until


class Upstream:
    """Answers POST …/chat/completions. While `hold()` is on, requests wait until `release()`."""

    def __init__(self):
        self.calls = []            # parsed bodies, in order of arrival
        self.headers = []          # their headers
        self.connections = set()   # client addresses seen
        self.failures = []         # statuses to answer with, one per call, before it goes right
        self.failure_text = "the upstream's own words"
        self.failure_headers = {}
        self.delay = 0.0           # seconds before each answer
        self.answer = lambda body: "A made-up answer [1]."
        self._lock = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self._inside = 0
        self.most_inside = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def hold(self):
        self._open.clear()

    def release(self):
        self._open.set()

    @property
    def inside(self):
        with self._lock:
            return self._inside

    def wait_for_calls(self, count, seconds=10):
        wait_until(lambda: len(self.calls) >= count, f"{count} upstream calls", seconds)

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _enter(self, handler, body):
        with self._lock:
            self.calls.append(body)
            self.headers.append(handler.headers)
            self.connections.add(handler.client_address)
            self._inside += 1
            self.most_inside = max(self.most_inside, self._inside)
            return self.failures.pop(0) if self.failures else 200

    def _leave(self):
        with self._lock:
            self._inside -= 1

    def _handler(upstream):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self._send(200, {"object": "list", "data": [{"id": "test-model"}]})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = upstream._enter(self, body)
                try:
                    upstream._open.wait(60)
                    if upstream.delay:
                        time.sleep(upstream.delay)  # this is the slow model itself, not a wait for it
                finally:
                    upstream._leave()
                if status != 200:
                    self._send(status, {"error": {"message": upstream.failure_text}},
                               upstream.failure_headers)
                    return
                self._send(200, completion(upstream.answer(body)))

            def _send(self, status, value, headers=None):
                content = json.dumps(value).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(content)))
                    for name, text in (headers or {}).items():
                        self.send_header(name, text)
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass  # the caller has gone

        return Handler


def completion(text):
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "test-model",
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}
