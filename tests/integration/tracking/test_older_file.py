"""A tracking file that MLflow 3.12.0 made: our store works on it as on a new one and leaves its revision alone,
and the newer MLflow's upgrade finds everything that we wrote."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow import MlflowClient  # noqa: E402  (after the check above)

from conftest import mlflow_environment  # noqa: E402
from support.recorded_training import EXPERIMENT, MODEL, STEPS, record_training  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
REVISION = "7d34483879f0"


def make_file(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((ROOT / "tests/data/mlflow/database-3.12.0.sql").read_text())
    return path


def schema(path):
    with closing(sqlite3.connect(path)) as connection:
        return (connection.execute("SELECT version_num FROM alembic_version").fetchall(),
                connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())


@pytest.fixture(scope="module")
def recorded(liquid_bin, tmp_path_factory):
    """Trainings in such a file; its schema is as it was."""
    folder = tmp_path_factory.mktemp("older")
    before = schema(make_file(folder / "mlflow.db"))
    training = record_training(liquid_bin, mlflow_environment, folder, ROOT / "tests/data/lfm2-tiny")
    assert schema(training.database) == before
    assert before[0] == [(REVISION,)]
    return training


def test_every_store_case_passes(tmp_path):
    build = Path(os.environ.get("LIQUID_TEST_BUILD", ROOT / "build/dev"))
    suite = build / "src/tracking/client/tracking_store_suite"
    if not suite.is_file():
        pytest.skip(f"{suite} is not built")
    file = make_file(tmp_path / "mlflow.db")
    done = subprocess.run([suite, "--gtest_brief=1"], capture_output=True, text=True, timeout=110, check=False,
                          env={**os.environ, "LIQUID_STORE_URI": f"sqlite:///{file}"})
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    assert schema(file)[0] == [(REVISION,)]


def test_python_finds_everything_after_its_upgrade(recorded):
    done = subprocess.run([sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{recorded.database}"],
                          capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert schema(recorded.database)[0] != [(REVISION,)]
    client = MlflowClient(f"sqlite:///{recorded.database}")
    assert client.get_experiment_by_name(EXPERIMENT).experiment_id == recorded.experiment_id
    for run_id in recorded.runs.values():
        run = client.get_run(run_id)
        if run.data.params:  # of the trainings
            assert run.info.status == "FINISHED" and run.data.params["lora_r"] == "16"
            history = client.get_metric_history(run_id, "train_loss")
            assert [point.step for point in history] == list(range(STEPS))
            assert {item.dataset.name for item in run.inputs.dataset_inputs} == {"chats", "questions"}
    version = client.get_model_version_by_alias(MODEL, "champion")
    assert (int(version.version), version.run_id) == (2, recorded.runs["bold"])
    model = client.get_logged_model(recorded.models["bold"]["model_id"])
    assert (model.name, model.status, model.params["lora_r"]) == ("final_model", "READY", "16")


def test_we_read_the_upgraded_file(recorded, run_liquid):
    done = run_liquid("runs", "list", "--experiment-name", EXPERIMENT, "--tracking-uri",
                      f"sqlite:///{recorded.database}")
    assert done.returncode == 0, done.stderr
    assert "careful" in done.stdout and "bold" in done.stdout
