"""Three trainings recorded by our programs into a tracking file of ours, with models and the registry: what
a user has in front of him who then opens MLflow's UI."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

EXPERIMENT = "finetune"
PLAIN = "plain"  # another experiment, of one run that has nothing but a point and a model
MODEL = "assistant"
STEPS = 240
LEARNING_RATES = {"careful": 0.0005, "middle": 0.001, "bold": 0.002}


@dataclass
class RecordedTraining:
    folder: Path
    experiment_id: str = ""
    runs: dict = field(default_factory=dict)  # name → id
    models: dict = field(default_factory=dict)  # name of its run → what the driver said about it
    plain_experiment_id: str = ""

    @property
    def database(self):
        return self.folder / "mlflow.db"


class Writer:
    """Our programs, one call each, all on the same file."""

    def __init__(self, liquid, environment, folder):
        build = Path(liquid).parents[1]
        self.programs = {"liquid": Path(liquid),
                         "train": build / "tracking/recorder/tracking_training_driver",
                         "models": build / "tracking/models/tracking_model_driver"}
        self.folder = folder
        self.environment = environment({"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
                                        "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "true",
                                        "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "0.1"})

    def __call__(self, program, *words):
        path = self.programs[program]
        assert path.is_file(), f"{path} is not built (make build)"
        done = subprocess.run([path, *map(str, words)], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{program} {words}: {done.stderr}"
        return done.stdout.strip()


def log_models(write, recorded, source):
    """Two runs end in a model each: versions 1 and 2 of one registered model."""
    write("models", "folder", source, write.folder / "made", source / "adapter")
    for run in ("careful", "bold"):
        said = write("models", "log", recorded.runs[run], write.folder / "made", "final_model", MODEL)
        recorded.models[run] = json.loads(said)
    recorded.runs[PLAIN] = json.loads(write("models", "run", PLAIN))["run_id"]
    said = write("models", "log", recorded.runs[PLAIN], write.folder / "made", "only_model")
    recorded.models[PLAIN] = json.loads(said)


def manage_registry(write):
    write("liquid", "models", "describe", MODEL, "Answers **questions**")
    write("liquid", "models", "describe", MODEL, "the bold one", "--version", "2")
    write("liquid", "models", "tag", MODEL, "language=en")
    write("liquid", "models", "tag", MODEL, "checked=yes", "--version", "2")
    write("liquid", "models", "alias", MODEL, "champion", "2")
    write("liquid", "models", "transition", MODEL, "2", "Production")


def experiment_id(write, name):
    return json.loads(write("liquid", "experiments", "get", name, "--json"))["experiment_id"]


def record_training(liquid, environment, folder, source):
    """`environment(variables)` makes a process's environment, `source` is a model with an adapter."""
    recorded = RecordedTraining(folder)
    write = Writer(liquid, environment, folder)
    write("liquid", "experiments", "create", EXPERIMENT, "--tag", "mlflow.note.content=Small models, *tuned*")
    for name, rate in LEARNING_RATES.items():
        recorded.runs[name] = write("train", EXPERIMENT, name, rate, STEPS)
    table = folder / "results.json"
    table.write_text(json.dumps({"accuracy": 0.5}))
    write("liquid", "artifacts", "upload", recorded.runs["bold"], table, "--path", "reports")
    log_models(write, recorded, source)
    manage_registry(write)
    recorded.experiment_id = experiment_id(write, EXPERIMENT)
    recorded.plain_experiment_id = experiment_id(write, PLAIN)
    return recorded
