"""The pages of MLflow's own UI in a headless Chromium, over a file that our programs wrote: what a user reads
on them, curves that are drawn, files that open, and no request that fails.

Without Chromium these tests skip (`apt-get install chromium`, or LIQUID_CHROMIUM names the program); what the
pages ask the server is then still checked by test_ui_calls.py.
"""

import json
from urllib.parse import quote

import pytest

pytest.importorskip("mlflow", reason="the peers' environment runs these tests")

from support.browser import Browser, installed_browser  # noqa: E402  (after the check above)
from support.recorded_training import EXPERIMENT, LEARNING_RATES, PLAIN  # noqa: E402

NAMES = list(LEARNING_RATES)
LINES = ".js-plotly-plot .scatterlayer .trace path.js-line"
# Asked on every page, for features that a plain server does not have.
NOT_THERE = "/ajax-api/2.0/mlflow/users/current"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    program = installed_browser()
    if program is None:
        pytest.skip("no Chromium here")
    browser = Browser(program, tmp_path_factory.mktemp("browser"))
    yield browser
    browser.stop()


@pytest.fixture
def open_page(chromium, ui_server):
    """open_page("/experiments"); at the end of the test nothing may have gone wrong on the page."""

    def start(place):
        chromium.open(f"{ui_server.url}/#{place}")
        return chromium

    chromium.calls.clear()
    chromium.problems.clear()
    yield start
    chromium.text()  # so that everything that has happened by now is noted
    failed = [(status, url) for _, url, _, status in chromium.calls
              if status >= 400 and NOT_THERE not in url]
    assert failed == []
    assert chromium.problems == []


@pytest.fixture
def at(recorded_training):
    """at("bold", "artifacts") → the address of that page of the run."""
    recorded = recorded_training

    def address(run, part=""):
        experiment = recorded.plain_experiment_id if run == PLAIN else recorded.experiment_id
        return f"/experiments/{experiment}/runs/{recorded.runs[run]}/{part}"

    return address


def in_address(value):
    return quote(json.dumps(value))


def test_list_of_experiments(open_page):
    open_page("/experiments").wait_for(EXPERIMENT, PLAIN, "Small models, *tuned*")


def test_table_of_runs(open_page, recorded_training):
    page = open_page(f"/experiments/{recorded_training.experiment_id}/runs")
    text = page.wait_for("3 matching runs", *NAMES, "chats (train0a1b)", "questions (eval0a1b)",
                         "tracking_training_driver", "assistant", "v2", "Small models, tuned")
    order = [text.index("\n" + name + "\n") for name in NAMES]
    assert order == sorted(order, reverse=True), "the newest stands first"


def test_charts_of_all_runs(open_page, recorded_training):
    page = open_page(f"/experiments/{recorded_training.experiment_id}/runs?compareRunsMode=CHART")
    page.wait_for("Model metrics\n(4)", "System metrics\n(8)", "eval_loss", "train_loss", "learning_rate",
                  *(f"{name} (train_loss)" for name in NAMES))
    assert page.count(LINES, least=9) >= 9, "three runs, at least three charts of curves"


def test_overview_of_a_run(open_page, at, recorded_training):
    page = open_page(at("bold"))
    text = page.wait_for(
        "Metrics (12)", "System metrics (8)", "Model metrics (4)", "Parameters (3)", "Logged models (1)",
        "About this run", "Trained by bold.", recorded_training.runs["bold"], "Finished",
        "tracking_training_driver", "chats (train0a1b)", "final_model", "assistant", "v2", "lora_r",
        "lfm2-tiny", "0.002000", "1.998")
    assert "liquid.heartbeat" not in text


def test_curves_of_a_run(open_page, at):
    page = open_page(at("bold", "model-metrics"))
    page.wait_for("Model metrics\n(4)", "bold (train_loss)", "bold (eval_loss)", "bold (learning_rate)")
    page.count(LINES, least=3)
    assert page.count(LINES.replace("path.js-line", "path.point"), least=24) >= 24, "points of eval_loss"


def test_load_of_the_machine(open_page, at):
    page = open_page(at("bold", "system-metrics"))
    page.wait_for("System metrics\n(8)", "cpu_utilization_percentage", "system_memory_usage_megabytes",
                  "disk_available_megabytes", "network_receive_megabytes")
    page.count(LINES, least=6)


def test_files_of_a_run(open_page, at):
    page = open_page(at("bold", "artifacts"))
    page.wait_for("reports", "samples", "notes.md")
    page.click("notes.md")
    page.wait_for("Training log", "all is well")
    page.click("reports")
    page.wait_for("results.json")


def test_a_run_whose_files_are_its_models(open_page, at):
    page = open_page(at(PLAIN, "artifacts"))
    page.wait_for("MLmodel", "You're viewing artifacts assigned to a logged model associated with this run.")


def test_compared_runs(open_page, recorded_training):
    runs = in_address([recorded_training.runs[name] for name in NAMES])
    page = open_page(f"/compare-runs?runs={runs}&experiments={in_address([recorded_training.experiment_id])}")
    page.wait_for("Comparing 3 Runs from 1 Experiment", "Parallel Coordinates Plot", *NAMES,
                  "0.000500", "0.001000", "0.002000", "final_train_loss", "1.998", "lora_r",
                  "system/cpu_utilization_percentage")
    page.count(".js-plotly-plot")


def test_curves_of_one_metric(open_page, recorded_training):
    runs = in_address([recorded_training.runs[name] for name in NAMES])
    experiments = in_address([recorded_training.experiment_id])
    page = open_page(f"/metric?runs={runs}&metric={in_address('train_loss')}&experiments={experiments}"
                     f"&plot_metric_keys={in_address(['train_loss'])}")
    page.wait_for("Completed Runs", "3/3", "2 (step=0)", *(f"{name} (train_loss)" for name in NAMES))
    page.count(LINES, least=3)


def test_models_of_an_experiment(open_page, recorded_training):
    page = open_page(f"/experiments/{recorded_training.experiment_id}/models")
    page.wait_for("final_model", "Ready", "bold", "careful", "assistant", "v1", "v2",
                  "tracking_training_driver")


def test_logged_model(open_page, recorded_training):
    place = f"/experiments/{recorded_training.experiment_id}/models/{recorded_training.models['bold']['model_id']}"
    page = open_page(place)
    page.wait_for("final_model", "Ready", "Parameters (4)", "lora_r", "Metrics (2)", "train_loss",
                  recorded_training.models["bold"]["model_id"], "assistant")
    page = open_page(place + "/artifacts")
    page.wait_for("MLmodel", "requirements.txt", "model")
    page.click("MLmodel")
    page.wait_for("flavors:", "mlflow.transformers", recorded_training.models["bold"]["model_id"])


def test_registry(open_page):
    open_page("/models").wait_for("assistant", "Version 2", "champion", "language: en")
    open_page("/models/assistant").wait_for("Answers questions", "Version 1", "Version 2", "the bold one",
                                            "champion", "language")
    open_page("/models/assistant/versions/2").wait_for(
        "the bold one", "Production", "bold", "final_model", "champion", "checked", "Inputs (1)",
        "Outputs (1)")
