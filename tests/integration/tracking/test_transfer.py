"""Experiments moved by `liquid tracking export|import` between files, servers and folders: Python finds
everything again, and a second transfer changes nothing."""

import json
import math
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))
from support.server import clean_environment  # noqa: E402

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow import MlflowClient  # noqa: E402  (after the check above)
from mlflow.entities import (Dataset, DatasetInput, InputTag, LoggedModelInput,  # noqa: E402
                             LoggedModelOutput, LoggedModelStatus, Metric, Param, RunTag)

MODEL_FILE = "flavors:\n  python_function:\n    loader_module: mlflow.transformers\nmodel_id: {0}\nrun_id: {1}\n"


def add_run(client, experiment, folder, name, parent=None):
    run = client.create_run(experiment, run_name=name, start_time=1_600_000_000_000).info.run_id
    points = [Metric("loss", 1 / (step + 1), 1_600_000_000_000 + step // 2, step) for step in range(3000)]
    points += [Metric("odd", value, 7, step) for step, value in enumerate([math.nan, math.inf, 0.1, 1e-320])]
    for start in range(0, len(points), 1000):
        client.log_batch(run, points[start:start + 1000])
    client.log_batch(run, [], [Param("lr", "1e-4"), Param("text", "ä\n漢" * 20)],
                     [RunTag("team", "nlp, 'x'"), *([RunTag("mlflow.parentRunId", parent)] if parent else [])])
    dataset = Dataset("qa", "d1", "local", '{"uri": "x"}', schema='{"a": 1}', profile='{"rows": 2}')
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    file = folder / "weights.bin"
    file.write_bytes(name.encode() * 1000)
    client.log_artifact(run, str(file), "deep/er")
    client.log_artifact(run, str(file))
    return run


def add_model(client, experiment, folder, run):
    model = client.create_logged_model(experiment, name="model", source_run_id=run, tags={"kind": "small"},
                                       params={"r": "16"})
    file = folder / "MLmodel"
    file.write_text(MODEL_FILE.format(model.model_id, run))
    client.log_model_artifact(model.model_id, str(file))
    client.log_batch(run, [Metric("score", 0.75, 9, 3, model_id=model.model_id, dataset_name="qa",
                                  dataset_digest="d1", run_id=run)])
    client.log_outputs(run, [LoggedModelOutput(model.model_id, 3)])
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    return model.model_id


def write_experiment(uri, folder, name="finetune"):
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    location = {} if uri.startswith("http") else {"artifact_location": str(folder / "files")}
    experiment = client.create_experiment(name, tags={"owner": "me"}, **location)
    parent = add_run(client, experiment, folder, "parent")
    model = add_model(client, experiment, folder, parent)
    child = add_run(client, experiment, folder, "child", parent)
    client.log_inputs(child, models=[LoggedModelInput(model)])
    client.set_terminated(parent, "FINISHED", 1_600_000_100_000)
    client.set_terminated(child, "FAILED", 1_600_000_200_000)
    gone = add_run(client, experiment, folder, "gone")
    client.delete_run(gone)
    registered = f"assistant-{name}"
    client.create_registered_model(registered, description="answers")
    # The package looks the model up in the store of the process.
    mlflow.set_tracking_uri(uri)
    client.create_model_version(registered, f"models:/{model}", run_id=parent, model_id=model,
                                description="first")
    client.transition_model_version_stage(registered, "1", "Production")
    client.set_registered_model_alias(registered, "champion", "1")
    return client


def content(client, name, folder):
    """Everything of the experiment, with ids replaced by names."""
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.run_name ASC"])
    names = {run.info.run_id: run.info.run_name for run in runs}
    models = client.search_logged_models([experiment.experiment_id])
    names |= {model.model_id: f"model {model.name}" for model in models}

    def plain(tags):
        hidden = ("liquid.", "mlflow.modelVersions")
        return {key: names.get(value, value) for key, value in tags.items() if not key.startswith(hidden)}

    def files(run):
        target = folder / run.info.run_id
        target.mkdir(parents=True)
        client.download_artifacts(run.info.run_id, "", str(target))
        return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*")
                if path.is_file()}

    def history(run, key):
        return sorted((m.step, m.timestamp, repr(m.value)) for m in
                      client.get_metric_history(run.info.run_id, key))

    return {
        "tags": plain(experiment.tags),
        "runs": {run.info.run_name: {
            "info": (run.info.status, run.info.start_time, run.info.end_time, run.info.user_id),
            "params": run.data.params, "tags": plain(run.data.tags),
            "history": {key: history(run, key) for key in run.data.metrics},
            "datasets": [(i.dataset.to_dictionary(), [(t.key, t.value) for t in i.tags])
                         for i in run.inputs.dataset_inputs],
            "inputs": [names[i.model_id] for i in run.inputs.model_inputs],
            "outputs": [(names[o.model_id], o.step) for o in run.outputs.model_outputs],
            "files": files(run),
        } for run in runs},
        "models": [(m.name, str(m.status), names[m.source_run_id], m.params, plain(m.tags),
                    [(p.key, p.value, p.step, p.timestamp, p.dataset_name, p.dataset_digest,
                      names[p.run_id]) for p in m.metrics]) for m in models],
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory, template_database):
    """A file with an experiment, and what is in it."""
    folder = tmp_path_factory.mktemp("source")
    database = Path(shutil.copy(template_database, folder / "source.db"))
    uri = f"sqlite:///{database}"
    client = write_experiment(uri, folder)
    return uri, content(client, "finetune", folder / "all")


@pytest.fixture
def move(run_liquid, tmp_path):
    """move("export", …): the JSON that `liquid tracking` prints."""

    def run(*arguments):
        done = run_liquid("tracking", *arguments, "--json", cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["experiments"]

    return run


@pytest.fixture
def target(tmp_path):
    return f"sqlite:///{tmp_path / 'target.db'}"


def outcomes(experiment):
    return [run["outcome"] for run in experiment["runs"]]


def at(uri):
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def test_from_file_to_file_and_again(move, written, target, tmp_path):
    uri, expected = written
    (first,) = move("export", "--from", uri, "--to", target, "--experiment-name", "finetune")
    assert outcomes(first) == ["copied", "copied"] and first["models"] == 1
    assert content(at(target), "finetune", tmp_path / "a") == expected
    (again,) = move("export", "--from", uri, "--to", target, "--experiment-name", "finetune")
    assert outcomes(again) == ["unchanged", "unchanged"]
    assert (again["points"], again["files"], again["models"]) == (0, 0, 0)
    assert content(at(target), "finetune", tmp_path / "b") == expected


def test_model_files_name_the_new_ids(move, written, target, tmp_path):
    move("export", "--from", written[0], "--to", target, "--experiment-name", "finetune")
    client = at(target)
    (model,) = client.search_logged_models([client.get_experiment_by_name("finetune").experiment_id])
    path = mlflow.artifacts.download_artifacts(artifact_uri=model.artifact_location + "/MLmodel",
                                               dst_path=str(tmp_path / "dl"))
    assert Path(path).read_text() == MODEL_FILE.format(model.model_id, model.source_run_id)


def test_over_a_folder(move, written, target, tmp_path):
    uri, expected = written
    saved = tmp_path / "saved"
    (first,) = move("export", "--from", uri, "--to", saved, "--experiment-name", "finetune")
    assert outcomes(first) == ["copied", "copied"]
    (again,) = move("export", "--from", uri, "--to", saved, "--experiment-name", "finetune")
    assert outcomes(again) == ["unchanged", "unchanged"] and again["files"] == 0
    for _ in range(2):
        (loaded,) = move("import", "--from", saved, "--to", target)
    assert outcomes(loaded) == ["unchanged", "unchanged"]
    assert content(at(target), "finetune", tmp_path / "a") == expected
    # The file itself finds the runs that came over the folder.
    (direct,) = move("export", "--from", uri, "--to", target, "--experiment-name", "finetune")
    assert outcomes(direct) == ["unchanged", "unchanged"]


def test_from_file_to_server_and_on_to_a_file(move, written, target, tmp_path, start_mlflow):
    uri, expected = written
    server = start_mlflow().url
    for _ in range(2):
        (done,) = move("export", "--from", uri, "--to", server, "--experiment-name", "finetune",
                       "--registry")
    assert outcomes(done) == ["unchanged", "unchanged"] and done["versions"] == 0
    assert content(at(server), "finetune", tmp_path / "a") == expected
    version = at(server).get_model_version_by_alias("assistant-finetune", "champion")
    assert (version.version, version.current_stage, version.description) in [
        ("1", "Production", "first"), (1, "Production", "first")]
    move("import", "--from", server, "--to", target, "--experiment-name", "finetune")
    assert content(at(target), "finetune", tmp_path / "b") == expected


def test_registered_versions_come_on_request(move, written, target, tmp_path):
    move("export", "--from", written[0], "--to", target, "--experiment-name", "finetune")
    assert at(target).search_registered_models() == []
    (done,) = move("export", "--from", written[0], "--to", target, "--experiment-name", "finetune",
                   "--registry")
    assert done["versions"] == 1
    client = at(target)
    version = client.get_model_version_by_alias("assistant-finetune", "champion")
    run = client.get_run(version.run_id)
    assert (run.info.run_name, version.current_stage, version.description) == (
        "parent", "Production", "first")
    assert client.get_registered_model("assistant-finetune").description == "answers"


def registry(client, name):
    """A registered model and its versions, with runs and models by name."""
    model = client.get_registered_model(name)

    def plain(tags):
        return {key: value for key, value in tags.items() if not key.startswith("liquid.")}

    def made_of(version):
        if version.source.startswith("models:/"):
            return "model " + client.get_logged_model(version.source.removeprefix("models:/")).name
        return version.source.partition("/artifacts/")[2]

    versions = client.search_model_versions(f"name = '{name}'")
    return {"description": model.description, "tags": plain(model.tags),
            "aliases": {alias: str(version) for alias, version in model.aliases.items()},
            "versions": sorted((int(v.version), v.current_stage, v.description or "", plain(v.tags), made_of(v),
                                client.get_run(v.run_id).info.run_name) for v in versions)}


def add_versions(client, name):
    """Beside version 1, which is a logged model: two of files of a run, with tags, stages and aliases."""
    model = f"assistant-{name}"
    experiment = client.get_experiment_by_name(name).experiment_id
    (run,) = client.search_runs([experiment], "attributes.run_name = 'child'")
    client.set_registered_model_tag(model, "team", "nlp")
    for stage in ("Staging", "None"):
        made = client.create_model_version(model, f"{run.info.artifact_uri}/deep", run_id=run.info.run_id,
                                           tags={"stage": stage, "text": "ä 'x'"})
        if stage != "None":
            client.transition_model_version_stage(model, made.version, stage)
    client.set_registered_model_alias(model, "next", "3")


@pytest.fixture(scope="module")
def on_server(mlflow_server, tmp_path_factory, fresh_name):
    """An experiment with a registered model on the shared server; what is in both."""
    name, folder = fresh_name("moving"), tmp_path_factory.mktemp("on_server")
    client = write_experiment(mlflow_server.url, folder, name)
    add_versions(client, name)
    return name, content(client, name, folder / "all"), registry(client, f"assistant-{name}")


@pytest.fixture(scope="module")
def other_server(start_mlflow):
    return start_mlflow().url


def test_from_server_to_server_and_on_to_a_file(move, on_server, mlflow_server, other_server, target,
                                                tmp_path, mlflow_at):
    name, expected, registered = on_server
    words = ["--experiment-name", name, "--registry"]
    (first,) = move("export", "--from", mlflow_server.url, "--to", other_server, *words)
    assert outcomes(first) == ["copied", "copied"] and (first["models"], first["versions"]) == (1, 3)
    (again,) = move("export", "--from", mlflow_server.url, "--to", other_server, *words)
    assert outcomes(again) == ["unchanged", "unchanged"]
    assert (again["points"], again["files"], again["models"], again["versions"]) == (0, 0, 0, 0)
    assert content(at(other_server), name, tmp_path / "a") == expected
    assert registry(at(other_server), f"assistant-{name}") == registered
    # What a version means can be fetched where it is now.
    with mlflow_at(other_server):
        got = mlflow.artifacts.download_artifacts(f"models:/assistant-{name}@next",
                                                  dst_path=str(tmp_path / "got"))
    (weights,) = Path(got).rglob("weights.bin")
    assert weights.read_bytes() == b"child" * 1000
    for _ in range(2):
        (done,) = move("import", "--from", other_server, "--to", target, *words)
    assert outcomes(done) == ["unchanged", "unchanged"] and done["versions"] == 0
    assert content(at(target), name, tmp_path / "b") == expected
    assert registry(at(target), f"assistant-{name}") == registered
    # On the way back they meet their originals: nothing is made twice at the source.
    (back,) = move("export", "--from", target, "--to", mlflow_server.url, *words)
    assert outcomes(back) == ["skipped", "skipped"] and back["versions"] == 0
    assert content(at(mlflow_server.url), name, tmp_path / "c") == expected
    assert registry(at(mlflow_server.url), f"assistant-{name}") == registered


def test_the_registry_comes_over_a_folder(move, on_server, mlflow_server, target, tmp_path):
    name, expected, registered = on_server
    saved, words = tmp_path / "saved", ["--experiment-name", name, "--registry"]
    for versions in (3, 0):
        (done,) = move("export", "--from", mlflow_server.url, "--to", saved, *words)
        assert done["versions"] == versions
    (first,) = move("import", "--from", saved, "--to", target, "--registry")
    assert first["versions"] == 3
    (again,) = move("import", "--from", saved, "--to", target, "--registry")
    assert outcomes(again) == ["unchanged", "unchanged"] and again["versions"] == 0
    assert content(at(target), name, tmp_path / "a") == expected
    assert registry(at(target), f"assistant-{name}") == registered


def test_deleted_runs_come_when_asked_for(move, written, target):
    (done,) = move("export", "--from", written[0], "--to", target, "--experiment-name", "finetune",
                   "--deleted", "--no-artifacts")
    assert len(done["runs"]) == 3 and done["files"] == 0
    client = at(target)
    experiment = client.get_experiment_by_name("finetune").experiment_id
    (gone,) = client.search_runs([experiment], run_view_type=mlflow.entities.ViewType.DELETED_ONLY)
    assert gone.info.run_name == "gone"
    (again,) = move("export", "--from", written[0], "--to", target, "--experiment-name", "finetune",
                    "--deleted", "--no-artifacts")
    assert outcomes(again) == ["unchanged"] * 3


def test_single_runs_and_what_is_added_later(move, run_liquid, written, target, tmp_path):
    uri, expected = written
    client = at(uri)
    experiment = client.get_experiment_by_name("finetune").experiment_id
    (child,) = client.search_runs([experiment], "attributes.run_name = 'child'")
    done = run_liquid("runs", "export", child.info.run_id, "--tracking-uri", uri, "--to",
                      tmp_path / "one", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run_liquid("runs", "import", tmp_path / "one", "--tracking-uri", target, "--json",
                      cwd=tmp_path)
    assert outcomes(json.loads(done.stdout)["experiments"][0]) == ["copied"], done.stderr
    move("export", "--from", uri, "--to", target, "--experiment-name", "finetune")
    # The parent is known now; the child says so after its next change only: its state was whole.
    found = content(at(target), "finetune", tmp_path / "a")
    assert found["runs"]["child"]["history"] == expected["runs"]["child"]["history"]
    assert found["runs"]["child"]["inputs"] == expected["runs"]["child"]["inputs"]
    assert found["runs"]["child"]["tags"] == expected["runs"]["child"]["tags"]


def test_a_killed_transfer_is_taken_up(liquid_bin, move, written, target, tmp_path):
    uri, expected = written
    command = [liquid_bin, "tracking", "export", "--from", uri, "--to", target, "--experiment-name",
               "finetune"]
    for delay in (0.02, 0.05, 0.1, 0.15):
        with subprocess.Popen(command, env=clean_environment({}), cwd=tmp_path,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
    move("export", "--from", uri, "--to", target, "--experiment-name", "finetune")
    assert content(at(target), "finetune", tmp_path / "a") == expected


def test_an_unfinished_folder_is_refused(run_liquid, move, written, target, tmp_path):
    saved = tmp_path / "saved"
    move("export", "--from", written[0], "--to", saved, "--experiment-name", "finetune")
    (saved / "export.json").unlink()
    done = run_liquid("tracking", "import", "--from", saved, "--to", target, cwd=tmp_path)
    assert done.returncode == 1 and "no complete export" in done.stderr
    move("export", "--from", written[0], "--to", saved, "--experiment-name", "finetune")
    move("import", "--from", saved, "--to", target)


@pytest.mark.parametrize("change,named", [
    (lambda text: text.replace('"version":1', '"version":2'), "version 2"),
    (lambda text: text[:100], "is not JSON"),
    (lambda text: text.replace('"run_id":"', '"run_id":"../'), "run_id"),
])
def test_a_broken_head_is_named(run_liquid, move, written, target, tmp_path, change, named):
    saved = tmp_path / "saved"
    move("export", "--from", written[0], "--to", saved, "--experiment-name", "finetune", "--no-artifacts")
    head = saved / "export.json"
    head.write_text(change(head.read_text()))
    done = run_liquid("tracking", "import", "--from", saved, "--to", target, cwd=tmp_path)
    assert done.returncode == 1 and named in done.stderr and "export.json" in done.stderr
