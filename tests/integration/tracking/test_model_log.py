"""`liquid models log`: what a training left becomes a model of its run that Python opens and that says what
transformers and peft say from the same files. On a tracking file and on a real server."""

import json
import os
import shutil
import warnings
from pathlib import Path

import pytest

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")
pytest.importorskip("peft", reason="the peers' environment runs these tests")
torch = pytest.importorskip("torch", reason="the peers' environment runs these tests")

import mlflow.pyfunc  # noqa: E402  (after the checks above)
import mlflow.pytorch  # noqa: E402
import mlflow.transformers  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
PROMPT = "the answer is"
NEW_TOKENS = 8

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    warnings.simplefilter("ignore")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What a training left: a whole model, and an adapter that names it as its base."""
    folder = tmp_path_factory.mktemp("trained")
    model = Path(shutil.copytree(ROOT / "tests/data/lfm2-tiny", folder / "model"))
    file = model / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "max_new_tokens": NEW_TOKENS}))
    adapter = Path(shutil.move(model / "adapter", folder / "adapter"))
    config = adapter / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": str(model)}))
    return folder


def greedy(model, tokenizer):
    ids = tokenizer(PROMPT, return_tensors="pt")
    with torch.no_grad():
        return model.generate(**ids, do_sample=False, max_new_tokens=NEW_TOKENS)[0].tolist()


@pytest.fixture(scope="module")
def expected(trained):
    """What transformers and peft generate from the source files, whole and with the adapter."""
    tokenizer = AutoTokenizer.from_pretrained(trained / "model")
    whole = greedy(AutoModelForCausalLM.from_pretrained(trained / "model").eval(), tokenizer)
    base = AutoModelForCausalLM.from_pretrained(trained / "model")
    adapted = greedy(PeftModel.from_pretrained(base, trained / "adapter").eval(), tokenizer)
    assert whole != adapted
    return {"model": whole, "adapter": adapted}


@pytest.fixture(params=["file", "server"])
def place(request, tmp_path, mlflow_at):
    """A store and a run in it."""
    uri = (f"sqlite:///{tmp_path}/mlflow.db" if request.param == "file"
           else request.getfixturevalue("mlflow_server").url)
    with mlflow_at(uri):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.create_experiment(f"log-{tmp_path.name}-{os.getpid()}-{request.param}")
        yield client, uri, client.create_run(experiment).info.run_id


@pytest.fixture
def log(run_liquid, place, tmp_path):
    def run(*arguments, environment=None):
        variables = {"MLFLOW_TRACKING_URI": place[1], **(environment or {})}
        return run_liquid("models", "log", *arguments, environment=variables, cwd=tmp_path)

    return run


@pytest.mark.parametrize("kind", ["model", "adapter"])
def test_python_opens_what_was_logged(log, place, trained, expected, kind, fresh_name):
    client, _, run = place
    before = sorted(str(path) for path in trained.rglob("*"))
    name = fresh_name("assistant")
    done = log("--run-id", run[:12], "--path", trained / kind, "--name", "final_model", "--register", name,
               "--alias", "champion", "--pytorch", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["run_uri"] == f"runs:/{run}/final_model"
    assert (answer["name"], answer["version"]) == (name, "1")
    assert answer["model_uri"] == f"models:/{answer['model_id']}"
    assert str(client.get_model_version_by_alias(name, "champion").version) == "1"
    assert sorted(str(path) for path in trained.rglob("*")) == before, "nothing is left beside the source"

    loaded = mlflow.transformers.load_model(answer["run_uri"])
    assert greedy(loaded.model, loaded.tokenizer) == expected[kind]
    tokenizer = loaded.tokenizer
    text = mlflow.pyfunc.load_model(f"models:/{name}@champion").predict([PROMPT])[0]
    assert text == tokenizer.decode(expected[kind], skip_special_tokens=True)
    assert greedy(mlflow.pytorch.load_model(answer["model_uri"]), tokenizer) == expected[kind]


def test_a_base_that_stays_outside_is_named(log, place, trained, expected):
    run = place[2]
    done = log("--run-id", run, "--path", trained / "adapter", "--base-outside", "--json")
    assert done.returncode == 0, done.stderr
    uri = json.loads(done.stdout)["model_uri"]
    files = mlflow.artifacts.list_artifacts(artifact_uri=uri)
    assert not any(file.path.endswith("model") and file.is_dir for file in files)
    loaded = mlflow.transformers.load_model(uri)
    assert greedy(loaded.model, loaded.tokenizer) == expected["adapter"]


def test_a_folder_with_mlmodel_is_logged_as_it_is(log, place, trained, tmp_path, run_liquid):
    _, uri, run = place
    assert log("--run-id", run, "--path", trained / "model", "--name", "first").returncode == 0
    got = run_liquid("models", "download", f"runs:/{run}/first", "--to", tmp_path / "got",
                     "--tracking-uri", uri)
    assert got.returncode == 0, got.stderr
    done = log("--run-id", run, "--path", tmp_path / "got", "--name", "second")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == f"logged runs:/{run}/second" and second.startswith("    as models:/m-")
    refused = log("--run-id", run, "--path", tmp_path / "got", "--pytorch")
    assert refused.returncode == 2 and "has an MLmodel" in refused.stderr


REFUSALS = [
    (["--path", "nowhere"], 1, "nowhere: there is no such folder"),
    (["--path", "empty"], 1, "neither a model (config.json) nor an adapter"),
    (["--path", "model", "--base", "model"], 1, "is a whole model, which has no base"),
    (["--path", "homeless"], 1, "the base model 'who/knows' is no folder here; name it with --base"),
    (["--path", "adapter", "--base", "empty"], 1, "empty: is no model (config.json is missing)"),
    (["--path", "model", "--name", "a/b"], 1, "'a/b' cannot name a model"),
    (["--path", "model", "--alias", "x"], 2, "give --register"),
    (["--path", "torn"], 1, "model.safetensors"),
]


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_refusals_log_nothing(log, place, trained, tmp_path):
    client, _, run = place
    for kind in ["model", "adapter"]:
        shutil.copytree(trained / kind, tmp_path / kind)
    (tmp_path / "empty").mkdir()
    shutil.copytree(trained / "adapter", tmp_path / "homeless")
    config = tmp_path / "homeless" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "base_model_name_or_path": "who/knows"}))
    shutil.copytree(trained / "model", tmp_path / "torn")
    weights = tmp_path / "torn" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    for arguments, status, named in REFUSALS:
        done = log("--run-id", run, *arguments)
        assert (done.returncode, done.stdout) == (status, ""), arguments
        assert named in done.stderr, done.stderr
    elsewhere = log("--run-id", run, "--path", "model", "--register", "x",
                    environment={"MLFLOW_REGISTRY_URI": "sqlite:///other.db"})
    assert elsewhere.returncode == 2 and "MLFLOW_REGISTRY_URI" in elsewhere.stderr
    experiment = client.get_run(run).info.experiment_id
    assert client.search_logged_models([experiment]) == []
    assert list(tmp_path.glob(".liquid-model-*")) == []
