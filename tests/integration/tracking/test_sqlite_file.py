"""A tracking file that C++ made is one that Python's MLflow would have made: the same schema, nothing to
migrate, and both may write it at the same time. tracking_store_suite does the writing on the C++ side."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow import MlflowClient  # noqa: E402  (after the check above)
from mlflow.entities import Metric  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
BATCHES = 30
POINTS = 50


@pytest.fixture(scope="module")
def suite():
    """suite(file): the program with its arguments, for a file; skips where it is not built."""
    build = Path(os.environ.get("LIQUID_TEST_BUILD", ROOT / "build/dev"))
    path = (build / "src/tracking/client/tracking_store_suite").resolve()
    if not path.is_file():
        pytest.skip(f"{path} is not built")

    def start(file, *arguments):
        return subprocess.Popen([path, "--gtest_brief=1", "--gtest_filter=RunCase.*", *arguments],
                                cwd=file.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True,
                                env={**os.environ, "LIQUID_STORE_URI": f"sqlite:///{file}"})

    return start


@pytest.fixture(scope="module")
def made_by_cpp(suite, tmp_path_factory):
    file = tmp_path_factory.mktemp("cpp") / "mlflow.db"
    ended(suite(file))
    return file


def ended(process):
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 0, output[-6000:]


def query(file, sql):
    connection = sqlite3.connect(file)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def schema(file):
    """By name, and each statement's lines sorted: the order in which MLflow makes a table's indexes, and
    writes its constraints, differs from one of its files to the next."""
    return [(*row[:3], sorted(line.strip().rstrip(",") for line in row[3].splitlines()))
            for row in query(file, "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL "
                                   "ORDER BY type, name")]


def test_schema_is_pythons(made_by_cpp, fresh_database):
    assert schema(made_by_cpp) == schema(fresh_database)
    stamp = "SELECT version_num FROM alembic_version"
    assert query(made_by_cpp, stamp) == query(fresh_database, stamp)
    workspaces = "SELECT * FROM workspaces"
    assert query(made_by_cpp, workspaces) == query(fresh_database, workspaces)


def test_upgrade_changes_nothing(made_by_cpp):
    before = schema(made_by_cpp)
    done = subprocess.run([sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{made_by_cpp}"],
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Running upgrade" not in done.stderr
    assert schema(made_by_cpp) == before
    assert query(made_by_cpp, "PRAGMA integrity_check") == [("ok",)]


def test_both_write_at_the_same_time(made_by_cpp, suite):
    client = MlflowClient(f"sqlite:///{made_by_cpp}")
    run = client.create_run("0").info.run_id
    runs_before = query(made_by_cpp, "SELECT count(*) FROM runs")[0][0]
    cpp = suite(made_by_cpp, "--gtest_repeat=5")
    for batch in range(BATCHES):
        steps = range(batch * POINTS, (batch + 1) * POINTS)
        client.log_batch(run, metrics=[Metric("loss", 1.0 / (1 + s), 1000 + s, s) for s in steps])
    ended(cpp)
    history = client.get_metric_history(run, "loss")
    assert [m.step for m in history] == list(range(BATCHES * POINTS))
    assert query(made_by_cpp, "SELECT count(*) FROM runs")[0][0] > runs_before
    assert query(made_by_cpp, "PRAGMA integrity_check") == [("ok",)]
    assert query(made_by_cpp, "PRAGMA foreign_key_check") == []
