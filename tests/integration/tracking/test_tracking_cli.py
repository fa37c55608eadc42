"""The commands over experiments on a file that Python wrote: what they print for people and programs, and
how they refuse."""

import csv
import fcntl
import io
import json
import math
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
import unicodedata
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
from support.server import clean_environment  # noqa: E402

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow import MlflowClient  # noqa: E402  (after the check above)
from mlflow.entities import Metric, Param, RunTag  # noqa: E402

LONG = "a-very-long-name-" * 8


def write_runs(client, experiment):
    """Ten runs: curves, NaN and infinity, long names, names of many scripts, a child, a deleted one."""
    ids = []
    for number in range(10):
        name = {0: LONG, 1: "größe 漢字 🙂", 2: 'comma, "quote"'}.get(number, f"run-{number}")
        run = client.create_run(experiment, run_name=name, start_time=1_700_000_000_000 + number)
        points = [Metric("loss", 2.0 / (step + 1 + number), 1_700_000_000_000 + step, step)
                  for step in range(50)]
        if number == 3:
            points += [Metric("bad", math.nan, 1, 0), Metric("grown", math.inf, 1, 0)]
        points.append(Metric("final_train_loss", 1.0 + number, 1, 50))
        client.log_batch(run.info.run_id, points, [Param("lr", f"1e-{number}"), Param("same", "x")],
                         [RunTag("team", "nlp" if number % 2 else "vision, " + LONG)])
        if number:
            client.set_tag(run.info.run_id, "mlflow.parentRunId", ids[0])
        client.set_terminated(run.info.run_id, "FINISHED", 1_700_000_060_000 + number)
        ids.append(run.info.run_id)
    client.delete_run(ids[9])
    return ids


@pytest.fixture(scope="module")
def tracking(tmp_path_factory, template_database):
    """A folder with mlflow.db, and what is in it."""
    folder = tmp_path_factory.mktemp("cli")
    database = Path(shutil.copy(template_database, folder / "mlflow.db"))
    client = MlflowClient(tracking_uri=f"sqlite:///{database}", registry_uri=f"sqlite:///{database}")
    experiment = client.create_experiment("finetune", artifact_location=str(folder / "files"))
    client.create_experiment("empty", artifact_location=str(folder / "none"))
    client.create_experiment(LONG, artifact_location=str(folder / "long"))
    runs = write_runs(client, experiment)
    note = folder / "note.txt"
    note.write_text("hello\n")
    client.log_artifact(runs[0], str(note), "notes")
    client.create_registered_model("assistant", description="answers")
    client.create_model_version("assistant", str(folder / "files"), run_id=runs[0])
    client.set_registered_model_alias("assistant", "champion", "1")
    return {"folder": folder, "uri": f"sqlite:///{database}", "runs": runs, "client": client,
            "experiment": experiment}


@pytest.fixture(scope="module")
def liquid(run_liquid, tracking):
    def run(*arguments, uri=None, environment=None, **choices):
        variables = {"MLFLOW_TRACKING_URI": uri or tracking["uri"], "TZ": "UTC", **(environment or {})}
        return run_liquid(*arguments, environment=variables, cwd=tracking["folder"], **choices)

    return run


@pytest.fixture(scope="module")
def good(liquid):
    """Standard output of a command that succeeds and says nothing on standard error."""

    def run(*arguments, **choices):
        done = liquid(*arguments, **choices)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def on_terminal(binary, arguments, uri, columns=80):
    """What the command writes to a terminal of that width."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = clean_environment({"MLFLOW_TRACKING_URI": uri, "TERM": "xterm"})
    with subprocess.Popen([binary, *map(str, arguments)], stdout=follower, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, env=environment) as process:
        os.close(follower)
        output = b""
        try:
            while piece := os.read(leader, 65536):
                output += piece
        except OSError:  # the other side was closed
            pass
        os.close(leader)
        problem = process.stderr.read()
    assert process.returncode == 0, problem
    return output.decode().replace("\r\n", "\n")


def cells(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else
               0 if unicodedata.combining(letter) else 1 for letter in line)


COMMANDS = {
    "experiments": ["list", "create", "get", "search", "rename", "delete", "restore", "archive"],
    "runs": ["list", "search", "get", "compare", "delete", "restore", "end", "recover", "reap", "export",
             "import"],
    "metrics": ["history"],
    "artifacts": ["list", "download", "upload"],
    "models": ["list", "log", "register", "versions", "transition", "alias", "get", "download"],
    "tracking": ["export", "import"],
}


@pytest.mark.parametrize("group", COMMANDS)
def test_help_of_every_command_fits_80_columns(good, group):
    texts = [good(group, "--help")] + [good(group, name, "--help") for name in COMMANDS[group]]
    for name in COMMANDS[group]:
        assert name in texts[0]
    for text in texts:
        assert [line for line in text.splitlines() if len(line) > 80] == []


def table_commands(tracking):
    runs = tracking["runs"]
    return [
        ["experiments", "list"],
        ["runs", "list", "--experiment-name", "finetune"],
        ["runs", "search", "--experiment-name", "finetune", "--order-by", "metrics.final_train_loss ASC",
         "--columns", "metrics.loss,metrics.bad,params.lr,tags.team,attributes.user_id"],
        ["runs", "compare", *runs[:2]],
        ["runs", "compare", *runs[:9]],
        ["metrics", "history", runs[3], "loss"],
        ["artifacts", "list", runs[0], "--recursive"],
        ["models", "list"],
        ["models", "versions", "assistant"],
        ["runs", "reap"],
    ]


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("number", range(10))
def test_tables_fit_the_terminal(liquid_bin, tracking, number, columns):
    command = table_commands(tracking)[number]
    text = on_terminal(liquid_bin, command, tracking["uri"], columns)
    assert text.strip()
    assert [line for line in text.splitlines() if cells(line) > columns] == []


@pytest.mark.parametrize("number", range(10))
def test_json_and_csv_parse(good, tracking, number):
    command = table_commands(tracking)[number]
    assert isinstance(json.loads(good(*command, "--json")), dict)
    rows = list(csv.reader(io.StringIO(good(*command, "--csv"), newline="")))
    assert rows and {len(row) for row in rows} == {len(rows[0])}


def test_runs_are_those_python_finds(good, tracking):
    listed = json.loads(good("runs", "search", "--experiment-name", "finetune", "--filter",
                             "metrics.final_train_loss < 4", "--order-by",
                             "metrics.final_train_loss DESC", "--json"))["runs"]
    found = tracking["client"].search_runs([tracking["experiment"]], "metrics.final_train_loss < 4",
                                           order_by=["metrics.final_train_loss DESC"])
    assert [run["info"]["run_id"] for run in listed] == [run.info.run_id for run in found]
    assert [run["info"]["run_name"] for run in listed] == [run.info.run_name for run in found]


def test_a_flag_beats_the_other_variable(liquid, tracking):
    """Python's set_experiment leaves MLFLOW_EXPERIMENT_ID behind for its children."""
    variable = {"MLFLOW_EXPERIMENT_ID": tracking["experiment"]}
    chosen = liquid("runs", "list", "--experiment-name", "empty", environment=variable)
    assert (chosen.returncode, chosen.stdout) == (0, "no runs\n"), chosen.stderr
    meant = liquid("runs", "list", "--json", environment=variable)
    assert len(json.loads(meant.stdout)["runs"]) == 9, meant.stderr


def test_csv_keeps_what_tables_cut(good, tracking):
    text = good("runs", "list", "--experiment-name", "finetune", "--columns", "tags.team", "--csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    by_id = {row["RUN"]: row for row in rows}
    assert by_id[tracking["runs"][0]]["NAME"] == LONG
    assert by_id[tracking["runs"][2]]["NAME"] == 'comma, "quote"'
    assert by_id[tracking["runs"][2]]["team"] == "vision, " + LONG


def test_nan_and_infinity_are_named(good, tracking):
    run = tracking["runs"][3]
    text = good("runs", "get", run)
    assert "NaN" in text
    metrics = {m["key"]: m["value"] for m in json.loads(good("runs", "get", run, "--json"))["data"]["metrics"]}
    assert metrics["bad"] == "NaN"


def test_no_runs_is_said(good):
    assert good("runs", "list", "--experiment-name", "empty").strip() == "no runs"
    assert json.loads(good("runs", "list", "--experiment-name", "empty", "--json")) == {"runs": []}


def test_history_has_every_point(good, tracking):
    points = json.loads(good("metrics", "history", tracking["runs"][4], "loss", "--json"))["metrics"]
    history = tracking["client"].get_metric_history(tracking["runs"][4], "loss")
    assert [(p["step"], p["value"], p["timestamp"]) for p in points] == [
        (m.step, m.value, m.timestamp) for m in history]


def test_csv_keeps_every_digit(good, tracking):
    run = tracking["runs"][4]
    history = tracking["client"].get_metric_history(run, "loss")
    rows = csv.DictReader(io.StringIO(good("metrics", "history", run, "loss", "--csv"), newline=""))
    assert [(int(row["STEP"]), float(row["VALUE"])) for row in rows] == [(m.step, m.value) for m in history]
    listed = good("runs", "list", "--experiment-name", "finetune", "--columns", "metrics.loss", "--csv")
    by_id = {row["RUN"]: row for row in csv.DictReader(io.StringIO(listed, newline=""))}
    assert float(by_id[run]["loss"]) == history[-1].value
    compared = list(csv.reader(io.StringIO(good("runs", "compare", *tracking["runs"][4:6], "--csv"), newline="")))
    [last] = [row for row in compared if row[:2] == ["last", "loss"]]
    assert float(last[2]) == history[-1].value


REFUSALS = [
    (["runs", "get", "0123456789abcdef0123456789abcdef"], "0123456789abcdef0123456789abcdef"),
    (["runs", "get", "feed"], "feed"),
    (["runs", "list", "--experiment-name", "nowhere"], "nowhere"),
    (["experiments", "get", "nowhere"], "nowhere"),
    (["runs", "search", "--filter", "metrics.loss ~~ 3"], "~~"),
    (["runs", "search", "--filter", "metrics.loss < 'a'"], "'a'"),
    (["runs", "search", "--order-by", "metrics"], "metrics"),
    (["metrics", "history", "feed", "loss"], "feed"),
    (["artifacts", "list", "gopher://host/x"], "gopher"),
    (["artifacts", "download", "models:/absent/1", "--to", "out"], "absent"),
    (["models", "transition", "assistant", "1", "Shipping"], "Shipping"),
    (["models", "versions", "absent"], "absent"),
    (["models", "get", "models:/assistant@nobody"], "nobody"),
    (["tracking", "export", "--experiment-name", "nowhere", "--to", "out"], "nowhere"),
    (["runs", "import", "no-such-folder"], "no-such-folder"),
    (["runs", "recover", "--journal", "no-such-folder"], "no-such-folder"),
]


@pytest.mark.parametrize("command,named", REFUSALS, ids=lambda value: None)
def test_refusals_name_what_is_wrong(liquid, command, named):
    done = liquid(*command)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.startswith("liquid: ") or "--help" in done.stderr


@pytest.mark.parametrize("uri,named", [
    ("sqlite:////nowhere/at/all.db", "/nowhere/at/all.db"),
    ("mysql://host/db", "mysql"),
    ("http://127.0.0.1:1", "127.0.0.1:1"),
    ("nonsense", "nonsense"),
])
def test_a_bad_store_is_named(run_liquid, tmp_path, uri, named):
    environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = run_liquid("runs", "list", "--tracking-uri", uri, cwd=tmp_path, environment=environment)
    assert done.returncode in (1, 2) and done.stdout == ""
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_experiments_live_and_die(good, liquid):
    good("experiments", "create", "brief")
    good("experiments", "rename", "brief", "short")
    assert liquid("experiments", "get", "brief").returncode == 1
    good("experiments", "delete", "short")
    assert "short" not in good("experiments", "list")
    good("experiments", "restore", "short")
    assert "short" in good("experiments", "list")


def test_runs_end_and_come_back(good, tracking):
    client = tracking["client"]
    run = client.create_run(tracking["experiment"]).info.run_id
    good("runs", "end", run, "--status", "FAILED")
    assert client.get_run(run).info.status == "FAILED"
    good("runs", "delete", run[:12])
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    good("runs", "restore", run)
    assert client.get_run(run).info.lifecycle_stage == "active"
    client.delete_run(run)


def test_artifacts_go_up_and_down(good, tracking):
    folder = tracking["folder"]
    (folder / "up.bin").write_bytes(bytes(range(256)) * 64)
    good("artifacts", "upload", tracking["runs"][5], folder / "up.bin", "--path", "deep/er")
    good("artifacts", "download", tracking["runs"][5], "--path", "deep", "--to", folder / "down")
    assert (folder / "down/deep/er/up.bin").read_bytes() == bytes(range(256)) * 64


def test_recover_says_when_there_is_nothing(good, tmp_path):
    (tmp_path / "journal").mkdir()
    assert "nothing to recover" in good("runs", "recover", "--journal", tmp_path / "journal")
