"""The calls that MLflow's own UI makes, page by page, to MLflow's server over a file that our programs wrote,
and what the pages need from the answers. The requests are those a browser was seen to send (see
test_ui_pages.py for the pages themselves); the GraphQL operations are read from the installed UI."""

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

import mlflow.server  # noqa: E402  (after the check above)
import yaml  # noqa: E402

from support.recorded_training import EXPERIMENT, LEARNING_RATES, MODEL, PLAIN, STEPS  # noqa: E402

NAMES = list(LEARNING_RATES)
AJAX = "/ajax-api/2.0/mlflow/"
SYSTEM = {"system/" + name for name in (
    "cpu_utilization_percentage", "system_memory_usage_megabytes", "system_memory_usage_percentage",
    "disk_usage_percentage", "disk_usage_megabytes", "disk_available_megabytes",
    "network_receive_megabytes", "network_transmit_megabytes")}
CURVES = {"train_loss", "eval_loss", "learning_rate", "final_train_loss"}


class Ui:
    """What the pages use: GET with a query, POST with JSON, GraphQL."""

    def __init__(self, url):
        self.url = url
        bundle = Path(mlflow.server.__file__).parent / "js/build/static/js"
        found = (match for file in bundle.glob("*.js")
                 for match in re.finditer(r"`\s*(query (\w+)\([^`]*)`", file.read_text(errors="replace")))
        self.operations = {match.group(2): match.group(1) for match in found}

    def _answer(self, request):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.code} {error.read()[:2000]}") from error

    def bytes(self, path, /, **query):
        return self._answer(urllib.request.Request(
            self.url + path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")))

    def get(self, path, /, **query):
        return json.loads(self.bytes(AJAX + path, **query))

    def post(self, path, body, base=AJAX):
        return json.loads(self._answer(urllib.request.Request(
            self.url + base + path, json.dumps(body).encode(), {"Content-Type": "application/json"})))

    def graphql(self, operation, variables):
        answer = self.post("graphql", {"operationName": operation, "variables": variables,
                                       "query": self.operations[operation]}, base="/")
        assert not answer.get("errors"), answer
        [payload] = answer["data"].values()
        assert not payload["apiError"], payload
        return payload


@pytest.fixture(scope="module")
def ui(ui_server):
    return Ui(ui_server.url)


def pairs(items, key="key"):
    return {item[key]: item["value"] for item in items}


def loss_at(name, step):
    return 2.0 * math.exp(-40.0 * LEARNING_RATES[name] * step)


def check_run(run, name, recorded, run_id="run_id", model_id="model_id"):
    """A run as runs/search (snake_case) and GraphQL (camelCase) tell it."""
    assert run["info"][run_id] == recorded.runs[name]
    metrics = pairs(run["data"]["metrics"])
    assert set(metrics) == CURVES | SYSTEM
    assert metrics["train_loss"] == pytest.approx(loss_at(name, STEPS - 1))
    assert metrics["final_train_loss"] == 2.0 - LEARNING_RATES[name]
    assert {int(m["step"]) for m in run["data"]["metrics"] if m["key"] == "train_loss"} == {STEPS - 1}
    assert pairs(run["data"]["params"]) == {"learning_rate": f"{LEARNING_RATES[name]:.6f}", "lora_r": "16",
                                            "model": "lfm2-tiny"}
    tags = pairs(run["data"]["tags"])
    assert (tags["mlflow.runName"], tags["mlflow.source.type"], tags["team"]) == (name, "LOCAL", "search")
    assert tags["mlflow.user"] and Path(tags["mlflow.source.name"]).name == "tracking_training_driver"
    assert tags["mlflow.note.content"] == f"Trained by **{name}**."
    assert "liquid.heartbeat" not in tags, "of a run that has ended"
    outputs = (run.get("outputs") or {}).get("model_outputs" if model_id == "model_id" else "modelOutputs", [])
    assert [output[model_id] for output in outputs] == [m["model_id"] for run_name, m in
                                                        recorded.models.items() if run_name == name]


def check_datasets(inputs, source_type="source_type"):
    found = {item["dataset"]["name"]: (item["dataset"], pairs(item["tags"])) for item in inputs}
    assert set(found) == {"chats", "questions"}
    for name, context in (("chats", "train"), ("questions", "eval")):
        dataset, tags = found[name]
        assert tags == {"mlflow.data.context": context}
        assert (dataset["digest"], dataset[source_type]) == (context + "0a1b", "local")
        assert json.loads(dataset["source"]) == {"uri": f"data/{name}.jsonl"}
        assert json.loads(dataset["schema"])["mlflow_colspec"][0]["name"] == "text"
        assert json.loads(dataset["profile"])["num_rows"] == 1200


# Experiments page


def test_server_knows_its_store(ui):
    info = json.loads(ui.bytes("/ajax-api/3.0/mlflow/server-info"))
    assert info["store_type"] == "SqlStore" and info["workspaces_enabled"] is False


def test_list_of_experiments(ui, recorded_training):
    answer = ui.get("experiments/search", max_results=25, order_by="last_update_time DESC",
                    filter="tags.`mlflow.experiment.isGateway` IS NULL")
    found = {item["name"]: item for item in answer["experiments"]}
    assert set(found) == {"Default", EXPERIMENT, PLAIN}
    assert found[EXPERIMENT]["experiment_id"] == recorded_training.experiment_id
    assert pairs(found[EXPERIMENT]["tags"]) == {"mlflow.note.content": "Small models, *tuned*"}
    assert int(found[EXPERIMENT]["creation_time"]) <= int(found[EXPERIMENT]["last_update_time"])


# The page of one experiment: runs, charts, models


def test_experiment(ui, recorded_training):
    variables = {"input": {"experimentId": recorded_training.experiment_id}}
    experiment = ui.graphql("MlflowGetExperimentQuery", variables)["experiment"]
    assert (experiment["name"], experiment["lifecycleStage"]) == (EXPERIMENT, "active")
    assert experiment["artifactLocation"] == str(recorded_training.folder / "mlruns/1")
    assert pairs(experiment["tags"]) == {"mlflow.note.content": "Small models, *tuned*"}


def search(ui, recorded, **more):
    body = {"experiment_ids": [recorded.experiment_id], "order_by": ["attributes.start_time DESC"],
            "run_view_type": "ACTIVE_ONLY", "filter": "", "max_results": 50, **more}
    return ui.post("runs/search", body).get("runs", [])


def test_table_of_runs(ui, recorded_training):
    runs = search(ui, recorded_training)
    assert [run["info"]["run_name"] for run in runs] == NAMES[::-1]
    for run in runs:
        assert (run["info"]["status"], run["info"]["lifecycle_stage"]) == ("FINISHED", "active")
        assert run["info"]["start_time"] < run["info"]["end_time"]
        check_run(run, run["info"]["run_name"], recorded_training)
        check_datasets(run["inputs"]["dataset_inputs"])


@pytest.mark.parametrize("change,names", [
    ({"filter": 'metrics.train_loss < 0.001 and params.lora_r = "16"'}, ["bold", "middle"]),
    ({"filter": "dataset.name = 'chats' and dataset.context = 'train'"}, NAMES[::-1]),
    ({"filter": "attributes.run_name ILIKE '%CARE%'"}, ["careful"]),
    ({"filter": "tags.`mlflow.parentRunId` = 'none'"}, []),
    ({"order_by": ["metrics.`final_train_loss` DESC"]}, ["careful", "middle", "bold"]),
    ({"order_by": ["params.`learning_rate` DESC"]}, ["bold", "middle", "careful"]),
    ({"run_view_type": "DELETED_ONLY"}, []),
])
def test_search_box_sorting_and_state(ui, recorded_training, change, names):
    assert [run["info"]["run_name"] for run in search(ui, recorded_training, **change)] == names


def test_pages_of_runs(ui, recorded_training):
    body = {"experiment_ids": [recorded_training.experiment_id], "max_results": 2,
            "order_by": ["attributes.start_time DESC"]}
    first = ui.post("runs/search", body)
    second = ui.post("runs/search", {**body, "page_token": first["next_page_token"]})
    assert [r["info"]["run_name"] for r in first["runs"] + second["runs"]] == NAMES[::-1]


def test_choice_of_datasets(ui, recorded_training):
    answer = ui.post("experiments/search-datasets", {"experiment_ids": [recorded_training.experiment_id]})
    assert {(s["name"], s["digest"], s["context"]) for s in answer["dataset_summaries"]} == {
        ("chats", "train0a1b", "train"), ("questions", "eval0a1b", "eval")}


def sampled(ui, recorded, key, **more):
    ids = [recorded.runs[name] for name in NAMES]
    answer = ui.get("metrics/get-history-bulk-interval",
                    **{"run_ids": ids, "metric_key": key, "max_results": 320, **more})
    curves = {name: [] for name in NAMES}
    by_id = dict(zip(ids, NAMES))
    for point in answer["metrics"]:
        assert point["key"] == key and int(point["timestamp"]) > 1_000_000_000_000
        curves[by_id[point["run_id"]]].append((int(point["step"]), point["value"]))
    return curves


def test_charts_of_several_runs(ui, recorded_training):
    for name, curve in sampled(ui, recorded_training, "train_loss").items():
        assert [step for step, _ in curve] == list(range(STEPS))
        assert [value for _, value in curve] == pytest.approx([loss_at(name, s) for s in range(STEPS)])
    for curve in sampled(ui, recorded_training, "eval_loss").values():
        assert [step for step, _ in curve] == list(range(0, STEPS, 10))


def test_charts_are_thinned_and_zoomed(ui, recorded_training):
    for curve in sampled(ui, recorded_training, "train_loss", max_results=20).values():
        assert 20 <= len(curve) <= 23 and curve[0][0] == 0 and curve[-1][0] == STEPS - 1
    for curve in sampled(ui, recorded_training, "train_loss", start_step=100, end_step=120).values():
        assert [step for step, _ in curve] == list(range(100, 121))


@pytest.mark.parametrize("key", sorted(SYSTEM))
def test_charts_of_the_machine(ui, recorded_training, key):
    for curve in sampled(ui, recorded_training, key).values():
        assert len(curve) >= 2 and [step for step, _ in curve] == list(range(len(curve)))
        assert all(0 <= value and (value <= 100 or "percentage" not in key) for _, value in curve)


def test_charts_by_graphql(ui, recorded_training):
    ids = [recorded_training.runs[name] for name in NAMES]
    points = ui.graphql("GetMetricHistoryBulkInterval", {"data": {
        "runIds": ids, "metricKey": "train_loss", "startStep": None, "endStep": None,
        "maxResults": 320}})["metrics"]
    assert [(p["runId"], int(p["step"])) for p in points] == [(i, s) for i in ids for s in range(STEPS)]
    assert [p["value"] for p in points] == pytest.approx(
        [loss_at(name, step) for name in NAMES for step in range(STEPS)])


def test_page_of_one_metric(ui, recorded_training):
    ids = [recorded_training.runs[name] for name in NAMES]
    whole = ui.get("metrics/get-history", run_uuid=ids[0], metric_key="train_loss", max_results=25000)
    assert [int(p["step"]) for p in whole["metrics"]] == list(range(STEPS))
    older = ui.get("metrics/get-history-bulk", run_id=ids, metric_key="eval_loss", max_results=25000)
    assert len(older["metrics"]) == len(ids) * STEPS // 10


def test_table_of_models(ui, recorded_training):
    body = {"experiment_ids": [recorded_training.experiment_id],
            "order_by": [{"field_name": "creation_time", "ascending": False}], "filter": ""}
    models = ui.post("logged-models/search", body)["models"]
    said = recorded_training.models
    assert [m["info"]["model_id"] for m in models] == [said[run]["model_id"] for run in ("bold", "careful")]
    for model, run, version in zip(models, ("bold", "careful"), (2, 1)):
        info, tags = model["info"], pairs(model["info"]["tags"])
        assert (info["name"], info["status"], info["source_run_id"]) == (
            "final_model", "LOGGED_MODEL_READY", recorded_training.runs[run])
        assert json.loads(tags["mlflow.modelVersions"]) == [{"name": MODEL, "version": version}]
        assert Path(tags["mlflow.source.name"]).name == "tracking_training_driver"
        assert pairs(model["data"]["params"])["learning_rate"] == f"{LEARNING_RATES[run]:.6f}"
        assert pairs(model["data"]["metrics"])["train_loss"] == pytest.approx(loss_at(run, 3))
    body["order_by"] = [{"field_name": "metrics.train_loss", "ascending": True}]
    by_loss = ui.post("logged-models/search", body)["models"]
    assert [m["info"]["source_run_id"] for m in by_loss] == [recorded_training.runs[run]
                                                             for run in ("bold", "careful")]


# The page of one run


@pytest.mark.parametrize("name", NAMES)
def test_run(ui, recorded_training, name):
    run = ui.graphql("GetRun", {"data": {"runId": recorded_training.runs[name]}})["run"]
    info = run["info"]
    assert (info["runName"], info["status"], info["lifecycleStage"]) == (name, "FINISHED", "active")
    assert int(info["startTime"]) < int(info["endTime"]) and info["userId"]
    assert run["experiment"]["name"] == EXPERIMENT
    check_run(run, name, recorded_training, run_id="runUuid", model_id="modelId")
    check_datasets(run["inputs"]["datasetInputs"], "sourceType")
    versions = {"careful": [(MODEL, "1")], "middle": [], "bold": [(MODEL, "2")]}[name]
    assert [(v["name"], v["version"]) for v in run["modelVersions"] or []] == versions
    found = ui.get("model-versions/search", filter=f"run_id='{recorded_training.runs[name]}'")
    assert [(v["name"], v["version"]) for v in found.get("model_versions", [])] == versions


def test_runs_by_graphql(ui, recorded_training):
    data = {"filter": "attributes.run_name = 'bold'", "experimentIds": [recorded_training.experiment_id]}
    [run] = ui.graphql("SearchRuns", {"data": data})["runs"]
    check_run(run, "bold", recorded_training, run_id="runUuid", model_id="modelId")


def test_a_run_has_no_prompts(ui, recorded_training):
    wanted = ("tags.`mlflow.prompt.is_prompt` = 'true' AND tags.`mlflow.prompt.run_ids` ILIKE "
              f"\"%{recorded_training.runs['bold']}%\"")
    assert ui.get("model-versions/search", filter=wanted).get("model_versions", []) == []


def test_models_of_a_run(ui, recorded_training):
    wanted = recorded_training.models["bold"]["model_id"]
    answer = ui.post("logged-models/search", {
        "experiment_ids": [recorded_training.experiment_id],
        "order_by": [{"field_name": "creation_time", "ascending": False}],
        "filter": f"attributes.model_id IN ('{wanted}')"})
    assert [m["info"]["model_id"] for m in answer["models"]] == [wanted]


def test_files_of_a_run(ui, recorded_training):
    run = recorded_training.runs["bold"]
    answer = ui.get("artifacts/list", run_uuid=run)
    assert {f["path"]: f["is_dir"] for f in answer["files"]} == {
        "notes.md": False, "reports": True, "samples": True}
    below = ui.get("artifacts/list", run_uuid=run, path="reports")
    assert [(f["path"], int(f["file_size"])) for f in below["files"]] == [("reports/results.json", 17)]
    for path, content in (("notes.md", b"# Training log\n\nall is well\n"),
                          ("reports/results.json", b'{"accuracy": 0.5}'),
                          ("samples/step_100.csv", b"step,text\n100,hello\n")):
        assert ui.bytes("/get-artifact", path=path, run_uuid=run) == content


# The page of one logged model


def test_logged_model(ui, recorded_training):
    said = recorded_training.models["bold"]
    model = ui.get("logged-models/" + said["model_id"])["model"]
    assert (model["info"]["status"], model["info"]["name"]) == ("LOGGED_MODEL_READY", "final_model")
    place = f"logged-models/{said['model_id']}/artifacts/"
    files = {f["path"]: f["is_dir"] for f in ui.get(place + "directories")["files"]}
    assert {"MLmodel": False, "model": True, "requirements.txt": False}.items() <= files.items()
    text = ui.bytes(AJAX + place + "files", artifact_file_path="MLmodel")
    described = yaml.safe_load(text)
    assert described["model_id"] == said["model_id"]
    assert described["run_id"] == recorded_training.runs["bold"]
    assert {"python_function", "transformers"} <= set(described["flavors"])


# Compare page


def test_compared_runs(ui, recorded_training):
    ids = [recorded_training.runs[name] for name in NAMES]
    listed = ",".join(f"'{run}'" for run in ids)
    runs = ui.post("runs/search", {"experiment_ids": [recorded_training.experiment_id],
                                   "filter": f"run_id IN ({listed})", "run_view_type": "ALL",
                                   "max_results": 3})["runs"]
    assert {run["info"]["run_id"] for run in runs} == set(ids)
    one = ui.get("experiments/get", experiment_id=recorded_training.experiment_id)["experiment"]
    assert one["name"] == EXPERIMENT
    for name in NAMES:
        check_run(ui.get("runs/get", run_id=recorded_training.runs[name])["run"], name, recorded_training)


# Registry pages


def test_registered_models(ui):
    for query in ({"filter": "", "max_results": 25, "order_by": "name ASC"}, {}):
        [model] = ui.get("registered-models/search", **query)["registered_models"]
        assert model["name"] == MODEL
        assert {(v["version"], v["current_stage"]) for v in model["latest_versions"]} == {
            ("1", "None"), ("2", "Production")}
        assert pairs(model["tags"]) == {"language": "en"}
        assert model["aliases"] == [{"alias": "champion", "version": "2"}]


def test_registered_model(ui, recorded_training):
    model = ui.get("registered-models/get", name=MODEL)["registered_model"]
    assert model["description"] == "Answers **questions**"
    versions = ui.get("model-versions/search", filter=f"name='{MODEL}'", max_results=25,
                      order_by="creation_timestamp DESC")["model_versions"]
    assert [(v["version"], v["status"], v["current_stage"]) for v in versions] == [
        ("2", "READY", "Production"), ("1", "READY", "None")]
    assert [v["run_id"] for v in versions] == [recorded_training.runs[run] for run in ("bold", "careful")]


def test_model_version(ui, recorded_training):
    version = ui.get("model-versions/get", name=MODEL, version=2)["model_version"]
    said = recorded_training.models["bold"]
    assert (version["source"], version["run_id"]) == (said["uri"], recorded_training.runs["bold"])
    assert (version["description"], version["aliases"]) == ("the bold one", ["champion"])
    assert pairs(version["tags"]) == {"checked": "yes"}
    text = ui.bytes("/model-versions/get-artifact", path="MLmodel", name=MODEL, version=2)
    assert len(yaml.safe_load(text)["signature"]["inputs"]) > 0


# And back: what people change on these pages, we see


def test_we_see_what_is_changed_in_the_ui(ui, recorded_training, run_liquid):
    run = recorded_training.runs[PLAIN]
    uri = f"sqlite:///{recorded_training.database}"

    def liquid(*words):
        done = run_liquid(*words, "--json", "--tracking-uri", uri)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    ui.post("runs/update", {"run_id": run, "run_name": "renamed"})
    ui.post("runs/set-tag", {"run_id": run, "key": "mlflow.note.content", "value": "seen"})
    ui.post("experiments/update", {"experiment_id": recorded_training.plain_experiment_id,
                                   "new_name": "plainer"})
    said = liquid("runs", "get", run)
    assert said["info"]["run_name"] == "renamed"
    assert pairs(said["data"]["tags"])["mlflow.note.content"] == "seen"
    ui.post("runs/delete", {"run_id": run})
    assert liquid("runs", "list", "--experiment-name", "plainer") == {"runs": []}
    ui.post("runs/restore", {"run_id": run})
    assert len(liquid("runs", "list", "--experiment-name", "plainer")["runs"]) == 1
    ui.post("experiments/update", {"experiment_id": recorded_training.plain_experiment_id,
                                   "new_name": PLAIN})
