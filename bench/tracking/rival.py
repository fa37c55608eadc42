"""The workloads of tracking_bench.cpp with Python's MLflow; prints one JSON object."""

import json
import os
import statistics
import sys
import time

os.environ.update({"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"})

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric  # noqa: E402


def calls(client, count):
    mlflow.set_experiment("calls")
    with mlflow.start_run():
        mlflow.log_metric("warm_up", 0.0, step=0)
        times = []
        for step in range(count):
            begin = time.perf_counter()
            mlflow.log_metric("train/loss", 1.0 / (step + 1), step=step)
            times.append(time.perf_counter() - begin)
    times.sort()
    return {"calls": count, "mean_ns": statistics.mean(times) * 1e9,
            "p50_ns": statistics.median(times) * 1e9, "p99_ns": times[int(0.99 * (count - 1))] * 1e9}


def bulk(client, runs, steps, keys):
    experiment = client.create_experiment("bulk python")
    begin, cpu_before = time.perf_counter(), time.process_time()
    for number in range(runs):
        run = client.create_run(experiment)
        points = [Metric(f"metric_{key}", number + step * 0.001, 1_700_000_000_000 + number * steps + step,
                         step)
                  for step in range(steps) for key in range(keys)]
        for at in range(0, len(points), 1000):  # the most it takes at once
            client.log_batch(run.info.run_id, metrics=points[at:at + 1000])
    seconds = time.perf_counter() - begin
    cpu = time.process_time() - cpu_before
    points = runs * steps * keys
    return {"points": points, "seconds": seconds, "us_per_point": seconds * 1e6 / points,
            "cpu_us": cpu * 1e6 / points}


def repeat(repeats, work):
    wall, found = [], 0
    cpu_before = time.process_time()
    for _ in range(repeats):
        begin = time.perf_counter()
        found = len(work())
        wall.append((time.perf_counter() - begin) * 1e3)
    return {"found": found, "wall_ms": statistics.median(wall),
            "cpu_ms": (time.process_time() - cpu_before) * 1e3 / repeats}


def search(client, repeats):
    experiment = client.get_experiment_by_name("search").experiment_id
    work = lambda: client.search_runs(  # noqa: E731
        [experiment], "metrics.m0 < 0.5 and params.p1 != '3'", max_results=100,
        order_by=["metrics.m1 ASC"])
    work()
    return repeat(repeats, work)


def history(client, repeats):
    experiment = client.get_experiment_by_name("search").experiment_id
    run = client.search_runs([experiment], "metrics.curve >= 0")[0].info.run_id
    client.get_metric_history(run, "curve")
    return repeat(repeats, lambda: client.get_metric_history(run, "curve"))


def main():
    work, file, *numbers = sys.argv[1:]
    uri = "sqlite:///" + os.path.abspath(file)
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    client.search_experiments()  # makes the database
    workloads = {"calls": calls, "bulk": bulk, "search": search, "history": history}
    print(json.dumps(workloads[work](client, *map(int, numbers))))


if __name__ == "__main__":
    main()
