"""Models that C++ wrote, logged and registered, opened by Python: they load and say what transformers says
from the same files. And the other way round: what Python saved, C++ reads, registers and fetches.

Every test runs on a tracking file and on a real server.
"""

import json
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest
import yaml

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")
pytest.importorskip("peft", reason="the peers' environment runs these tests")
torch = pytest.importorskip("torch", reason="the peers' environment runs these tests")

import mlflow.pyfunc  # noqa: E402  (after the checks above)
import mlflow.pytorch  # noqa: E402
import mlflow.transformers  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import Model  # noqa: E402
from peft import PeftModel  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, pipeline  # noqa: E402

from conftest import mlflow_environment  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
PROMPTS = ["the answer is", "hello", "what is it?"]
NEW_TOKENS = 12
LAYOUTS = ["merged", "adapter"]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def quiet():
    warnings.simplefilter("ignore")


@pytest.fixture(scope="module")
def program():
    path = Path(os.environ.get("LIQUID_MODEL_DRIVER",
                               ROOT / "build/release/src/tracking/models/tracking_model_driver"))
    assert path.is_file(), f"{path} is not built (make build), or LIQUID_MODEL_DRIVER is wrong"
    return path


class Driver:
    """Calls of the C++ program against one store."""

    def __init__(self, program, uri, folder):
        self.program, self.uri, self.folder = program, uri, folder

    def run(self, *words):
        environment = mlflow_environment({"MLFLOW_TRACKING_URI": self.uri})
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True,
                              cwd=self.folder, env=environment, timeout=60, check=False)

    def __call__(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return json.loads(done.stdout)

    def error(self, *words):
        done = self.run(*words)
        assert done.returncode == 1, f"{words} did not fail: {done.stdout}{done.stderr}"
        return done.stderr.strip()


@pytest.fixture(scope="module", params=["file", "server"])
def store(request, program, tmp_path_factory):
    """A driver whose store is also Python's."""
    folder = tmp_path_factory.mktemp(f"models_{request.param}")
    uri = (f"sqlite:///{folder}/mlflow.db" if request.param == "file"
           else request.getfixturevalue("mlflow_server").url)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    yield Driver(program, uri, folder)
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The source: a model that stops after a few tokens by its own configuration, and its adapter."""
    folder = Path(shutil.copytree(ROOT / "tests/data/lfm2-tiny", tmp_path_factory.mktemp("source") / "tiny"))
    file = folder / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "max_new_tokens": NEW_TOKENS}))
    return folder


@pytest.fixture(scope="module")
def folders(program, tiny, tmp_path_factory):
    """Model folders of every layout, written by C++."""
    root = tmp_path_factory.mktemp("model_folders")
    write = Driver(program, "sqlite:///unused.db", root)
    write("folder", tiny, root / "merged", "-", "pytorch")
    write("folder", tiny, root / "adapter", tiny / "adapter", "pytorch", "link")
    write("folder", tiny, root / "local_base", tiny / "adapter", "local")
    return root


@pytest.fixture(scope="module")
def plain_model(tiny):
    """plain_model("adapter"): from the source files by transformers and peft alone."""

    def load(layout):
        model = AutoModelForCausalLM.from_pretrained(tiny)
        if layout != "merged":
            model = PeftModel.from_pretrained(model, tiny / "adapter")
        return model.eval()

    return load


def greedy(model, tokenizer, prompt):
    ids = tokenizer(prompt, return_tensors="pt")
    with torch.no_grad():
        out = model.generate(**ids, do_sample=False)
    return out[0].tolist()


@pytest.fixture(scope="module")
def tokenizer(tiny):
    return AutoTokenizer.from_pretrained(tiny)


@pytest.fixture(scope="module")
def expected(plain_model, tokenizer):
    """layout → what transformers and peft generate from the source files themselves, by prompt."""
    return {layout: {prompt: greedy(model, tokenizer, prompt) for prompt in PROMPTS}
            for layout in LAYOUTS for model in [plain_model(layout)]}


@pytest.fixture(scope="module")
def logged(store, folders, fresh_name):
    """layout → a model that C++ logged to a run of its own, registered and put into Production."""
    experiment, answers = fresh_name("models"), {}
    for layout in LAYOUTS:
        run = store("run", experiment)["run_id"]
        name = fresh_name(f"demo-{layout}")
        answer = store("log", run, folders / layout, "final_model", name, "champion")
        store("transition", name, 1, "production")
        answers[layout] = {**answer, "run_id": run, "name": name}
    return answers


def uris(model):
    return {"stage": f"models:/{model['name']}/Production", "run": f"runs:/{model['run_id']}/final_model",
            "version": f"models:/{model['name']}/1", "alias": f"models:/{model['name']}@champion",
            "latest": f"models:/{model['name']}/latest", "id": model["uri"]}


def says_the_same(loaded, tokenizer, expected):
    assert {prompt: greedy(loaded, tokenizer, prompt) for prompt in PROMPTS} == expected


def test_the_two_layouts_differ(expected):
    assert expected["merged"] != expected["adapter"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", ["run", "stage", "alias"])
def test_transformers_loads_and_generates(logged, expected, layout, form):
    loaded = mlflow.transformers.load_model(uris(logged[layout])[form])
    says_the_same(loaded.model, loaded.tokenizer, expected[layout])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pyfunc_loads_and_predicts(logged, plain_model, tokenizer, layout):
    loaded = mlflow.pyfunc.load_model(f"models:/{logged[layout]['name']}/Production")
    straight = pipeline("text-generation", model=plain_model(layout), tokenizer=tokenizer)
    want = [answer[0]["generated_text"].strip() for answer in straight(PROMPTS)]  # as MLflow does
    assert loaded.predict(PROMPTS) == want
    assert loaded.predict(PROMPTS[0]) == want[:1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pytorch_loads_without_unpickling(logged, tokenizer, expected, layout, monkeypatch):
    def forbidden(*_, **__):
        raise AssertionError("something was unpickled")

    monkeypatch.setattr("pickle.Unpickler", forbidden)
    monkeypatch.setattr("pickle.load", forbidden)
    monkeypatch.setattr("mlflow.pytorch.pickle_module.Unpickler", forbidden)
    loaded = mlflow.pytorch.load_model(f"runs:/{logged[layout]['run_id']}/final_model",
                                       map_location="cpu")
    assert not loaded.training
    says_the_same(loaded, tokenizer, expected[layout])


def test_two_pytorch_models_of_one_process_are_two(logged, tokenizer, expected):
    loaded = {layout: mlflow.pytorch.load_model(logged[layout]["uri"]) for layout in LAYOUTS}
    for layout in LAYOUTS:
        says_the_same(loaded[layout], tokenizer, expected[layout])


def test_pytorch_loading_obeys_the_ban_of_pickles(logged, monkeypatch):
    """The loader module is no way around a site's rule: its archive is refused like any other."""
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with pytest.raises(MlflowException, match="pickle is disallowed"):
        mlflow.pytorch.load_model(logged["merged"]["uri"])
    assert mlflow.transformers.load_model(logged["merged"]["uri"]) is not None


def test_an_adapter_over_a_local_base_loads(folders, expected):
    loaded = mlflow.transformers.load_model(str(folders / "local_base"))
    says_the_same(loaded.model, loaded.tokenizer, expected["adapter"])


def test_python_sees_the_run_and_its_model(store, logged):
    client = mlflow.MlflowClient()
    answer = logged["merged"]
    assert answer["progress_ended"]
    run = client.get_run(answer["run_id"])
    assert [(out.model_id, out.step) for out in run.outputs.model_outputs] == [(answer["model_id"], 3)]
    model = client.get_logged_model(answer["model_id"])
    assert (model.name, model.source_run_id, model.status) == ("final_model", answer["run_id"], "READY")
    assert model.params == {"rank": "4"}
    assert model.tags["mlflow.user"] == "tester"
    assert [(m.key, m.value, m.step) for m in model.metrics] == [("loss", 0.25, 3)]
    assert json.loads(model.tags["mlflow.modelVersions"]) == [{"name": answer["name"], "version": 1}]
    version = client.get_model_version(answer["name"], "1")
    assert version.source == f"models:/{answer['model_id']}"
    assert (version.run_id, version.current_stage) == (answer["run_id"], "Production")
    info = mlflow.models.get_model_info(answer["uri"])
    assert info.signature.inputs.to_dict() == [{"type": "string", "required": True}]
    assert set(info.flavors) == {"python_function", "pytorch", "transformers"}
    assert info.model_uuid == answer["model_id"] and info.run_id == answer["run_id"]


@pytest.mark.parametrize("form", ["stage", "run", "version", "alias", "latest", "id"])
def test_both_sides_find_the_same_files(store, logged, tmp_path, form):
    uri = uris(logged["adapter"])[form]
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert store("download", uri, ours)["path"] == str(ours)
    theirs.mkdir()
    theirs = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(theirs)))
    assert contents(ours) == contents(theirs)


def contents(folder):
    """By name. Of the registration the values: Python's version of an alias is a number on a file and a
    text on a server."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
             if path.is_file() and "__pycache__" not in path.parts}
    meta = yaml.safe_load(files["registered_model_meta"])
    files["registered_model_meta"] = {key: value and str(value) for key, value in meta.items()}
    return files


def test_errors_name_what_there_is(store, logged):
    name = logged["merged"]["name"]
    assert "None, Staging, Production, Archived" in store.error("resolve", f"models:/{name}/Prod")
    staging = store.error("resolve", f"models:/{name}/Staging")
    assert staging.startswith("not_found") and "1 (Production)" in staging
    alias = store.error("resolve", f"models:/{name}@none")
    assert alias.startswith("not_found") and "champion (version 1)" in alias
    run = logged["merged"]["run_id"]
    assert "final_model" in store.error("register", f"runs:/{run}/fnal_model", "never-made")


@pytest.fixture(scope="module")
def python_model(plain_model, tokenizer):
    return pipeline("text-generation", model=plain_model("merged"), tokenizer=tokenizer)


def test_the_reader_reads_what_python_saved(store, python_model, plain_model, tokenizer, tmp_path):
    requirements = {"pip_requirements": ["mlflow", "torch"]}
    mlflow.transformers.save_model(python_model, tmp_path / "whole", input_example="hello",
                                   metadata={"lr": 1e-4, "on": "yes", "who": "Ada: “é”\n", "n": [1, None]},
                                   **requirements)
    mlflow.transformers.save_model({"model": plain_model("adapter"), "tokenizer": tokenizer},
                                   tmp_path / "adapter", task="text-generation", **requirements)
    mlflow.pyfunc.save_model(tmp_path / "function", loader_module="json", **requirements)
    for folder in ("whole", "adapter", "function"):
        file = tmp_path / folder / "MLmodel"
        original = file.read_text()
        answer = store("mlmodel", file)
        assert yaml.safe_load(answer["text"]) == yaml.safe_load(original), folder
        assert json.loads(answer["json"]) == yaml.safe_load(original), folder
        assert answer["flavors"] == sorted(Model.load(file).flavors)
        file.write_text(answer["text"])
    loaded = mlflow.transformers.load_model(str(tmp_path / "whole"))
    assert loaded.model.config.model_type == "lfm2"


def test_cpp_registers_and_fetches_what_python_logged(store, python_model, fresh_name, tmp_path):
    mlflow.set_experiment(fresh_name("python"))
    with mlflow.start_run() as run:
        info = mlflow.transformers.log_model(python_model, name="final_model",
                                             pip_requirements=["mlflow"])
    name = fresh_name("from-python")
    version = store("register", f"runs:/{run.info.run_id}/final_model", name)
    assert version["source"] == f"models:/{info.model_id}" and version["run_id"] == run.info.run_id
    store("transition", name, 1, "Staging")
    ours = tmp_path / "ours"
    store("download", f"models:/{name}/staging", ours)
    assert yaml.safe_load((ours / "registered_model_meta").read_text()) == {
        "model_name": name, "model_version": "1"}
    loaded = mlflow.transformers.load_model(str(ours))
    assert loaded.model.config.model_type == "lfm2"
    assert mlflow.MlflowClient().get_model_version(name, "1").tags == {"made_by": "driver"}


def test_a_folder_among_the_runs_artifacts_is_registered_from_there(store, folders, fresh_name,
                                                                      expected):
    mlflow.set_experiment(fresh_name("old"))
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folders / "merged"), "old_style")
    name = fresh_name("old-style")
    version = store("register", f"runs:/{run.info.run_id}/old_style", name)
    assert version["source"] == f"{run.info.artifact_uri}/old_style"
    loaded = mlflow.transformers.load_model(f"models:/{name}/1")
    says_the_same(loaded.model, loaded.tokenizer, expected["merged"])
