"""What a cache hit costs over HTTP: `liquid serve`, nginx proxy_cache and a bare epoll server.

All servers are up during the whole run, each on core 0; wrk loads one of them at a time from core 1.
Rounds alternate between the servers, ratios are taken inside a round, and medians are reported.
Method and meaning: bench/README.md.
"""

import argparse
import contextlib
import json
import pathlib
import socket
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness
import sample_server

import nginx

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = (1, 32, 64)
QUESTIONS = 200
ANSWER_BYTES = 2048
OURS, USUAL, TUNED, BARE = "liquid serve", "nginx proxy_cache", "nginx proxy_cache, tuned", "bare epoll"


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="per server, round and load")
    parser.add_argument("--only-ours", action="store_true", help="no rivals: for profiling")
    return parser.parse_args()


def raw_reply(port, body):
    """The exact bytes of one hit, head and all."""
    head = (f"POST /search HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + body.encode())
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += connection.recv(65536)
        end_of_head = reply.index(b"\r\n\r\n") + 4
        lengths = [line.split(b":")[1] for line in reply[:end_of_head].split(b"\r\n")
                   if line.lower().startswith(b"content-length:")]
        while len(reply) < end_of_head + int(lengths[0]):
            reply += connection.recv(65536)
    return reply


def start_servers(stack, folder, only_ours):
    """Name → Server, every one of them with the answers already in its cache."""
    questions = [sample_server.question(number) for number in range(QUESTIONS)]
    (folder / "one.json").write_text(questions[0])
    (folder / "many.jsonl").write_text("\n".join(questions) + "\n")
    index = sample_server.index_with_answers_of(ANSWER_BYTES, folder)
    ours = stack.enter_context(sample_server.serve(index, folder / "liquid.log"))
    for question in questions:
        answer = sample_server.expect_hit(ours.port, question)
    answer = sample_server.expect_hit(ours.port, questions[0])
    servers = {OURS: ours}
    if only_ours:
        return servers, len(answer), None
    upstream = nginx.Upstream(answer)
    for name, settings in ((USUAL, nginx.USUAL), (TUNED, nginx.TUNED)):
        server = nginx.start(folder / name.replace(" ", "-"), upstream.port, settings)
        servers[name] = stack.enter_context(server)
        for question in questions:
            sample_server.expect_hit(server.port, question)
    (folder / "reply").write_bytes(raw_reply(ours.port, questions[0]))
    port = harness.free_port()
    bare = harness.Server([harness.program("bench/epoll_server", "bench/http_hit/epoll_server"),
                           port, folder / "reply"], port, folder / "epoll.log")
    servers[BARE] = stack.enter_context(bare)
    return servers, len(answer), upstream


def load(server, connections, seconds, script, argument):
    """One wrk run; the figures of the table for this server and load."""
    cpu_before = server.cpu_seconds()
    finished = harness.run_pinned(harness.CLIENT_CORE, [
        harness.wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "-s", HERE / script,
        f"http://127.0.0.1:{server.port}/search", "--", argument])
    cpu = server.cpu_seconds() - cpu_before
    seen = json.loads(finished.output.splitlines()[-1])
    if seen["failed"]:
        harness.fail(f"{seen['failed']} of {seen['requests']} requests failed:\n{finished.output}")
    return {
        "per_second": seen["requests"] / seen["seconds"],
        "p50_ms": seen["p50_ms"],
        "p99_ms": seen["p99_ms"],
        "cpu_us": cpu / seen["requests"] * 1e6,
        "server_core": cpu / seen["seconds"],
        "wrk_core": finished.cpu / finished.wall,
    }


def measure(servers, folder, rounds, seconds):
    """(name, load) → one dictionary of figures per round."""
    loads = {f"{count}": (count, "post.lua", folder / "one.json") for count in CONNECTIONS}
    loads[f"64, {QUESTIONS} questions"] = (64, "many.lua", folder / "many.jsonl")
    samples = {}
    for turn in range(rounds):
        names = list(servers)
        if turn % 2:
            names.reverse()
        for label, (connections, script, argument) in loads.items():
            for name in names:
                if name == BARE and script == "many.lua":
                    continue  # It cannot tell questions apart.
                sample = load(servers[name], connections, seconds, script, argument)
                samples.setdefault((name, label), []).append(sample)
    return samples


def ratio(samples, name, rival, label, figure):
    """Median over the rounds of name's figure divided by the rival's in the same round."""
    pairs = zip(samples[name, label], samples[rival, label])
    return statistics.median(mine[figure] / theirs[figure] for mine, theirs in pairs)


def limit_of(middle, label):
    """What kept the figure from being higher."""
    if middle["server_core"] >= 0.95:
        return "server"
    if middle["wrk_core"] >= 0.95:
        return "wrk"
    return "waiting" if label == "1" else "other programs"


def figures_table(samples):
    rows = []
    for (name, label), rounds in samples.items():
        middle = harness.median_by_key(rounds)
        rows.append([name, label, middle["per_second"], middle["p50_ms"], middle["p99_ms"],
                     middle["cpu_us"], f"{middle['server_core']:.0%}", f"{middle['wrk_core']:.0%}",
                     limit_of(middle, label)])
    rows.sort(key=lambda row: (len(row[1]), row[1]))
    return harness.table("", ["server", "connections", "req/s", "p50 ms", "p99 ms",
                              "server CPU µs/request", "server core", "wrk core", "limit"], rows)


def ratio_table(samples):
    rows = []
    for rival in (USUAL, TUNED, BARE):
        for label in dict.fromkeys(label for name, label in samples if name == rival):
            rows.append([f"{OURS} / {rival}", label,
                         ratio(samples, OURS, rival, label, "per_second"),
                         1 / ratio(samples, OURS, rival, label, "cpu_us")])
    return harness.table("Ratios, above 1 = ours is ahead", ["", "connections", "req/s",
                                                             "requests per CPU second"], rows)


def goals(samples):
    middle = harness.median_by_key(samples[OURS, "64"])
    nginx_ratio = ratio(samples, OURS, USUAL, "64", "per_second")
    bare_ratio = 1 / ratio(samples, OURS, BARE, "64", "cpu_us")
    return [
        harness.goal("≥ 1.8 × nginx proxy_cache, req/s at 64", nginx_ratio, nginx_ratio >= 1.8),
        harness.goal("≥ 0.85 × bare epoll per CPU second at 64", bare_ratio, bare_ratio >= 0.85),
        harness.goal("p50 ≤ 0.5 ms at 64", middle["p50_ms"], middle["p50_ms"] <= 0.5),
        harness.goal("p99 ≤ 2 ms at 64", middle["p99_ms"], middle["p99_ms"] <= 2),
    ]


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        servers, answer_bytes, upstream = start_servers(stack, folder, chosen.only_ours)
        samples = measure(servers, folder, chosen.rounds, chosen.seconds)
        if upstream and upstream.asked != 2 * QUESTIONS:
            harness.fail(f"nginx asked its upstream {upstream.asked} times, not {2 * QUESTIONS}")
        reply_bytes = (folder / "reply").stat().st_size if upstream else None
    if chosen.only_ours:
        print(json.dumps(figures_table(samples), indent=1))
        return
    harness.write_result(
        "http_hit",
        {"answer bytes": answer_bytes, "with head": reply_bytes, "rounds": chosen.rounds,
         "seconds each": chosen.seconds, "access logs": "off everywhere"},
        [figures_table(samples), ratio_table(samples)], goals(samples),
        raw={f"{name} @ {label}": rounds for (name, label), rounds in samples.items()})


if __name__ == "__main__":
    main()
