"""A proxy that does to HTTP requests what bad networks and servers do, by a seeded random choice.

Faults: delay (before the request goes on), cut (the request is carried out, its answer lost), reset (of the
connection, before anything happens), throttle (the answer trickles), duplicate (the request is carried out
twice), error (500 without carrying it out), late_error (500 after carrying it out).
"""

import random
import socket
import socketserver
import struct
import threading
import time
from collections import Counter

FAULTS = ("delay", "cut", "reset", "throttle", "duplicate", "error", "late_error")
ERROR = (b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
         b"Connection: close\r\n\r\noops")


def read_request(connection):
    """One request as bytes, told to close its connection; empty when the client left."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, body = received.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    length = 0
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
        if name.strip().lower() == b"expect":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            return b""
        body += piece
    kept = [line for line in lines if not line.lower().startswith((b"connection:", b"expect:"))]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body


class FaultProxy:
    """Listens on a free port as long as it is entered; `budget` faults happen, then none."""

    def __init__(self, port, seed, budget, rate=0.4):
        self.upstream = ("127.0.0.1", port)
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.budget = budget
        self.rate = rate
        self.done = Counter()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    proxy.serve(self.request)
                except OSError:
                    pass  # the client was killed

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def choose(self):
        with self.lock:
            if self.budget == 0 or self.random.random() > self.rate:
                return None
            self.budget -= 1
            fault = self.random.choice(FAULTS)
            self.done[fault] += 1
            return fault

    def forward(self, request):
        with socket.create_connection(self.upstream, timeout=60) as upstream:
            upstream.sendall(request)
            answer = b""
            while piece := upstream.recv(65536):
                answer += piece
            return answer

    def serve(self, connection):
        request = read_request(connection)
        if not request:
            return
        fault = self.choose()
        if fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if fault == "error":
            connection.sendall(ERROR)
            return
        if fault == "delay":
            time.sleep(self.random.uniform(0.05, 0.5))
        if fault == "duplicate":
            self.forward(request)
        answer = self.forward(request)
        if fault == "cut":
            connection.sendall(answer[:self.random.choice((0, 20))])
        elif fault == "late_error":
            connection.sendall(ERROR)
        elif fault == "throttle":
            for start in range(0, min(len(answer), 200), 20):
                connection.sendall(answer[start:start + 20])
                time.sleep(0.01)
            connection.sendall(answer[200:])
        else:
            connection.sendall(answer)
