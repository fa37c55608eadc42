"""Fixtures: the real MLflow of this environment: a server on a free port, fresh databases, its client.

The server starts once for all tests (10 to 20 seconds), so every test works in experiments and models of
its own: `fresh_name("word")` makes names nobody else has.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.recorded_training import record_training

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
os.environ.update(QUIET)  # before anything here imports mlflow

START_SECONDS = 90

MAKE_TEMPLATE = """
import sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
SqlAlchemyStore("sqlite:///" + sys.argv[1], "mlflow-artifacts:/")
"""


def mlflow_environment(more=None):
    """Of a process that is MLflow's: without variables of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return {**clean, **QUIET, **(more or {})}


@pytest.fixture(scope="session")
def template_database(root):
    """A database as `mlflow server` makes it, kept from one test run to the next."""
    version = subprocess.run(
        [sys.executable, "-c", "from importlib.metadata import version; print(version('mlflow'))"],
        capture_output=True, text=True, check=True).stdout.strip()
    folder = root / "build" / "tracking"
    folder.mkdir(parents=True, exist_ok=True)
    template = folder / f"mlflow-{version}.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            unfinished = folder / f"unfinished-{uuid.uuid4().hex}.db"
            subprocess.run([sys.executable, "-c", MAKE_TEMPLATE, str(unfinished)], check=True,
                           capture_output=True, env=mlflow_environment(), timeout=120)
            unfinished.rename(template)
    return template


@pytest.fixture
def fresh_database(template_database, tmp_path):
    """Path of an empty database that MLflow made."""
    return Path(shutil.copy(template_database, tmp_path / "mlflow.db"))


class MlflowServer:
    """`mlflow server` with its own database, artifact folder and log."""

    def __init__(self, folder, template, arguments=(), environment=None, workers=1, database=None):
        self.folder = folder
        self.database = database or shutil.copy(template, folder / "mlflow.db")
        self.artifacts = folder / "artifacts"
        self.log_file = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "mlflow", "server", "--workers", str(workers),
                   "--host", "127.0.0.1", "--port", str(self.port),
                   "--backend-store-uri", f"sqlite:///{self.database}",
                   "--artifacts-destination", str(self.artifacts), *arguments]
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log,
                                            start_new_session=True, preexec_fn=die_with_parent,
                                            env=mlflow_environment(environment))
        self._wait()

    def log(self):
        return self.log_file.read_text(errors="replace")

    def _healthy(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _wait(self):
        limit = time.monotonic() + START_SECONDS
        while not self._healthy():
            ended = self.process.poll() is not None
            if ended or time.monotonic() > limit:
                self.stop()
                raise AssertionError(f"mlflow server {'ended' if ended else 'is silent'}:\n{self.log()}")
            time.sleep(0.1)

    def stop(self):
        """Ends it and the workers it started: they are one session."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, sign)
            except ProcessLookupError:
                break
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                continue
            if sign == signal.SIGTERM:
                time.sleep(0.1)  # workers that are still leaving get SIGKILL then
        self.process.wait(15)


def die_with_parent():
    """A test run that is killed (by its time limit, say) leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def start_mlflow(template_database, tmp_path_factory):
    """start_mlflow(arguments=(), environment=None, workers=1, database=None): a server of the caller's own,
    over a new database unless he has one; all end with the session."""
    started = []

    def start(**choices):
        folder = tmp_path_factory.mktemp("mlflow_server")
        started.append(MlflowServer(folder, template_database, **choices))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def mlflow_server(start_mlflow):
    """The server all tests share: one worker, artifacts proxied into its folder."""
    return start_mlflow()


@pytest.fixture(scope="session")
def recorded_training(liquid_bin, root, tmp_path_factory):
    """A tracking file that our programs have written (support/recorded_training.py)."""
    return record_training(liquid_bin, mlflow_environment, tmp_path_factory.mktemp("recorded"),
                           root / "tests/data/lfm2-tiny")


@pytest.fixture(scope="session")
def ui_server(start_mlflow, recorded_training):
    """MLflow's server, and with it the UI, over that file."""
    return start_mlflow(database=recorded_training.database)


@contextmanager
def tracking_at(uri):
    import mlflow
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    try:
        yield mlflow
    finally:
        mlflow.set_tracking_uri(before)


@pytest.fixture
def mlflow_at():
    """with mlflow_at(uri) as mlflow: … - Python's MLflow with its tracking URI set for a while."""
    return tracking_at


@pytest.fixture(scope="session")
def client(mlflow_server):
    """Python's MlflowClient of the shared server."""
    from mlflow import MlflowClient
    return MlflowClient(tracking_uri=mlflow_server.url)


@pytest.fixture(scope="session")
def fresh_name():
    """fresh_name("word") → "word-1f0c2a9b": for experiments and models of one test."""
    return lambda word: f"{word}-{uuid.uuid4().hex[:8]}"
