"""How long a cache hit takes while slow misses run.

`liquid serve` (core 0) asks a stand-in for a language model that needs 0.3 s per answer. Eight
clients ask ever new questions, so eight misses are always running; one more client asks a cached
question every half millisecond and its waiting times are reported, beside those on an idle server.
"""

import argparse
import http.client
import http.server
import json
import multiprocessing
import os
import pathlib
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness
import sample_server

ROUTE = "/ask/simple"
MISSES_AT_ONCE = 8
MODEL_SECONDS = 0.3
PAUSE_SECONDS = 0.0005


class SlowModel(http.server.BaseHTTPRequestHandler):
    """POST /v1/chat/completions, answered after MODEL_SECONDS."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(MODEL_SECONDS)
        answer = {"id": "1", "object": "chat.completion", "created": 0, "model": "slow",
                  "choices": [{"index": 0, "finish_reason": "stop",
                               "message": {"role": "assistant", "content": "It is so [1]."}}],
                  "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def model_process(ready):
    os.sched_setaffinity(0, {int(harness.CLIENT_CORE)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowModel)
    ready.put(server.server_address[1])
    server.serve_forever()


def question(text):
    return json.dumps({"question": text, "max_context_chunks": 5})


def ask_new_questions(port, client, stop, waits):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    number = 0
    while not stop.is_set():
        number += 1
        body = question(f"How does the cache of worker {client} store entry {number}?")
        started = time.perf_counter()
        connection.request("POST", ROUTE, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        if response.status != 200 or response.getheader("X-Cache") != "MISS":
            raise RuntimeError(f"a miss was answered {response.status} {response.getheader('X-Cache')}")
        waits.append(time.perf_counter() - started)


def miss_process(port, stop, result):
    os.sched_setaffinity(0, {int(harness.CLIENT_CORE)})
    waits = []
    clients = [threading.Thread(target=ask_new_questions, args=(port, number, stop, waits))
               for number in range(MISSES_AT_ONCE)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    result.put(waits)


def hit_waits(port, body, seconds):
    """Milliseconds of every hit for `seconds`, sorted."""
    request = (f"POST {ROUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
    waits = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.perf_counter()
            connection.sendall(request)
            reply = connection.recv(1 << 20)
            waits.append((time.perf_counter() - started) * 1e3)
            if b"X-Cache: HIT" not in reply:
                harness.fail(f"expected a hit, got {reply[:300]!r}")
            time.sleep(PAUSE_SECONDS)
    return sorted(waits)


def measure(port, seconds):
    body = question("What does the cache do with an entry of the index?")
    for _ in range(2):
        status, headers, content = sample_server.post(port, body, ROUTE)
    if status != 200 or headers.get("x-cache") != "HIT":
        harness.fail(f"the warm-up was not cached: {status} {headers} {content[:300]!r}")
    idle = hit_waits(port, body, seconds / 2)
    stop, result = multiprocessing.Event(), multiprocessing.Queue()
    misses = multiprocessing.Process(target=miss_process, args=(port, stop, result))
    misses.start()
    time.sleep(2 * MODEL_SECONDS)  # until all eight misses run
    busy = hit_waits(port, body, seconds)
    stop.set()
    miss_waits = sorted(wait * 1e3 for wait in result.get(timeout=60))
    misses.join()
    return idle, busy, miss_waits


def row(label, waits):
    return [label, len(waits), *(harness.percentile(waits, share) for share in (0.5, 0.99, 0.999)),
            waits[-1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    os.sched_setaffinity(0, {int(harness.CLIENT_CORE)})
    ready = multiprocessing.Queue()
    model = multiprocessing.Process(target=model_process, args=(ready,), daemon=True)
    model.start()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        index = pathlib.Path(folder) / "index"
        sample_server.make_index(index, 400)
        with sample_server.serve(index, f"{folder}/liquid.log", "--generator", "openai", "--base-url",
                                 f"http://127.0.0.1:{ready.get(timeout=20)}/v1", "--model",
                                 "slow", "--workers", str(MISSES_AT_ONCE)) as server:
            idle, busy, misses = measure(server.port, seconds)
    model.terminate()
    if not misses or misses[0] < MODEL_SECONDS * 1e3:
        harness.fail(f"the misses were not slow: {misses[:3]}")
    rows = [row("hit, idle server", idle), row(f"hit, {MISSES_AT_ONCE} misses running", busy),
            row("those misses", misses)]
    harness.write_result(
        "hit_during_miss", {"model": f"{MODEL_SECONDS} s per answer", "misses at once": MISSES_AT_ONCE},
        [harness.table("", ["", "count", "p50 ms", "p99 ms", "p99.9 ms", "max ms"], rows)],
        [harness.goal("worst hit during running misses < 5 ms", busy[-1], busy[-1] < 5)])


if __name__ == "__main__":
    main()
