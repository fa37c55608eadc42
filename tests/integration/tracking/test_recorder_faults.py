"""A recording program, killed again and again, behind a proxy that fails: every point arrives once.

LIQUID_FAULT_POINTS=100000 LIQUID_FAULT_FAULTS=200 LIQUID_FAULT_KILLS=20 make it as large as the promise.
"""

import os
import random
import sqlite3
import subprocess
from pathlib import Path

import pytest

from support.fault_proxy import FaultProxy

POINTS = int(os.environ.get("LIQUID_FAULT_POINTS", 20_000))
FAULTS = int(os.environ.get("LIQUID_FAULT_FAULTS", 60))
KILLS = int(os.environ.get("LIQUID_FAULT_KILLS", 8))
SEED = int(os.environ.get("LIQUID_FAULT_SEED", 1))


@pytest.fixture
def recorder_probe(liquid_bin):
    path = Path(liquid_bin).parents[1] / "tracking" / "recorder" / "recorder_probe"
    path = Path(os.environ.get("RECORDER_PROBE", path))
    assert path.is_file(), f"{path} is not built (make build)"
    return str(path)


def stored_points(database):
    """step → how many rows, over all active runs of the experiment; and those runs' states."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        runs = connection.execute(
            "SELECT r.run_uuid, r.status FROM runs r JOIN experiments e USING (experiment_id) "
            "WHERE e.name = 'probe' AND r.lifecycle_stage = 'active'").fetchall()
        points = {}
        for run, _ in runs:
            for step, value in connection.execute(
                    "SELECT step, value FROM metrics WHERE run_uuid = ? AND key = 'p'", (run,)):
                assert value == step
                points[step] = points.get(step, 0) + 1
        journals = connection.execute(
            "SELECT count(DISTINCT t.value) FROM tags t JOIN runs r USING (run_uuid) "
            "WHERE t.key = 'liquid.journal_id' AND r.lifecycle_stage = 'active'").fetchone()[0]
    return points, [status for _, status in runs], journals


@pytest.mark.timeout(900)
def test_every_point_is_there_once_after_faults_and_kills(start_mlflow, recorder_probe, tmp_path):
    server = start_mlflow()
    chance = random.Random(SEED)
    with FaultProxy(server.port, SEED, FAULTS) as proxy:
        rate = POINTS / (KILLS * 0.6)  # so that the points last for most of the lives
        command = [recorder_probe, proxy.url, str(tmp_path / "journal"), str(tmp_path / "checkpoint"),
                   str(POINTS), str(rate)]
        for _ in range(KILLS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                process.wait(chance.uniform(0.1, 1.5))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for _ in range(5):
            last = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            if last.returncode == 0:
                break
        assert last.returncode == 0, last.stderr[-4000:]
        happened = proxy.done
    points, states, journals = stored_points(server.database)
    missing = [step for step in range(POINTS) if points.get(step) != 1]
    assert not missing, f"{len(missing)} steps not there exactly once, first {missing[:10]}; {happened}"
    assert len(points) == POINTS
    assert set(states) <= {"FINISHED", "KILLED"} and "FINISHED" in states
    assert journals == len(states), "one run per journal"
    assert sum(happened.values()) > FAULTS // 3, happened
