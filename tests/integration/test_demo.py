"""`make demo`, the first thing a newcomer runs."""

import os
import re
import socket
import subprocess

import pytest

from support.server import clean_environment


@pytest.fixture
def demo(root, liquid_bin):
    if liquid_bin != str((root / "build/release/src/cli/liquid").resolve()):
        pytest.skip("the demo runs build/release; LIQUID_BIN names another program")

    def run(*arguments):
        return subprocess.run(["make", "-s", "demo", *arguments], cwd=root, text=True, timeout=110,
                              capture_output=True, check=False,
                              env=clean_environment({"MAKEFLAGS": "", "MAKELEVEL": ""}))

    return run


def test_it_asks_twice_and_stops_when_told_once(demo):
    run = demo("ONCE=1", "PORT=0")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.findall(r"X-Cache: (\w+)", run.stdout) == ["MISS", "HIT"]
    assert len(re.findall(r"time: [\d.]+ ms", run.stdout)) == 2
    assert run.stdout.count("60 seconds") == 2
    assert '"cache_hits": 1' in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    address = re.search(r"http://127\.0\.0\.1:(\d+)", run.stdout)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", int(address.group(1))), 1)


def test_a_port_that_is_taken_is_an_error_that_names_it(demo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = demo("ONCE=1", f"PORT={port}")
    assert run.returncode != 0
    assert f"port {port} is taken" in run.stderr


@pytest.mark.parametrize("port", ["80a", "70000", "-1"])
def test_a_port_that_is_none_is_an_error(demo, port):
    run = demo("ONCE=1", f"PORT={port}")
    assert run.returncode != 0
    assert port in run.stderr
