"""Registered models, versions and logged models in one tracking file: what C++ writes, Python reads back
equal, the other way round, and the rows that both write are the same."""

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow import MlflowClient  # noqa: E402  (after the check above)
from mlflow.entities import LoggedModelStatus, Metric  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
TABLES = ["registered_models", "registered_model_tags", "registered_model_aliases", "model_versions",
          "model_version_tags", "logged_models", "logged_model_params", "logged_model_tags",
          "logged_model_metrics"]
STATUS = {"READY": "LOGGED_MODEL_READY", "PENDING": "LOGGED_MODEL_PENDING",
          "FAILED": "LOGGED_MODEL_UPLOAD_FAILED"}


@pytest.fixture(scope="module")
def program():
    """Of the build that LIQUID_TEST_BUILD names; else of the release or the dev build."""
    builds = [os.environ.get("LIQUID_TEST_BUILD"), ROOT / "build/release", ROOT / "build/dev"]
    paths = [Path(build) / "src/tracking/sqlite/tracking_registry_file" for build in builds if build]
    found = [path for path in paths if path.is_file()]
    assert found, f"none of {paths} is built"
    return found[0]


@pytest.fixture(scope="module")
def cpp(program):
    """cpp("show", file): what the program says about a tracking file."""

    def run(action, file):
        done = subprocess.run([program, action, f"sqlite:///{file}"], capture_output=True, text=True,
                              cwd=file.parent, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if action == "show" else None

    return run


@pytest.fixture(scope="module")
def written_by_cpp(tmp_path_factory, cpp):
    file = tmp_path_factory.mktemp("cpp") / "mlflow.db"
    cpp("write", file)
    return file


@pytest.fixture(scope="module")
def written_by_python(tmp_path_factory):
    file = tmp_path_factory.mktemp("python") / "mlflow.db"
    write(client_of(file))
    return file


def client_of(file):
    uri = f"sqlite:///{file}"
    here = os.getcwd()
    os.chdir(file.parent)  # MLflow keeps the artifacts of a new file below the working folder
    try:
        mlflow.set_tracking_uri(uri)  # where create_model_version looks models:/m-… up
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments()  # opens the file
        return client
    finally:
        os.chdir(here)


def write_logged_models(client):
    ready = client.create_logged_model("0", name="chat", model_type="llm", tags={"team": "föö"},
                                       params={"r": "8", "target": "q_proj,v_proj"}).model_id
    client.log_model_params(ready, {"alpha": "16"})
    client.set_logged_model_tags(ready, {"team": "bar", "note": 'a "quoted"\nline'})
    client.finalize_logged_model(ready, LoggedModelStatus.READY)
    failed = client.create_logged_model("0", name="broken").model_id
    client.set_logged_model_tags(failed, {"gone": "soon"})
    client.delete_logged_model_tag(failed, "gone")
    client.finalize_logged_model(failed, LoggedModelStatus.FAILED)
    client.delete_logged_model(client.create_logged_model("0", name="trash").model_id)
    return ready


def write_versions(client, model):
    client.create_model_version("chat", "s3://bucket/one", description="first",
                                run_link="https://example.org/run", tags={"a": "1", "b": "2"})
    client.create_model_version("chat", f"models:/{model}", model_id=model)
    # What a server adds of its own accord, and Python's register_model() where there is none.
    client._tracking_client.store.set_model_versions_tags("chat", 2, model)
    client.create_model_version("chat", "models:/chat/1")
    client.create_model_version("chat", "s3://bucket/four")
    client.create_model_version("chat", "s3://bucket/five")
    client.transition_model_version_stage("chat", "1", "Production")
    client.transition_model_version_stage("chat", "2", "production", archive_existing_versions=True)
    client.transition_model_version_stage("chat", "3", "STAGING", archive_existing_versions=True)
    client.update_model_version("chat", "2", "the second")
    client.set_model_version_tag("chat", "2", "loss", "1.5")
    client.set_model_version_tag("chat", "2", "loss", "1.25")
    client.set_model_version_tag("chat", "3", "x", "y")
    client.delete_model_version_tag("chat", "3", "x")


def write(client):
    """The same calls as `write` in registry_file.cpp."""
    model = write_logged_models(client)
    client.create_registered_model("chat", description="talks", tags={"k": "2"})
    write_versions(client, model)
    for alias, version in [("champion", 2), ("challenger", 1), ("challenger", 3), ("last", 4)]:
        client.set_registered_model_alias("chat", alias, version)
    client.delete_model_version("chat", "4")
    client.create_registered_model("before")
    client.create_model_version("before", "s3://bucket/other", tags={"t": "v"})
    client.set_registered_model_alias("before", "only", 1)
    client.set_registered_model_tag("before", "kept", "yes")
    client.rename_registered_model("before", "after")
    client.update_registered_model("after", "renamed")
    client.create_registered_model("gone", tags={"t": "v"})
    client.create_model_version("gone", "s3://bucket/gone", tags={"t": "v"})
    client.set_registered_model_alias("gone", "only", 1)
    client.delete_registered_model("gone")


def shown_version(client, version):
    version = client.get_model_version(version.name, version.version)
    return {"name": version.name, "version": str(version.version),
            "created": version.creation_timestamp, "updated": version.last_updated_timestamp,
            "user_id": version.user_id or "", "stage": version.current_stage,
            "description": version.description or "", "source": version.source,
            "run_id": version.run_id or "", "run_link": version.run_link or "",
            "status": version.status, "tags": version.tags, "aliases": sorted(version.aliases),
            "download_uri": client.get_model_version_download_uri(version.name, version.version)}


def shown_model(client, name):
    model = client.get_registered_model(name)
    return {"name": model.name, "created": model.creation_timestamp,
            "updated": model.last_updated_timestamp, "description": model.description or "",
            "latest": sorted(str(version.version) for version in model.latest_versions),
            "tags": model.tags, "aliases": {k: str(v) for k, v in model.aliases.items()}}


def shown_logged_model(client, model_id):
    model = client.get_logged_model(model_id)
    return {"model_id": model.model_id, "experiment_id": model.experiment_id, "name": model.name,
            "artifact_location": model.artifact_location, "status": STATUS[str(model.status)],
            "created": model.creation_timestamp, "updated": model.last_updated_timestamp,
            "model_type": model.model_type or "", "source_run_id": model.source_run_id or "",
            "params": model.params or {}, "tags": model.tags or {},
            "metrics": sorted(([m.key, m.value, m.timestamp, m.step, m.run_id, m.dataset_name or "",
                                m.dataset_digest or ""] for m in model.metrics or []),
                              key=lambda point: (point[0], point[2], point[3]))}


def shown_by_python(client):
    return {"registered_models": [shown_model(client, model.name)
                                  for model in client.search_registered_models()],
            "model_versions": [shown_version(client, version)
                               for version in client.search_model_versions()],
            "logged_models": [shown_logged_model(client, model.model_id)
                              for model in client.search_logged_models(["0"])]}


def rows_of(file):
    """Every row as (storage class, value) per column. What differs between two files by nature is named:
    model ids by their model, times, the folder."""
    base = sqlite3.connect(file)
    names = dict(base.execute("SELECT model_id, name FROM logged_models"))
    tables = {}
    for table in TABLES:
        columns = [column[1] for column in base.execute(f"PRAGMA table_info({table})")]
        kinds = ", ".join(f'typeof("{column}"), "{column}"' for column in columns)
        tables[table] = sorted([plain(columns, row, names, file)
                                for row in base.execute(f"SELECT {kinds} FROM {table}")], key=str)
    base.close()
    return tables


def plain(columns, row, names, file):
    cells = {}
    for place, column in enumerate(columns):
        kind, value = row[2 * place], row[2 * place + 1]
        if isinstance(value, str):
            for model_id, name in names.items():
                value = value.replace(model_id, f"<{name}>")
            value = value.replace(str(file.parent), "<folder>")
        cells[column] = (kind, "<time>" if "time" in column else value)
    return cells


def test_python_reads_what_cpp_wrote(written_by_cpp, cpp):
    ours = cpp("show", written_by_cpp)
    assert shown_by_python(client_of(written_by_cpp)) == ours
    assert [model["name"] for model in ours["registered_models"]] == ["after", "chat"]
    assert [model["name"] for model in ours["logged_models"]] == ["broken", "chat"]


def test_cpp_reads_what_python_wrote(written_by_python, cpp):
    client = client_of(written_by_python)
    run = client.create_run("0")
    chat = next(m for m in client.search_logged_models(["0"]) if m.name == "chat")
    client.log_batch(run.info.run_id, metrics=[
        Metric("loss", 2.5, 1000, 1, model_id=chat.model_id),
        Metric("loss", 1.5, 1001, 2, model_id=chat.model_id, dataset_name="d", dataset_digest="1")])
    client.register_prompt("greeting", "Hello {{name}}")
    theirs = shown_by_python(client)
    assert len(next(m for m in theirs["logged_models"] if m["name"] == "chat")["metrics"]) == 2
    assert cpp("show", written_by_python) == theirs


def test_both_write_the_same_rows(written_by_cpp, tmp_path):
    python = tmp_path / "mlflow.db"
    write(client_of(python))
    ours, theirs = rows_of(written_by_cpp), rows_of(python)
    for table in TABLES:
        assert ours[table] == theirs[table], table
    assert len(ours["model_versions"]) == 6


def test_python_goes_on_where_cpp_stopped(tmp_path, cpp):
    file = tmp_path / "mlflow.db"
    cpp("write", file)
    client = client_of(file)
    assert client.create_model_version("chat", "s3://bucket/six").version == 6
    assert client.get_model_version_by_alias("chat", "champion").version == 2
    with pytest.raises(MlflowException, match="already exists"):
        client.create_registered_model("chat")
    client.rename_registered_model("chat", "talk")
    assert client.get_model_version("talk", "2").tags == {"loss": "1.25"}
    client.delete_registered_model("talk")
    assert [model.name for model in client.search_registered_models()] == ["after"]
    assert [model["name"] for model in cpp("show", file)["registered_models"]] == ["after"]
