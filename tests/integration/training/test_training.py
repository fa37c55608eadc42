"""`liquid train` as a user runs it: from the command line, interrupted, killed, resumed."""

import array
import json
import os
import random
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest

from support.server import clean_environment
from support.waiting import wait_until

STEPS = 12


@pytest.fixture(scope="session")
def trainer(liquid_bin):
    path = Path(liquid_bin).parent / "liquid-train"
    if not path.is_file():
        pytest.skip("built without LibTorch: there is no liquid-train")
    return path


@pytest.fixture(scope="session")
def model(root):
    return root / "tests/data/lfm2-tiny"


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "chats.jsonl"
    chooser = random.Random(3)
    words = "the a server cache answers questions about documents and never twice when it can".split()
    with path.open("w") as file:
        for _ in range(40):
            text = [" ".join(chooser.choices(words, k=chooser.randint(3, 12))) for _ in range(2)]
            file.write(json.dumps({"messages": [{"role": "user", "content": text[0]},
                                                {"role": "assistant", "content": text[1]}]}) + "\n")
    return path


@pytest.fixture
def train(trainer, run_liquid, model, data, tmp_path):
    """train("--max-steps", 4): in a folder of its own, without tracking."""

    def run(*arguments, **options):
        return run_liquid("train", *command(model, data), *arguments, cwd=tmp_path, timeout=300, **options)

    return run


def command(model, data):
    return ["--model", str(model), "--data", str(data), "--no-mlflow", "--max-length", "128", "--batch-size", "2",
            "--gradient-accumulation", "2", "--warmup-steps", "2", "--logging-steps", "1", "--number-type", "fp32",
            "--output-dir", "out", "--max-steps", str(STEPS)]


def tensors(path):
    """A safetensors file as {name: bytes}."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    body = raw[8 + length:]
    return {name: body[slice(*entry["data_offsets"])] for name, entry in header.items() if name != "__metadata__"}


def losses(folder):
    history = json.loads((folder / "trainer_state.json").read_text())["log_history"]
    return [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]


def checkpoints(folder):
    return sorted((int(path.name.split("-")[1]), path) for path in folder.glob("checkpoint-*"))


@pytest.fixture(scope="session")
def undisturbed(trainer, run_liquid, model, data, tmp_path_factory):
    """The output of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run = run_liquid("train", *command(model, data), cwd=folder, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "out"


def assert_equal_runs(one, other):
    assert losses(one / f"checkpoint-{STEPS}") == losses(other / f"checkpoint-{STEPS}")
    for name in ["adapter_model.safetensors", "optimizer.safetensors"]:
        assert tensors(one / f"checkpoint-{STEPS}" / name) == tensors(other / f"checkpoint-{STEPS}" / name)


def test_a_run_learns_and_says_what_it_trains(undisturbed, train):
    run = train("--output-dir", "again", "--eval-share", "0.2")
    assert run.returncode == 0, run.stderr
    assert "conv.in_proj" in run.stdout and "self_attn.q_proj" in run.stdout
    assert f"step {STEPS}/{STEPS}" in run.stdout and "eval loss" in run.stdout
    seen = losses(undisturbed / f"checkpoint-{STEPS}")
    assert [step for step, _ in seen] == list(range(1, STEPS + 1))
    assert seen[-1][1] < seen[0][1]
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= set(
        os.listdir(undisturbed / "final_model"))


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_resume_goes_on_bit_by_bit(trainer, model, data, tmp_path, train, undisturbed, number,
                                                      status):
    process = subprocess.Popen([trainer, *command(model, data)], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
                               env=clean_environment({}))
    for line in process.stdout:
        if line.startswith("step 3/"):
            process.send_signal(number)
            break
    rest = process.stdout.read()
    assert process.wait(60) == status
    ((step, _),) = checkpoints(tmp_path / "out")
    assert step < STEPS and "--resume" in rest
    assert not (tmp_path / "out/final_model").exists()
    run = train("--resume")
    assert run.returncode == 0, run.stderr
    assert_equal_runs(tmp_path / "out", undisturbed)


def test_half_a_run_and_the_rest_are_the_whole(train, tmp_path):
    constant = ["--schedule", "constant"]
    assert train(*constant, "--output-dir", "whole").returncode == 0
    assert train(*constant, "--max-steps", STEPS // 2).returncode == 0
    run = train(*constant, "--resume", f"out/checkpoint-{STEPS // 2}")
    assert run.returncode == 0, run.stderr
    assert_equal_runs(tmp_path / "out", tmp_path / "whole")


def test_a_killed_run_leaves_a_checkpoint_to_go_on_from(trainer, model, data, tmp_path, train, undisturbed):
    chooser = random.Random(5)
    for _ in range(4):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        process = subprocess.Popen([trainer, *command(model, data), "--save-steps", "1"], cwd=tmp_path,
                                   stdout=subprocess.DEVNULL, env=clean_environment({}))
        wanted = chooser.randint(1, STEPS - 3)
        wait_until(lambda: [step for step, _ in checkpoints(tmp_path / "out") if step >= wanted],
                   f"a checkpoint at step {wanted}", 120)
        process.kill()
        process.wait(60)
        run = train("--resume", "--save-steps", "1")
        assert run.returncode == 0, run.stderr
        assert_equal_runs(tmp_path / "out", undisturbed)


def test_resume_refuses_what_has_changed_and_names_it(train):
    assert train("--max-steps", 2).returncode == 0
    run = train("--resume", "--learning-rate", "1e-3", "--lora-r", "8")
    assert run.returncode == 1
    assert "learning_rate: was '0.0002', is '0.001'" in run.stderr
    assert "lora_r: was '16', is '8'" in run.stderr
    run = train("--max-steps", 2)
    assert run.returncode == 1 and "--resume" in run.stderr and "--overwrite" in run.stderr
    assert train("--max-steps", 2, "--overwrite").returncode == 0


def test_full_training_leaves_a_model_folder(train, tmp_path):
    run = train("--full", "--max-steps", 3)
    assert run.returncode == 0, run.stderr
    final = tmp_path / "out/final_model"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(os.listdir(final))
    run = train("--resume", "--full", "--max-steps", 4)
    assert run.returncode == 0, run.stderr


def test_the_short_command_says_how_to_get_a_model(trainer, run_liquid, tmp_path):
    run = run_liquid("train", "--epochs", 1, "--batch-size", 2, "--lora", cwd=tmp_path)
    assert run.returncode == 1
    assert "models/LFM2-700M" in run.stderr and "new-model" in run.stderr


def test_the_short_command_takes_the_default_folders(trainer, run_liquid, model, data, tmp_path):
    shutil.copytree(model, tmp_path / "models/LFM2-700M")
    (tmp_path / "data/ft").mkdir(parents=True)
    shutil.copy(data, tmp_path / "data/ft/chats.jsonl")
    run = run_liquid("train", "--epochs", 1, "--batch-size", 2, "--lora", "--no-mlflow", cwd=tmp_path, timeout=300)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "outputs/liquid-ft/final_model/adapter_model.safetensors").is_file()


def test_settings_come_from_a_file_and_mistakes_are_named(train, tmp_path):
    (tmp_path / "run.toml").write_text("num_train_epochs = 1\nlearning_rate = 1e-3\nuse_mlflow = false\n")
    shown = train("--config", "run.toml", "--print-config")
    assert "learning-rate = 0.001" in shown.stdout and "epochs = 1" in shown.stdout
    (tmp_path / "run.toml").write_text("learning_rte = 1e-3\n")
    run = train("--config", "run.toml")
    assert run.returncode == 2 and "did you mean learning-rate?" in run.stderr
    run = train("--lerning-rate", "1")
    assert run.returncode == 2 and "did you mean --learning-rate?" in run.stderr
    run = train("--lora-targets", "nothing_like_it")
    assert run.returncode == 1 and "nothing_like_it" in run.stderr and "q_proj" in run.stderr


def test_help_fits_into_eighty_columns(trainer, run_liquid):
    for arguments in [["--help"], ["forward", "--help"], ["inspect", "--help"], ["new-model", "--help"]]:
        run = run_liquid("train", *arguments)
        assert run.returncode == 0
        assert max(map(len, run.stdout.splitlines())) <= 80


def start_pair(arguments, folder):
    """Two processes of one job as torchrun starts them; both write to <rank>.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pair = []
    for rank in range(2):
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "RANK": str(rank),
                 "LOCAL_RANK": str(rank)}
        with (folder / f"{rank}.log").open("w") as log:
            pair.append(subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log, env=clean_environment(place)))
    return pair


@pytest.fixture
def pairs():
    """start_pair, and nothing of it left behind."""
    started = []

    def start(arguments, folder):
        started.extend(start_pair(arguments, folder))
        return started[-2:]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def run_states(file):
    with sqlite3.connect(file) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM runs")]


def endless(trainer, model, data):
    """A tracked run that only a signal ends."""
    without_tracking = [word for word in command(model, data) if word != "--no-mlflow"]
    return [trainer, *without_tracking, "--tracking-uri", "sqlite:///t.db", "--save-steps", "1",
            "--max-steps", "100000"]


@pytest.mark.parametrize("method, file", [("--lora", "adapter_model.safetensors"), ("--full", "model.safetensors")])
def test_two_processes_train_what_one_trains(trainer, model, data, tmp_path, train, pairs, method, file):
    settings = [method, "--lora-dropout", "0"]
    run = train(*settings, "--output-dir", "alone")
    assert run.returncode == 0, run.stderr
    pair = pairs([trainer, *command(model, data), *settings], tmp_path)
    assert [process.wait(120) for process in pair] == [0, 0], (tmp_path / "0.log").read_text()
    assert "step 1/" in (tmp_path / "0.log").read_text()
    assert "step 1/" not in (tmp_path / "1.log").read_text(), "only the leader reports"
    one, two = (losses(tmp_path / name / f"checkpoint-{STEPS}") for name in ["alone", "out"])
    assert len(one) == STEPS and [loss for _, loss in two] == pytest.approx([loss for _, loss in one], abs=2e-5)
    one, two = (tensors(tmp_path / name / "final_model" / file) for name in ["alone", "out"])
    assert one.keys() == two.keys()
    for name, raw in one.items():
        assert array.array("f", two[name]) == pytest.approx(array.array("f", raw), abs=1e-6), name


def test_when_one_process_is_killed_the_other_ends(trainer, model, data, tmp_path, train, pairs):
    pair = pairs(endless(trainer, model, data), tmp_path)
    wait_until(lambda: checkpoints(tmp_path / "out"), "a checkpoint", 120)
    pair[1].kill()
    assert pair[0].wait(60) == 1
    assert "process group" in (tmp_path / "0.log").read_text()
    assert run_states(tmp_path / "t.db") == ["FAILED"]
    step, _ = checkpoints(tmp_path / "out")[-1]
    run = train("--resume", "--max-steps", step + 2)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("asked", [[0, 1], [0], [1]])
def test_a_signal_to_any_process_stops_both(trainer, model, data, tmp_path, pairs, asked):
    pair = pairs(endless(trainer, model, data), tmp_path)
    wait_until(lambda: checkpoints(tmp_path / "out"), "a checkpoint", 120)
    for rank in asked:
        pair[rank].terminate()
    statuses = [process.wait(60) for process in pair]
    assert all(statuses[rank] == 143 for rank in asked) and 0 not in statuses
    assert "--resume" in (tmp_path / "0.log").read_text()
    assert run_states(tmp_path / "t.db") == ["KILLED"]


def test_a_file_that_cannot_grow_is_an_error_and_the_run_failed(trainer, model, data, tmp_path):
    most = 1500 * 1024  # the tracking file fits, the optimizer's state of --full does not
    run = subprocess.run([*endless(trainer, model, data), "--full"], cwd=tmp_path, env=clean_environment({}),
                         capture_output=True, text=True, timeout=60, check=False,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)))
    assert run.returncode == 1, run.stderr
    assert "checkpoint" in run.stderr and "File too large" in run.stderr
    assert run_states(tmp_path / "t.db") == ["FAILED"]
    assert not checkpoints(tmp_path / "out"), "half a checkpoint is none"
