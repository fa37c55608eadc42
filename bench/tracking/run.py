"""Experiment tracking into SQLite, ours against Python's MLflow. Method: bench/README.md."""

import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("LIQUID_PEERS", harness.DEPS / "peers"))
CALLS = 200_000
PYTHON_CALLS = 300
BULK = (100, 1000, 20)
PYTHON_BULK = (5, 1000, 20)  # the same runs, a twentieth of them: it takes long
RUNS = 1000
REPEATS = 20
PYTHON_REPEATS = 5


def ours(*arguments):
    # Both cores: the recorder's threads run beside the loop, as they do in life.
    program = harness.program("bench/tracking/liquid_tracking_bench")
    return json.loads(harness.run_pinned(f"{harness.SERVER_CORE},{harness.CLIENT_CORE}",
                                         [program, *map(str, arguments)]).output)


def python(*arguments):
    command = [PEERS / "bin/python", HERE / "rival.py", *map(str, arguments)]
    done = harness.run_pinned(f"{harness.SERVER_CORE},{harness.CLIENT_CORE}", command, timeout=1200)
    return json.loads(done.output.strip().splitlines()[-1])


def measure(folder):
    result = {"calls": {"ours": ours("calls", folder / "calls.db", CALLS),
                        "python": python("calls", folder / "calls_python.db", PYTHON_CALLS)},
              "bulk": {"ours": ours("bulk", folder / "bulk.db", *BULK),
                       "python": python("bulk", folder / "bulk_python.db", *PYTHON_BULK)}}
    ours("fill", folder / "search.db", RUNS)
    for name in ("search", "history"):
        result[name] = {"ours": ours(name, folder / "search.db", REPEATS),
                        "python": python(name, folder / "search.db", PYTHON_REPEATS)}
        if result[name]["ours"]["found"] != result[name]["python"]["found"]:
            harness.fail(f"{name}: the two found different numbers of things: {result[name]}")
    return result


def row(title, unit, mine, theirs):
    return [f"{title}, {unit}", mine, theirs, theirs / mine]


def main():
    with tempfile.TemporaryDirectory(prefix="liquid_tracking_bench") as folder:
        result = measure(pathlib.Path(folder))
    calls, bulk = result["calls"], result["bulk"]
    search, history = result["search"], result["history"]
    rows = [row("log_metric, mean", "µs", calls["ours"]["mean_ns"] / 1e3, calls["python"]["mean_ns"] / 1e3),
            row("log_metric, p99", "µs", calls["ours"]["p99_ns"] / 1e3, calls["python"]["p99_ns"] / 1e3),
            row("recording curves, per point", "µs", bulk["ours"]["us_per_point"],
                bulk["python"]["us_per_point"]),
            row("the same, CPU per point", "µs", bulk["ours"]["cpu_us"], bulk["python"]["cpu_us"]),
            row("search, CPU", "ms", search["ours"]["cpu_ms"], search["python"]["cpu_ms"]),
            row("history of 10 000 points, CPU", "ms", history["ours"]["cpu_ms"],
                history["python"]["cpu_ms"])]
    goals = [harness.goal("log_metric under 1 µs, p99", calls["ours"]["p99_ns"] / 1e3,
                          calls["ours"]["p99_ns"] < 1000)]
    for at, name, least in ((0, "log_metric", 1000), (2, "recording curves", 50), (4, "search", 50),
                            (5, "history", 50)):
        goals.append(harness.goal(f"{name} ≥ {least} × cheaper than Python", rows[at][3],
                                  rows[at][3] >= least))
    harness.write_result(
        "tracking", {"rival": "mlflow 3.17.2", "runs searched": RUNS,
                     "curves": " × ".join(map(str, BULK)),
                     "Python's curves": " × ".join(map(str, PYTHON_BULK))},
        [harness.table("", ["what", "liquid", "Python", "ratio"], rows)], goals,
        notes=[f"{CALLS:,} calls were in the database "
               f"{calls['ours']['until_delivered_s']:.2f} s after the first."], raw=result)


if __name__ == "__main__":
    main()
