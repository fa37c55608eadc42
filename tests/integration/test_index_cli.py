"""`liquid index` on a terminal, stopped at any moment, and with paths of all kinds."""

import json
import os
import pty
import random
import signal
import subprocess

import pytest

from support.server import clean_environment
from support.waiting import wait_until


@pytest.fixture
def rows(tmp_path):
    """rows(n): a JSONL file of n documents."""

    def write(count, name="rows.jsonl"):
        path = tmp_path / name
        with open(path, "w", encoding="utf-8") as file:
            for i in range(count):
                text = f"Document {i} speaks of topic{i % 97} and item{i}. " * 8
                file.write(json.dumps({"_id": f"d{i}", "text": text}) + "\n")
        return path

    return write


def on_terminal(command, columns):
    """Runs a command with stderr on a terminal of that width; what it wrote there."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", str(columns), "rows", "24"], stdin=follower, check=True)
    process = subprocess.Popen(command, stderr=follower, stdout=subprocess.DEVNULL,
                               env=clean_environment({}))
    os.close(follower)
    written = b""
    try:
        while block := os.read(leader, 65536):
            written += block
    except OSError:  # the other side is closed
        pass
    os.close(leader)
    assert process.wait(60) == 0
    return written.decode()


def test_a_bar_with_rate_and_time_left_fits_the_terminal(liquid_bin, tmp_path, rows):
    screen = on_terminal([liquid_bin, "index", "add", "--index", str(tmp_path / "idx"),
                          str(rows(40000))], 70)
    bars = [line for line in screen.replace("\x1b[K", "").split("\r") if "files" in line]
    assert bars, screen
    assert all(len(bar) < 70 for bar in bars)
    assert any("#" in bar and "/s" in bar and "left" in bar for bar in bars), bars[:5]
    assert screen.endswith("\r\x1b[K"), "the bar is gone at the end"


def test_killed_again_and_again_it_loses_nothing_committed(liquid_bin, run_liquid, tmp_path, rows):
    index, path, before = tmp_path / "idx", rows(20000), 0
    chance = random.Random(1)
    for _ in range(5):
        process = subprocess.Popen(
            [liquid_bin, "index", "add", "--index", str(index), str(path)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment({}))
        try:
            process.wait(chance.uniform(0.02, 0.6))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        check = run_liquid("index", "check", "--index", index, "--json")
        if check.returncode == 1 and "no index" in check.stderr:
            continue  # killed before there was one
        assert check.returncode == 0, check.stderr
        documents = json.loads(check.stdout)["documents"]
        assert documents >= before
        before = documents
    assert run_liquid("index", "add", "--index", index, path).returncode == 0
    assert json.loads(run_liquid("index", "stats", "--index", index,
                                 "--json").stdout)["documents"] == 20000


def test_ctrl_c_while_waiting_for_input_commits_and_ends_with_130(liquid_bin, run_liquid, tmp_path):
    index = tmp_path / "idx"
    process = subprocess.Popen([liquid_bin, "index", "add", "--index", str(index), "--json", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=clean_environment({}), text=True)
    process.stdin.write('{"_id": "x", "text": "One row."}\n')
    process.stdin.flush()

    def committed():
        run = run_liquid("index", "stats", "--index", index, "--json")
        return run.returncode == 0 and json.loads(run.stdout)["documents"] == 1

    wait_until(committed, "a row is committed while more may come", 10)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 130
    assert json.loads(output)["stopped"] is True
    assert run_liquid("index", "check", "--index", index).returncode == 0


def test_nothing_but_a_wrong_path_is_a_failure(run_liquid, tmp_path):
    run = run_liquid("index", "add", "--index", tmp_path / "idx", tmp_path / "nowhere.md")
    assert run.returncode == 1
    assert "nowhere.md" in run.stderr


def test_include_and_exclude_may_be_repeated_before_paths(run_liquid, tmp_path):
    for name in ("a.md", "b.md", "c.txt", "d.html"):
        (tmp_path / name).write_text("Some text.\n")
    run = run_liquid("index", "add", "--index", "idx", "--json", "--exclude", "a.md", "--exclude",
                     "*.html", ".", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["added"] == 2


def test_another_language_needs_another_index(run_liquid, tmp_path):
    (tmp_path / "a.md").write_text("Die Häuser der Stadt.\n")
    add = ["index", "add", "--index", "idx"]
    assert run_liquid(*add, "--language", "german", "a.md", cwd=tmp_path).returncode == 0
    assert run_liquid(*add, "a.md", cwd=tmp_path).returncode == 0
    run = run_liquid(*add, "--language", "english", "a.md", cwd=tmp_path)
    assert run.returncode == 1
    assert "german" in run.stderr and "english" in run.stderr


def test_remove_takes_folders_and_globs_or_nothing_at_all(run_liquid, tmp_path):
    for name in ("d/a.md", "d/b.md", "e/a.md", "e/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Some text.\n")
    assert run_liquid("index", "add", "--index", "idx", "d", "e", cwd=tmp_path).returncode == 0
    remove = ["index", "remove", "--index", "idx", "--json"]
    assert run_liquid(*remove, "d", "no-such", cwd=tmp_path).returncode == 1
    assert json.loads(run_liquid(*remove, "d", cwd=tmp_path).stdout) == {"removed": 2}
    assert json.loads(run_liquid(*remove, "**/*.md", cwd=tmp_path).stdout) == {"removed": 1}


@pytest.mark.parametrize("flags", [["--max-file-size", "many"], ["--chunk-tokens", "-1"],
                                   ["--overlap-tokens", "200"]])
def test_bad_values_are_bad_usage(run_liquid, tmp_path, flags):
    (tmp_path / "a.md").write_text("Text.\n")
    run = run_liquid("index", "add", "--index", "idx", *flags, "a.md", cwd=tmp_path)
    assert run.returncode == 2
    assert flags[1] in run.stderr
    assert not (tmp_path / "idx").exists()
