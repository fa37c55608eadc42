"""`liquid runs recover` and `reap` over what a recording program left that was killed: each point arrives
once, what cannot be read is named, and whoever lives is left alone."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
from support.server import clean_environment  # noqa: E402

FOREVER = 10_000_000  # points, at 20 000 a second


@pytest.fixture(scope="session")
def recorder_probe(liquid_bin):
    path = Path(liquid_bin).parents[1] / "tracking" / "recorder" / "recorder_probe"
    path = Path(os.environ.get("RECORDER_PROBE", path))
    assert path.is_file(), f"{path} is not built (make build)"
    return str(path)


class Recording:
    """A recording program, its journal and the database it records into."""

    def __init__(self, folder, probe):
        self.folder = folder
        self.probe = probe
        self.journal = folder / "journal"
        self.database = folder / "store" / "mlflow.db"
        self.uri = f"sqlite:///{self.database}"
        self.process = None

    def start(self, total=FOREVER, rate=20_000):
        command = [self.probe, self.uri, self.journal, self.folder / "checkpoint", total, rate]
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=clean_environment({}))

    def segments(self):
        return sorted(self.journal.glob("*/*.seg"))

    def wait_for_journal(self, size):
        limit = time.monotonic() + 60
        while sum(path.stat().st_size for path in self.segments()) < size:
            assert time.monotonic() < limit and self.process.poll() is None
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def points(self):
        """run → its steps, with repetitions."""
        runs = {}
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            for run, step, value in connection.execute(
                    "SELECT run_uuid, step, value FROM metrics WHERE key = 'p' ORDER BY step"):
                assert step == value
                runs.setdefault(run, []).append(step)
        return runs

    def states(self):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            return dict(connection.execute("SELECT run_uuid, status FROM runs").fetchall())


@pytest.fixture
def recording(tmp_path, recorder_probe):
    made = Recording(tmp_path, recorder_probe)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


@pytest.fixture
def undelivered(recording):
    """Killed while its store could not be reached, so the whole of it is in the journal."""
    store = recording.database.parent
    store.write_text("a file where the folder should be")
    recording.start()
    recording.wait_for_journal(100_000)
    recording.kill()
    store.unlink()
    return recording


@pytest.fixture
def recover(run_liquid, recording):
    def run(*arguments):
        return run_liquid("runs", "recover", "--journal", recording.journal, *arguments, cwd=recording.folder)

    return run


def flip(file, offset):
    content = bytearray(file.read_bytes())
    content[offset] ^= 0x55
    file.write_bytes(bytes(content))


def test_a_killed_program_loses_nothing(recording, recover):
    recording.start()
    recording.wait_for_journal(100_000)
    recording.kill()
    done = recover()
    assert (done.returncode, done.stderr) == (0, "")
    (run, steps), = recording.points().items()
    assert steps == list(range(len(steps))) and len(steps) > 5_000
    assert recording.states() == {run: "KILLED"}
    head, row = done.stdout.splitlines()
    assert head.split() == ["RUN", "OUTCOME", "STATUS", "POINTS", "JOURNAL"]
    assert row.split()[:4] == [run, "delivered", "KILLED", str(len(steps))]
    again = recover()
    assert (again.returncode, again.stdout) == (0, f"nothing to recover in {recording.journal}\n")
    assert recording.points() == {run: steps}


def test_what_was_never_delivered_comes_whole(undelivered, recover):
    done = recover("--json")
    assert (done.returncode, done.stderr) == (0, "")
    (journal,) = json.loads(done.stdout)["journals"]
    (run, steps), = undelivered.points().items()
    assert steps == list(range(len(steps)))
    assert (journal["outcome"], journal["run_id"], journal["status"], journal["points"],
            journal["problem"], journal["damage"]) == ("delivered", run, "KILLED", len(steps), "", [])
    assert json.loads(recover("--json").stdout) == {"journals": []}


def test_a_living_program_is_left_alone(recording, recover, run_liquid):
    recording.start(total=30_000)
    recording.wait_for_journal(1_000)
    done = recover("--json")
    (journal,) = json.loads(done.stdout)["journals"]
    assert (done.returncode, journal["outcome"], journal["status"]) == (0, "in use", "")
    reaped = run_liquid("runs", "reap", "--tracking-uri", recording.uri, "--json")
    assert json.loads(reaped.stdout) == {"runs": []}, reaped.stderr
    assert recording.process.wait(60) == 0
    (run, steps), = recording.points().items()
    assert steps == list(range(30_000)) and recording.states() == {run: "FINISHED"}


def test_damage_is_named_and_the_rest_delivered(undelivered, recover):
    segment = undelivered.segments()[0]
    flip(segment, 50_000)
    damaged = segment.read_bytes()
    done = recover()
    assert done.returncode == 1
    assert f"{segment.name}: " in done.stderr and " cannot be read" in done.stderr
    offset = int(done.stderr.split("bytes from byte ")[1].split()[0])
    size = int(done.stderr.split(f"{segment.name}: ")[1].split()[0])
    assert offset <= 50_000 < offset + size < 60_000
    (run, steps), = undelivered.points().items()
    assert len(steps) == len(set(steps)) and undelivered.states() == {run: "KILLED"}
    missing = set(range(steps[-1] + 1)) - set(steps)
    assert 0 < len(missing) < 1_000 and max(missing) - min(missing) + 1 == len(missing)
    (kept,) = undelivered.journal.glob(f"*.damaged-{segment.name}")
    assert kept.read_bytes() == damaged
    again = recover()
    assert again.returncode == 0 and again.stdout.startswith("nothing to recover")


def test_a_lost_state_costs_nothing(recording, recover):
    recording.start()
    recording.wait_for_journal(100_000)
    recording.kill()
    (state,) = recording.journal.glob("*/state")
    flip(state, 20)
    done = recover("--json")
    (journal,) = json.loads(done.stdout)["journals"]
    assert done.returncode == 1 and journal["outcome"] == "delivered"
    (damage,) = journal["damage"]
    assert damage.startswith("state: ")
    (run, steps), = recording.points().items()
    assert steps == list(range(len(steps))) and recording.states() == {run: "KILLED"}


def test_a_journal_of_nobody_knows_whom_stays(undelivered, recover):
    (plan,) = undelivered.journal.glob("*/run")
    flip(plan, 30)
    before = undelivered.segments()[0].read_bytes()
    for _ in range(2):
        done = recover()
        assert done.returncode == 1
        assert "damaged" in done.stdout and str(plan) in done.stderr
    assert undelivered.segments()[0].read_bytes() == before


def test_a_store_that_is_away_leaves_it_waiting(undelivered, recover):
    store = undelivered.database.parent
    store.write_text("still a file")
    done = recover()
    assert done.returncode == 1 and "waiting" in done.stdout
    assert str(store) in done.stderr and " points wait in this journal" in done.stderr
    store.unlink()
    assert recover().returncode == 0
    (steps,) = undelivered.points().values()
    assert steps == list(range(len(steps)))


def test_reap_ends_runs_whose_process_is_gone(recording, run_liquid):
    recording.start()
    recording.wait_for_journal(100_000)
    limit = time.monotonic() + 60
    while not (recording.database.exists() and recording.points()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    recording.kill()
    (run,) = recording.states()

    def reap(*arguments):
        done = run_liquid("runs", "reap", "--tracking-uri", recording.uri, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    dry = reap("--dry-run")
    assert run in dry and dry.endswith("nothing was changed\n")
    assert recording.states() == {run: "RUNNING"}
    (told,) = json.loads(reap("--json"))["runs"]
    assert (told["run_id"], told["pid"]) == (run, recording.process.pid)
    assert recording.states() == {run: "KILLED"}
    assert reap() == "every running run with a heartbeat is alive\n"
