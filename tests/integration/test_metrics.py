"""Counters right to the unit, in both forms (section 2, row 13)."""

import re
import sqlite3
import time

import pytest

QUESTION = "How high is Mount Aria?"

BOTH_LAYOUTS = {
    "total_requests", "total_errors", "error_rate", "cache_hits", "cache_misses", "cache_hit_rate",
    "avg_response_time_ms", "min_response_time_ms", "max_response_time_ms", "uptime_seconds",
    "response_times_ms", "requests_per_second",
}


@pytest.fixture
def server(start_server):
    return start_server(rate_limit="20/3600")


def test_one_miss_and_three_hits_are_75_per_cent(server):
    """The documented example, which the old servers could not produce."""
    for _ in range(4):
        server.ask(QUESTION)
    metrics = server.metrics()
    assert (metrics["cache_misses"], metrics["cache_hits"]) == (1, 3)
    assert metrics["cache_hit_rate"] == 75.0
    assert metrics["total_requests"] == 4
    assert metrics["total_errors"] == 0
    assert metrics["error_rate"] == 0.0


def test_every_name_of_both_layouts_is_there(server):
    server.ask(QUESTION)
    metrics = server.metrics()
    assert set(metrics) >= BOTH_LAYOUTS
    assert set(metrics["response_times_ms"]) >= {"avg", "min", "max", "p50", "p95", "p99"}
    times = metrics["response_times_ms"]
    assert 0 < times["min"] <= times["p50"] <= times["p95"] <= times["p99"] <= times["max"]


def test_counts_after_a_mixture(server):
    """2 misses, 3 hits, 1 bypass, 2 refused bodies, 1 unknown path; then the limit of 20."""
    server.ask(QUESTION)
    server.search("Aria")
    for _ in range(3):
        server.ask(QUESTION)
    server.ask(QUESTION, headers={"Cache-Control": "no-store"})
    server.post("/ask", b"[]")
    server.post("/search", {"query": 5})
    server.get("/nothing")
    metrics = server.metrics()
    assert metrics["total_requests"] == 9
    assert metrics["total_errors"] == 3
    assert metrics["error_rate"] == pytest.approx(100 * 3 / 9, abs=0.01)
    assert (metrics["cache_hits"], metrics["cache_misses"]) == (3, 2)
    assert metrics["cache_hit_rate"] == pytest.approx(60.0, abs=0.01)
    refused = 0
    for _ in range(30):
        refused += server.ask(QUESTION).status == 429
    assert refused == 19  # nine of the twenty are used up
    metrics = server.metrics()
    assert metrics["total_requests"] == 9 + 30
    assert metrics["cache_hits"] == 3 + 11
    assert metrics["total_errors"] == 3 + 19


def samples(text):
    """{'name{labels}': value} of a Prometheus text."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def prometheus(server):
    reply = server.get("/metrics?format=prometheus")
    assert reply.status == 200
    assert reply.header("Content-Type").startswith("text/plain; version=0.0.4")
    return reply.body.decode()


def test_prometheus_is_chosen_by_accept_or_query(server):
    by_accept = server.get("/metrics", headers={"Accept": "text/plain;version=0.0.4;q=0.9,*/*;q=0.1"})
    assert by_accept.header("Content-Type").startswith("text/plain")
    scraper = ("application/openmetrics-text;version=1.0.0;q=0.5,"
               "text/plain;version=0.0.4;q=0.4,*/*;q=0.1")
    assert server.get("/metrics", headers={"Accept": scraper}).header("Content-Type").startswith(
        "text/plain")
    assert "# TYPE" in prometheus(server)
    for accept in ("application/json", "*/*"):
        assert server.get("/metrics", headers={"Accept": accept}).header(
            "Content-Type") == "application/json"


def test_prometheus_and_json_agree(server):
    for _ in range(4):
        server.ask(QUESTION)
    server.post("/ask", b"[]")
    values = samples(prometheus(server))

    def total(prefix):
        return sum(value for name, value in values.items() if re.match(prefix + r"(\{|$)", name))

    json_form = server.metrics()
    assert total("liquid_http_requests_total") == json_form["total_requests"] == 5
    assert total("liquid_http_request_duration_seconds_count") == 5
    by_outcome = {name: value for name, value in values.items()
                  if name.startswith("liquid_cache_requests_total")}
    assert sum(v for n, v in by_outcome.items() if 'outcome="hit"' in n) == json_form["cache_hits"] == 3
    assert sum(v for n, v in by_outcome.items() if 'outcome="miss"' in n) == 1


def test_the_text_is_well_formed(server):
    """Every sample has a family with help and type; histograms are cumulative and end at +Inf."""
    server.ask(QUESTION)
    text = prometheus(server)
    assert text.endswith("\n")
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    assert set(types) == set(helps)
    for sample in samples(text):
        name = sample.split("{")[0]
        family = name if name in types else re.sub(r"_(bucket|sum|count)$", "", name)
        assert family in types, sample
    for family, kind in types.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", family)
        assert (kind == "counter") == family.endswith("_total"), family
        if kind == "histogram":
            check_histogram(family, samples(text))


def check_histogram(family, values):
    series = {}
    for name, value in values.items():
        found = re.fullmatch(family + r'_bucket\{(.*?),?le="([^"]+)"\}', name)
        if found:
            series.setdefault(found.group(1), []).append((float(found.group(2)), value))
    assert series, family
    for labels, buckets in series.items():
        assert [bound for bound, _ in buckets] == sorted(bound for bound, _ in buckets)
        counts = [count for _, count in buckets]
        assert counts == sorted(counts)
        assert buckets[-1][0] == float("inf")
        assert counts[-1] == values[f"{family}_count" + (f"{{{labels}}}" if labels else "")]


def test_the_names_are_the_golden_list(server, root):
    """Removing or renaming a metric breaks somebody's dashboard: change the list on purpose."""
    server.ask(QUESTION)
    server.post("/ask", b"[]")
    found = sorted(f"{name} {kind}" for name, kind in
                   re.findall(r"^# TYPE (\S+) (\S+)$", prometheus(server), re.M))
    golden = (root / "tests/integration/golden/prometheus_metrics.txt").read_text().split("\n")
    assert found == [line for line in golden if line]


def test_labels_cannot_be_multiplied_by_a_caller(server):
    """A path or method from outside must not become a new time series each."""
    for i in range(5):
        server.get(f"/unknown-{i}")
        server.request(f"VERB{i}", "/ask")
    text = prometheus(server)
    assert "unknown-" not in text and "VERB" not in text


def test_reset_starts_again_at_zero(server):
    server.ask(QUESTION)
    server.ask(QUESTION)
    reply = server.post("/metrics/reset")
    assert reply.status == 200
    assert reply.json()["status"] == "metrics reset"
    assert reply.json()["timestamp"] > 1.7e9
    metrics = server.metrics()
    assert (metrics["cache_hits"], metrics["cache_misses"], metrics["total_errors"]) == (0, 0, 0)
    assert metrics["total_requests"] <= 1  # the reset itself may count
    assert server.ask(QUESTION).cache == "HIT"


def test_asking_for_the_metrics_changes_no_count(server):
    before = server.metrics()["total_requests"]
    for _ in range(5):
        server.metrics()
        server.get("/health")
        server.get("/status")
    assert server.metrics()["total_requests"] == before


def test_counts_are_right_after_parallel_requests(start_server):
    from concurrent.futures import ThreadPoolExecutor
    server = start_server()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda i: server.search(f"Aria {i % 10}"), range(400)))
    metrics = server.metrics()
    assert metrics["total_requests"] == 400
    assert metrics["cache_hits"] + metrics["cache_misses"] == 400
    assert metrics["cache_misses"] >= 10


TRAINING = ("best_model_loss", "total_experiments", "training_hours")


def figures_once_known(server):
    """Of the store; read in the background, so the first scrapes may come before them."""
    limit = time.monotonic() + 20
    while True:
        metrics = server.metrics()
        figures = {name: metrics[name] for name in TRAINING}
        if figures["total_experiments"] is not None or time.monotonic() > limit:
            return figures
        time.sleep(0.05)


def add_run(database, number, loss, hours):
    run = f"{number:032x}"
    start = 1_700_000_000_000
    database.execute(
        "INSERT INTO runs(run_uuid, name, status, start_time, end_time, experiment_id, lifecycle_stage,"
        " source_type, user_id) SELECT ?, 'r', 'FINISHED', ?, ?, experiment_id, 'active', 'UNKNOWN', 'u'"
        " FROM experiments WHERE name = 'tuning'", (run, start, start + int(hours * 3_600_000)))
    for table in ("metrics", "latest_metrics"):
        database.execute(
            f"INSERT INTO {table}(key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES ('final_train_loss', ?, ?, ?, 1, 0)", (loss, start, run))


def test_figures_of_training_come_from_the_store(start_server, run_liquid, tmp_path):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    made = run_liquid("experiments", "create", "tuning", "--tracking-uri", uri, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        add_run(database, 1, 1.5, 0.5)
        add_run(database, 2, 0.625, 1.0)
    server = start_server(tracking_uri=uri, tracking_experiment="tuning")
    assert figures_once_known(server) == {
        "best_model_loss": 0.625, "total_experiments": 2, "training_hours": pytest.approx(1.5)}


def test_without_a_store_the_figures_of_training_are_null(start_server, tmp_path):
    server = start_server(tracking_uri=f"sqlite:///{tmp_path / 'absent.db'}")
    server.ask(QUESTION)
    metrics = server.metrics()
    assert {name: metrics[name] for name in TRAINING} == dict.fromkeys(TRAINING)
    assert not (tmp_path / "absent.db").exists()
