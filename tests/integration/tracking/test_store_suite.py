"""The cases that every store must pass (tracking_store_suite; ctest runs them over a new tracking file),
here over a real MLflow server and over a file that Python made."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def suite():
    """Of the dev build or of the one LIQUID_TEST_BUILD names; skips where it is not built."""
    build = Path(os.environ.get("LIQUID_TEST_BUILD", ROOT / "build/dev"))
    path = build / "src/tracking/client/tracking_store_suite"
    if not path.is_file():
        pytest.skip(f"{path} is not built")

    def run(uri):
        return subprocess.run([path, "--gtest_brief=1"], capture_output=True, text=True, timeout=110,
                              env={**os.environ, "LIQUID_STORE_URI": uri}, check=False)

    return run


def test_passes_over_a_server(suite, mlflow_server):
    done = suite(mlflow_server.url)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]


def test_passes_over_a_file_that_python_made(suite, fresh_database):
    done = suite(f"sqlite:///{fresh_database}")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
