"""RestStore against the real server: what C++ writes Python's client reads back equal, and the other way
round."""

import math
import time

import pytest

mlflow = pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from mlflow.entities import (Dataset, DatasetInput, InputTag, LoggedModelInput,  # noqa: E402
                             LoggedModelOutput, LoggedModelParameter, LoggedModelStatus,
                             LoggedModelTag, Metric, Param, RunTag, ViewType)
from mlflow.exceptions import MlflowException  # noqa: E402

from support.rest_driver import RestDriver, StoreError, pairs  # noqa: E402

# Values whose text is long, tiny, huge or odd: each must come back as the same double.
NUMBERS = [0.1, -0.30000000000000004, 1 / 3, 2.2250738585072014e-308, 5e-324, 1.7976931348623157e308,
           9007199254740993.0, -0.0, 0.0, 123456789.123456789, 7.38905609893065, 1e22, 1e-7]


@pytest.fixture(scope="module")
def cpp(root, mlflow_server):
    driver = RestDriver(root, mlflow_server.url)
    yield driver
    driver.close()


@pytest.fixture
def experiment(cpp, fresh_name):
    return cpp("experiments.create", name=fresh_name("rest"))


@pytest.fixture
def run_id(cpp, experiment):
    return cpp("runs.create", experiment_id=experiment, start_time=1700000000000)["info"]["id"]


def refused(call):
    with pytest.raises(StoreError) as error:
        call()
    return error.value


def python_refused(call):
    with pytest.raises(MlflowException) as error:
        call()
    return error.value.message.removeprefix(error.value.error_code + ": ")  # added by the client


def points_of(history):
    return [(point["step"], point["timestamp"], point["value"]) for point in history["items"]]


# --- experiments ---

def test_experiment_written_by_cpp(cpp, client, fresh_name):
    name = fresh_name("é 'quoted' \"name\"")
    made = cpp("experiments.create", name=name, tags=pairs({"team": "nlp", "empty": "", "ü": "n\n"}))
    seen = client.get_experiment(made)
    assert seen.name == name
    assert seen.tags == {"team": "nlp", "empty": "", "ü": "n\n"}
    ours = cpp("experiments.get", experiment_id=made)
    assert ours == {"id": made, "name": name, "artifact_location": seen.artifact_location,
                    "stage": "active", "created": seen.creation_time,
                    "updated": seen.last_update_time, "tags": seen.tags}
    assert cpp("experiments.find", name=name) == ours
    assert cpp("experiments.find", name=fresh_name("nobody")) is None


def test_life_of_an_experiment(cpp, client, experiment, fresh_name):
    other = fresh_name("renamed")
    cpp("experiments.rename", experiment_id=experiment, name=other)
    cpp("experiments.set_tag", experiment_id=experiment, key="k", value="v")
    cpp("experiments.set_tag", experiment_id=experiment, key="gone", value="v")
    cpp("experiments.delete_tag", experiment_id=experiment, key="gone")
    cpp("experiments.remove", experiment_id=experiment)
    seen = client.get_experiment(experiment)
    assert (seen.name, seen.tags, seen.lifecycle_stage) == (other, {"k": "v"}, "deleted")
    assert cpp("experiments.find", name=other)["stage"] == "deleted"
    error = refused(lambda: cpp("experiments.rename", experiment_id=experiment, name="x"))
    assert error.code == "invalid_state"
    assert "Cannot rename a non-active experiment" in error.message
    assert "tried" not in error.message  # status 500, which Python's client repeats for minutes
    cpp("experiments.restore", experiment_id=experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"


def test_errors_are_the_servers(cpp, client, fresh_name):
    name = fresh_name("taken")
    cpp("experiments.create", name=name)
    error = refused(lambda: cpp("experiments.create", name=name))
    assert error.code == "conflict"
    taken = python_refused(lambda: client.create_experiment(name))
    assert error.message.split(" Error:")[0] == taken.split(" Error:")[0]  # then follow SQL and times
    error = refused(lambda: cpp("experiments.get", experiment_id="987654"))
    assert error.code == "not_found"
    assert error.message == python_refused(lambda: client.get_experiment("987654"))
    error = refused(lambda: cpp("runs.get", run_id="0" * 32))
    assert error.code == "not_found"
    assert error.message == python_refused(lambda: client.get_run("0" * 32))
    error = refused(lambda: cpp("experiments.search", filter="name ~ 'a'"))
    assert error.code == "invalid_argument"
    assert error.message == python_refused(lambda: client.search_experiments(filter_string="name ~ 'a'"))


def test_experiments_are_searched_in_pages(cpp, client, fresh_name):
    mark = fresh_name("page")
    made = [cpp("experiments.create", name=f"{mark}-{i}") for i in range(5)]
    found, token, pages = [], "", 0
    while True:
        page = cpp("experiments.search", filter=f"name LIKE '{mark}%'", order_by=["name DESC"],
                   max_results=2, token=token)
        found += [item["id"] for item in page["items"]]
        token, pages = page["token"], pages + 1
        if not token:
            break
    assert found == made[::-1] and pages == 3
    cpp("experiments.remove", experiment_id=made[0])
    for view, python_view in [("ACTIVE_ONLY", ViewType.ACTIVE_ONLY), ("ALL", ViewType.ALL),
                              ("DELETED_ONLY", ViewType.DELETED_ONLY)]:
        ours = cpp("experiments.search", filter=f"name LIKE '{mark}%'", view=view)["items"]
        seen = client.search_experiments(filter_string=f"name LIKE '{mark}%'", view_type=python_view)
        assert [item["id"] for item in ours] == [item.experiment_id for item in seen]


# --- runs ---

def test_run_written_by_cpp(cpp, client, experiment):
    made = cpp("runs.create", experiment_id=experiment, user_id="ann", name="my run",
               start_time=1700000000123, tags=pairs({"a": "1", "mlflow.note.content": "x" * 5000}))
    run_id = made["info"]["id"]
    cpp("runs.log_batch", run_id=run_id, params=pairs({"lr": "1e-4", "long": "p" * 6000, "none": ""}),
        tags=pairs({"a": "2", "ü": "ö"}),
        metrics=[{"key": f"m{i}", "value": value, "timestamp": 1700000000000 + i, "step": -i}
                 for i, value in enumerate(NUMBERS)])
    cpp("runs.update", run_id=run_id, status="FINISHED", end_time=1700000009999)
    seen = client.get_run(run_id)
    assert seen.data.params == {"lr": "1e-4", "long": "p" * 6000, "none": ""}
    assert seen.data.metrics == {f"m{i}": value for i, value in enumerate(NUMBERS)}
    assert seen.data.tags == {"a": "2", "ü": "ö", "mlflow.note.content": "x" * 5000,
                              "mlflow.runName": "my run"}
    assert (seen.info.user_id, seen.info.run_name, seen.info.status) == ("ann", "my run", "FINISHED")
    ours = cpp("runs.get", run_id=run_id)
    assert ours["info"] == {
        "id": run_id, "experiment_id": experiment, "name": "my run", "user_id": "ann",
        "status": "FINISHED", "start_time": 1700000000123, "end_time": 1700000009999,
        "artifact_uri": seen.info.artifact_uri, "stage": "active"}
    assert ours["params"] == seen.data.params and ours["tags"] == seen.data.tags
    assert {m["key"]: m["value"] for m in ours["metrics"]} == seen.data.metrics


def test_run_written_by_python(cpp, client, experiment):
    run = client.create_run(experiment, start_time=5, tags={"t": "v"}, run_name="theirs")
    run_id = run.info.run_id
    client.log_batch(run_id, [Metric(f"m{i}", value, 10 + i, i) for i, value in enumerate(NUMBERS)],
                     [Param("p", "q")], [RunTag("u", "w")])
    client.set_terminated(run_id, "KILLED", end_time=77)
    ours = cpp("runs.get", run_id=run_id)
    assert {m["key"]: (m["value"], m["timestamp"], m["step"]) for m in ours["metrics"]} == {
        f"m{i}": (value, 10 + i, i) for i, value in enumerate(NUMBERS)}
    assert ours["params"] == {"p": "q"} and ours["tags"]["u"] == "w"
    assert (ours["info"]["status"], ours["info"]["end_time"]) == ("KILLED", 77)
    client.delete_run(run_id)
    assert cpp("runs.get", run_id=run_id)["info"]["stage"] == "deleted"
    cpp("runs.restore", run_id=run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"
    cpp("runs.remove", run_id=run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"


def test_values_that_json_has_no_number_for(cpp, client, run_id):
    cpp("runs.log_batch", run_id=run_id, metrics=[
        {"key": "nan", "value": "NaN", "timestamp": 1, "step": 0},
        {"key": "inf", "value": "Infinity", "timestamp": 1, "step": 0},
        {"key": "minus", "value": "-Infinity", "timestamp": 1, "step": 0}])
    seen = client.get_run(run_id).data.metrics
    assert math.isnan(seen["nan"])
    assert seen["inf"] == 1.7976931348623157e308 and seen["minus"] == -1.7976931348623157e308
    ours = {m["key"]: m["value"] for m in cpp("runs.get", run_id=run_id)["metrics"]}
    assert ours == {"nan": "NaN", "inf": 1.7976931348623157e308, "minus": -1.7976931348623157e308}
    assert cpp("runs.metric_history", run_id=run_id, key="nan")["items"][0]["value"] == "NaN"
    sampled = cpp("runs.sampled_history", run_ids=[run_id], key="nan")
    assert sampled[0]["value"] == "NaN"


def test_a_large_batch_is_sent_in_parts(cpp, client, run_id):
    metrics = [{"key": "loss", "value": i / 7, "timestamp": i, "step": i} for i in range(2500)]
    parameters = {f"p{i}": "v" * 6000 for i in range(250)}  # 1.5 MB
    tags = {f"t{i}": str(i) for i in range(130)}
    for _ in range(2):  # again: nothing changes
        cpp("runs.log_batch", run_id=run_id, metrics=metrics, params=pairs(parameters),
            tags=pairs(tags))
    seen = client.get_run(run_id)
    assert seen.data.params == parameters
    assert {key: value for key, value in seen.data.tags.items() if key in tags} == tags
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "loss")] == [
        (i, i / 7) for i in range(2500)]


def test_long_histories_come_whole(cpp, client, run_id):
    count = 25_000 + 1_500
    metrics = [{"key": "m", "value": i * 0.1, "timestamp": i, "step": i} for i in range(count)]
    cpp("runs.log_batch", run_id=run_id, metrics=metrics)
    whole = cpp("runs.metric_history", run_id=run_id, key="m")
    assert points_of(whole) == [(i, i, i * 0.1) for i in range(count)]
    assert whole["token"] == ""
    part = cpp("runs.metric_history", run_id=run_id, key="m", max_results=10)
    rest = cpp("runs.metric_history", run_id=run_id, key="m", max_results=10, token=part["token"])
    assert points_of(part) + points_of(rest) == [(i, i, i * 0.1) for i in range(20)]
    assert cpp("runs.metric_history", run_id=run_id, key="none") == {"items": [], "token": ""}


def test_histories_of_many_runs_are_thinned(cpp, client, experiment):
    runs = [cpp("runs.create", experiment_id=experiment)["info"]["id"] for _ in range(2)]
    for run_id in runs:
        cpp("runs.log_batch", run_id=run_id, metrics=[
            {"key": "m", "value": i, "timestamp": i, "step": i} for i in range(1000)])
    points = cpp("runs.sampled_history", run_ids=runs, key="m", max_points=10)
    assert {point["run_id"] for point in points} == set(runs)
    first = [point["step"] for point in points if point["run_id"] == runs[0]]
    assert first[0] == 0 and first[-1] == 999 and 10 <= len(first) <= 13
    window = cpp("runs.sampled_history", run_ids=runs[:1], key="m", start_step=5, end_step=9)
    assert [point["step"] for point in window] == [5, 6, 7, 8, 9]


def test_params_are_written_once(cpp, client, run_id):
    cpp("runs.log_batch", run_id=run_id, params=pairs({"p": "1"}))
    cpp("runs.log_batch", run_id=run_id, params=pairs({"p": "1"}))
    error = refused(lambda: cpp("runs.log_batch", run_id=run_id, params=pairs({"p": "2"})))
    assert error.code == "invalid_argument"
    assert error.message == python_refused(
        lambda: client.log_batch(run_id, params=[Param("p", "2")]))


def test_bad_bytes_do_not_stop_a_batch(cpp, client, run_id):
    cpp("runs.log_batch", run_id=run_id, params=pairs({"p": "\ud800".encode(
        "utf-8", "surrogatepass").decode("utf-8", "replace")}))
    assert "\ufffd" in client.get_run(run_id).data.params["p"]


def test_runs_are_searched_and_sorted_alike(cpp, client, experiment):
    for i in range(7):
        run = cpp("runs.create", experiment_id=experiment, start_time=i)["info"]["id"]
        cpp("runs.log_batch", run_id=run, params=pairs({"kind": "ab"[i % 2]}),
            metrics=[{"key": "loss", "value": (i * 37 % 11) / 10, "timestamp": 0, "step": 0}])
    for words in [{}, {"filter": "metrics.loss < 0.6"}, {"order_by": ["metrics.loss ASC"]},
                  {"filter": "params.kind = 'a'", "order_by": ["start_time ASC"]}]:
        ours = cpp("runs.search", experiment_ids=[experiment], **words)["items"]
        seen = client.search_runs([experiment], words.get("filter", ""),
                                  order_by=words.get("order_by"))
        assert [run["info"]["id"] for run in ours] == [run.info.run_id for run in seen]
    page = cpp("runs.search", experiment_ids=[experiment], max_results=4)
    rest = cpp("runs.search", experiment_ids=[experiment], max_results=4, token=page["token"])
    assert (len(page["items"]), len(rest["items"]), rest["token"]) == (4, 3, "")


def test_run_tags_are_deleted(cpp, client, run_id):
    cpp("runs.log_batch", run_id=run_id, tags=pairs({"k": "v"}))
    cpp("runs.delete_tag", run_id=run_id, key="k")
    assert "k" not in client.get_run(run_id).data.tags
    error = refused(lambda: cpp("runs.delete_tag", run_id=run_id, key="k"))
    assert error.code == "not_found"
    assert error.message == python_refused(lambda: client.delete_tag(run_id, "k"))


def test_datasets_and_models_of_a_run(cpp, client, experiment, run_id):
    model = cpp("logged_models.create", experiment_id=experiment, name="in")["id"]
    other = cpp("logged_models.create", experiment_id=experiment, name="out")["id"]
    cpp("runs.log_inputs", run_id=run_id, models=[model], datasets=[{
        "name": "corpus", "digest": "abc", "source_type": "local", "source": '{"uri": "/x"}',
        "schema": "[]", "profile": "{}", "tags": pairs({"mlflow.data.context": "train"})}])
    cpp("runs.log_outputs", run_id=run_id, model_id=other, step=12)
    seen = client.get_run(run_id)
    dataset = seen.inputs.dataset_inputs[0]
    assert dataset.dataset == Dataset("corpus", "abc", "local", '{"uri": "/x"}', "[]", "{}")
    assert [(tag.key, tag.value) for tag in dataset.tags] == [("mlflow.data.context", "train")]
    assert [m.model_id for m in seen.inputs.model_inputs] == [model]
    assert [(m.model_id, m.step) for m in seen.outputs.model_outputs] == [(other, 12)]
    ours = cpp("runs.get", run_id=run_id)
    assert ours["datasets"][0]["dataset"]["schema"] == "[]"
    assert ours["model_inputs"] == [model] and ours["model_outputs"] == [[other, 12]]


def test_datasets_written_by_python(cpp, client, experiment, run_id):
    model = client.create_logged_model(experiment)
    client.log_inputs(run_id, [DatasetInput(Dataset("d", "1", "http", "s"),
                                            [InputTag("mlflow.data.context", "eval")])],
                      models=[LoggedModelInput(model.model_id)])
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 3)])
    ours = cpp("runs.get", run_id=run_id)
    assert ours["datasets"] == [{"tags": pairs({"mlflow.data.context": "eval"}),
                                 "dataset": {"name": "d", "digest": "1", "source_type": "http",
                                             "source": "s"}}]
    assert ours["model_inputs"] == [model.model_id]
    assert ours["model_outputs"] == [[model.model_id, 3]]


def test_old_record_of_a_model(cpp, client, run_id):
    cpp("runs.record_model", run_id=run_id, model_json=(
        '{"run_id": "%s", "artifact_path": "model", "utc_time_created": "2026-11-24 00:00:00.000000", '
        '"model_uuid": "0", "flavors": {"python_function": {"loader_module": "x"}}}' % run_id))
    assert '"artifact_path": "model"' in client.get_run(run_id).data.tags["mlflow.log-model.history"]


# --- logged models ---

def test_logged_model_written_by_cpp(cpp, client, experiment, run_id):
    parameters = {f"p{i}": str(i) for i in range(250)}
    made = cpp("logged_models.create", experiment_id=experiment, name="adapter", run_id=run_id,
               model_type="lora", params=pairs(parameters), tags=pairs({"a": "b"}))
    assert made["status"] == "LOGGED_MODEL_PENDING"
    cpp("logged_models.set_tags", model_id=made["id"], tags=pairs({"c": "d", "x/y": "e"}))
    cpp("logged_models.delete_tag", model_id=made["id"], key="a")
    cpp("runs.log_batch", run_id=run_id, metrics=[
        {"key": "loss", "value": 0.1, "timestamp": 5, "step": 2, "model_id": made["id"]}])
    done = cpp("logged_models.finalize", model_id=made["id"], status="LOGGED_MODEL_READY")
    seen = client.get_logged_model(made["id"])
    assert seen.params == parameters == done["params"]
    assert seen.tags == {"c": "d", "x/y": "e"} == done["tags"]
    assert (seen.name, seen.model_type, seen.source_run_id) == ("adapter", "lora", run_id)
    assert seen.status == LoggedModelStatus.READY and done["status"] == "LOGGED_MODEL_READY"
    assert seen.artifact_location == done["artifact_uri"]
    assert [(m.key, m.value, m.step) for m in seen.metrics] == [("loss", 0.1, 2)]
    assert [(m["key"], m["value"], m["step"]) for m in done["metrics"]] == [("loss", 0.1, 2)]
    cpp("logged_models.remove", model_id=made["id"])
    error = refused(lambda: cpp("logged_models.get", model_id=made["id"]))
    assert error.code == "not_found"


def test_logged_model_written_by_python(cpp, client, experiment):
    made = client.create_logged_model(experiment, name="theirs", tags={"t": "v"}, params={"p": "q"},
                                      model_type="x")
    ours = cpp("logged_models.get", model_id=made.model_id)
    assert ours == {"id": made.model_id, "experiment_id": experiment, "name": "theirs",
                    "artifact_uri": made.artifact_location, "status": "LOGGED_MODEL_PENDING",
                    "created": made.creation_timestamp, "updated": made.last_updated_timestamp,
                    "model_type": "x", "source_run_id": "", "tags": {"t": "v"},
                    "params": {"p": "q"}, "metrics": []}
    cpp("logged_models.log_params", model_id=made.model_id, params=pairs({"r": "s"}))
    assert client.get_logged_model(made.model_id).params == {"p": "q", "r": "s"}


def test_logged_models_are_searched(cpp, client, experiment, run_id):
    models = [cpp("logged_models.create", experiment_id=experiment, name=f"n{i}", run_id=run_id)["id"]
              for i in range(3)]
    for i, model in enumerate(models):
        cpp("runs.log_batch", run_id=run_id, metrics=[
            {"key": "loss", "value": i, "timestamp": 1, "step": 1, "model_id": model}])
    found = cpp("logged_models.search", experiment_ids=[experiment], filter="metrics.loss > 0",
                order_field="metrics.loss")
    assert [model["id"] for model in found["items"]] == [models[2], models[1]]
    page = cpp("logged_models.search", experiment_ids=[experiment], max_results=2)
    rest = cpp("logged_models.search", experiment_ids=[experiment], max_results=2, token=page["token"])
    assert len(page["items"]) == 2 and len(rest["items"]) == 1


# --- registry ---

def test_registry_written_by_cpp(cpp, client, experiment, run_id, fresh_name):
    name = fresh_name("model")
    logged = cpp("logged_models.create", experiment_id=experiment, name="n", run_id=run_id)
    cpp("models.create", name=name, description="first", tags=pairs({"a": "b"}))
    for _ in range(2):
        cpp("versions.create", name=name, source=f"models:/{logged['id']}", run_id=run_id,
            model_id=logged["id"], description="v", tags=pairs({"k": "w"}))
    cpp("models.set_alias", name=name, alias="champion", version="1")
    cpp("models.set_tag", name=name, key="c", value="d")
    cpp("models.delete_tag", name=name, key="a")
    cpp("models.describe", name=name, text="second")
    cpp("versions.describe", name=name, version="2", text="other")
    cpp("versions.set_tag", name=name, version="2", key="x", value="y")
    cpp("versions.delete_tag", name=name, version="2", key="k")
    cpp("versions.transition", name=name, version="1", stage="Production")
    moved = cpp("versions.transition", name=name, version="2", stage="Production", archive=True)
    assert moved["stage"] == "Production"

    seen = client.get_registered_model(name)
    assert (seen.description, seen.tags, seen.aliases) == ("second", {"c": "d"}, {"champion": "1"})
    first, second = client.get_model_version(name, "1"), client.get_model_version(name, "2")
    assert (first.current_stage, first.tags, first.description) == ("Archived", {"k": "w"}, "v")
    assert (second.current_stage, second.tags, second.description) == ("Production", {"x": "y"}, "other")
    assert (first.run_id, first.source) == (run_id, f"models:/{logged['id']}")

    ours = cpp("models.get", name=name)
    assert ours["aliases"] == {"champion": "1"} and ours["description"] == "second"
    assert {(v["version"], v["stage"]) for v in ours["latest"]} == {("1", "Archived"),
                                                                    ("2", "Production")}
    best = cpp("versions.find_by_alias", name=name, alias="champion")
    assert best == {
        "name": name, "version": "1", "created": first.creation_timestamp,
        "updated": first.last_updated_timestamp, "stage": "Archived", "description": "v",
        "source": first.source, "run_id": run_id, "model_id": first.model_id or "",
        "status": first.status, "tags": {"k": "w"}, "aliases": ["champion"]}
    assert [v["version"] for v in cpp("versions.latest", name=name, stage="Production")] == ["2"]
    assert len(cpp("versions.latest", name=name)) == 2
    assert cpp("versions.download_uri", name=name, version="1") == (
        client.get_model_version_download_uri(name, "1"))
    assert [v["version"] for v in cpp("versions.search", filter=f"name = '{name}'")["items"]] == [
        v.version for v in client.search_model_versions(f"name = '{name}'")]


def test_life_of_a_registered_model(cpp, client, fresh_name):
    name, other = fresh_name("life"), fresh_name("after")
    client.create_registered_model(name, tags={"t": "v"}, description="d")
    client.create_model_version(name, "s3://bucket/path")
    ours = cpp("models.get", name=name)
    assert (ours["tags"], ours["description"]) == ({"t": "v"}, "d")
    assert ours["latest"][0]["source"] == "s3://bucket/path"
    error = refused(lambda: cpp("models.create", name=name))
    assert error.code == "conflict"
    assert error.message == python_refused(lambda: client.create_registered_model(name))
    assert cpp("models.rename", name=name, new_name=other)["name"] == other
    cpp("models.set_alias", name=other, alias="a", version="1")
    cpp("models.delete_alias", name=other, alias="a")
    assert client.get_registered_model(other).aliases == {}
    error = refused(lambda: cpp("versions.find_by_alias", name=other, alias="a"))
    assert error.message == python_refused(lambda: client.get_model_version_by_alias(other, "a"))
    found = cpp("models.search", filter=f"name = '{other}'", order_by=["name ASC"])["items"]
    assert [model["name"] for model in found] == [other]
    cpp("versions.remove", name=other, version="1")
    assert refused(lambda: cpp("versions.get", name=other, version="1")).code == "not_found"
    cpp("models.remove", name=other)
    assert refused(lambda: cpp("models.get", name=other)).code == "not_found"


# --- speed ---

def test_calls_do_not_wait_for_delayed_acknowledgements(root, start_mlflow, fresh_name):
    """A server with several workers, as `mlflow server` starts by default, costs every kept connection
    44 ms a call unless the client acknowledges at once. The database's part is far below that."""
    server = start_mlflow(workers=2)
    driver = RestDriver(root, server.url)
    experiment = driver("experiments.create", name=fresh_name("fast"))
    took = []
    limit = time.monotonic() + 30
    while len(took) < 60 and time.monotonic() < limit:
        driver("experiments.get", experiment_id=experiment)
        took.append(driver.milliseconds)
    driver.close()
    # The fastest, because a worker's first calls and a busy machine are slower.
    assert sorted(took)[len(took) // 4] < 30, sorted(took)


# --- users ---

@pytest.fixture(scope="module")
def guarded(start_mlflow, tmp_path_factory):
    """A server with users, `admin` among them."""
    pytest.importorskip("flask_wtf", reason="MLflow's basic-auth needs Flask-WTF")
    folder = tmp_path_factory.mktemp("auth")
    config = folder / "auth.ini"
    config.write_text(f"""[mlflow]
default_permission = READ
database_uri = sqlite:///{folder}/auth.db
admin_username = admin
admin_password = of the admin 1
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
""")
    return start_mlflow(arguments=["--app-name", "basic-auth"],
                        environment={"MLFLOW_AUTH_CONFIG_PATH": str(config),
                                     "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret of this test"})


def test_servers_with_users(root, guarded, fresh_name):
    def driver(uri=guarded.url, **variables):
        return RestDriver(root, uri, {f"MLFLOW_TRACKING_{name}": value
                                      for name, value in variables.items()})

    nobody = driver()
    error = refused(lambda: nobody("experiments.find", name="Default"))
    assert error.code == "unauthenticated"
    assert "MLFLOW_TRACKING_USERNAME" in error.message
    wrong = driver(USERNAME="admin", PASSWORD="guessed-wrongly")
    assert refused(lambda: wrong("experiments.find", name="Default")).code == "unauthenticated"
    admin = driver(USERNAME="admin", PASSWORD="of the admin 1")
    experiment = admin("experiments.create", name=fresh_name("guarded"))

    from mlflow.server import get_app_client
    with_password = guarded.url.replace("http://", "http://ann:ann-password-1@")
    python = get_app_client("basic-auth", tracking_uri=guarded.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
        patch.setenv("MLFLOW_TRACKING_PASSWORD", "of the admin 1")
        python.create_user("ann", "ann-password-1")
    ann = driver(with_password)
    assert ann("experiments.get", experiment_id=experiment)["id"] == experiment
    error = refused(lambda: ann("experiments.remove", experiment_id=experiment))
    assert error.code == "permission_denied"
    assert "Permission denied" in error.message and "ann-password-1" not in error.message
    for one in (nobody, wrong, admin, ann):
        one.close()
