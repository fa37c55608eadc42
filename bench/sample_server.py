"""A small index and `liquid serve` on it, for the benchmarks that need the whole server."""

import http.client
import json
import pathlib
import random
import subprocess

import harness

DOCUMENTS = 200
_WORDS = ("answer cache capacity chunk client cluster commit config connection core counter deadline "
          "digest document engine entry epoch evidence failure flight gateway handler header index "
          "journal kernel latency layer limit listener memory metric network packet parser policy "
          "pool question queue record replica request reply retry router sample schema segment server "
          "session shard signal snapshot socket storage stream table tenant thread timeout token "
          "tracing transfer upstream vector version window worker writer").split()


def _documents(text_bytes):
    """JSONL lines; every text has exactly `text_bytes` characters."""
    source = random.Random(7)
    for number in range(DOCUMENTS):
        text = ""
        while len(text) < text_bytes:
            sentence = " ".join(source.choice(_WORDS) for _ in range(11)).capitalize()
            text += sentence + ". "
        text = text[: text_bytes - 1].rstrip(". ").ljust(text_bytes - 1, "x") + "."
        yield json.dumps({"_id": f"doc-{number:04d}", "title": f"Document {number:04d}", "text": text})


def make_index(folder, text_bytes):
    lines = "\n".join(_documents(text_bytes)) + "\n"
    done = subprocess.run([harness.liquid(), "index", "add", "--index", folder, "-"], input=lines,
                          text=True, capture_output=True)
    if done.returncode != 0:
        harness.fail(f"liquid index add ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def serve(index, log, *more_flags, environment=None):
    """`liquid serve` on core 0, with no rate limit and no access log."""
    port = harness.free_port()
    command = [harness.liquid(), "serve", "--index", index, "--host", "127.0.0.1", "--port", port,
               "--rate-limit", "0", "--access-log", "off", *more_flags]
    return harness.Server(command, port, log, environment=environment)


def question(number):
    """A request body of about 330 bytes whose answer holds five documents."""
    source = random.Random(1000 + number)
    text = " ".join(source.sample(_WORDS, 34))[:285]
    return json.dumps({"query": text, "top_k": 5, "hybrid": False})


def post(port, body, path="/search"):
    """Status, headers (lower case) and body of one POST."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, content


def expect_hit(port, body):
    """Asks twice, so that the answer is in the cache, and returns the second answer's body."""
    for expected in ("MISS", "HIT"):
        status, headers, content = post(port, body)
        if status != 200 or headers.get("x-cache") not in (expected, "HIT"):
            harness.fail(f"expected 200 and {expected}, got {status} {headers}: {content[:300]!r}")
    return content


def index_with_answers_of(wanted_bytes, folder):
    """An index whose answers to `question(0)` have `wanted_bytes`, give or take one percent."""
    text_bytes = wanted_bytes // 8
    for attempt in range(4):
        index = pathlib.Path(folder) / f"index-{attempt}"
        make_index(index, text_bytes)
        with serve(index, f"{folder}/calibration.log") as server:
            size = len(expect_hit(server.port, question(0)))
        if abs(size - wanted_bytes) <= wanted_bytes // 100:
            return index
        text_bytes += (wanted_bytes - size) // 5
    harness.fail(f"answers of {wanted_bytes} bytes: last try gave {size}")
