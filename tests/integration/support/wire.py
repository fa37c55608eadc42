"""HTTP as bytes, for what a well-behaved client library would never send."""

import socket


class Wire:
    """One connection; `read_reply` reads exactly one answer off it."""

    def __init__(self, server, timeout=15):
        self._socket = server.socket(timeout)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, *parts):
        for part in parts:
            self._socket.sendall(part if isinstance(part, bytes) else part.encode())

    def half_close(self):
        self._socket.shutdown(socket.SHUT_WR)

    def read_reply(self):
        """(status, {lower-case name: value}, body)"""
        head = self._read_to(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {}
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip()
        if status == 100 or status in (204, 304):
            return status, headers, b""
        return status, headers, self._read_exactly(int(headers.get("content-length", 0)))

    def at_end(self):
        """True when the server has closed the connection (waits for it)."""
        if self._buffer:
            return False
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _more(self):
        piece = self._socket.recv(65536)
        if not piece:
            raise EOFError(f"the server closed the connection after {self._buffer!r}")
        self._buffer += piece

    def _read_to(self, mark):
        while mark not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(mark, 1)
        return head

    def _read_exactly(self, count):
        while len(self._buffer) < count:
            self._more()
        body, self._buffer = self._buffer[:count], self._buffer[count:]
        return body


def post_head(path, length, *more):
    """Head of a JSON POST with the lines given."""
    lines = [f"POST {path} HTTP/1.1", "Host: test", "Content-Type: application/json",
             f"Content-Length: {length}", *more]
    return "\r\n".join(lines) + "\r\n\r\n"
