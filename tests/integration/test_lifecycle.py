"""Starting, stopping and configuring the server."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.server import clean_environment
from support.waiting import wait_until
from support.wire import Wire

QUESTION = "How high is Mount Aria?"


# --- stopping ---

@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_finished(start_with_model, upstream, which):
    server = start_with_model()
    upstream.hold()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.ask, QUESTION)
        upstream.wait_for_calls(1)
        server.process.send_signal(which)
        wait_until(lambda: refuses(server.port), "no new connection is accepted")
        upstream.release()
        reply = asked.result()
    assert reply.status == 200
    assert server.process.wait(10) == 0


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except OSError:
        return True


def test_idle_connections_do_not_hold_the_end_up(start_server):
    server = start_server()
    with Wire(server) as wire:
        wire.send("GET /status HTTP/1.1\r\nHost: test\r\n\r\n")
        assert wire.read_reply()[0] == 200
        server.process.terminate()
        assert server.process.wait(5) == 0


def test_the_end_comes_within_its_limit(start_with_model, upstream):
    """A model that never answers must not hold the server for ever."""
    server = start_with_model(shutdown_timeout_ms=500, generator_timeout_ms=3000)
    upstream.hold()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: outcome(lambda: server.ask(QUESTION)))
        upstream.wait_for_calls(1)
        server.process.terminate()
        assert server.process.wait(10) is not None
        upstream.release()
        assert asked.result() in ("cut", 503, 504)


def outcome(call):
    try:
        return call().status
    except OSError:
        return "cut"


# --- starting ---

def test_a_port_that_is_taken_is_an_error_that_names_it(run_liquid, index, server):
    run = run_liquid("serve", "--index", index, "--host", "127.0.0.1", "--port", server.port)
    assert run.returncode == 1
    assert str(server.port) in run.stderr
    assert "in use" in run.stderr


def test_a_missing_index_is_an_error_that_names_it(run_liquid, tmp_path):
    run = run_liquid("serve", "--index", tmp_path / "nowhere", "--port", "0")
    assert run.returncode == 1
    assert "nowhere" in run.stderr


def test_a_host_that_is_none_is_an_error(run_liquid, index):
    run = run_liquid("serve", "--index", index, "--host", "999.1.1.1", "--port", "0")
    assert run.returncode == 1
    assert "999.1.1.1" in run.stderr


@pytest.mark.parametrize("arguments", [
    ["--port", "70000"], ["--port", "x"], ["--no-such-flag"], ["--generator", "magic"],
    ["--cache-policy", "fifo"], ["--cache-ttl", "-1"], ["surplus"]])
def test_a_bad_flag_is_bad_usage_and_named(run_liquid, index, arguments):
    run = run_liquid("serve", "--index", index, *arguments)
    assert run.returncode == 2
    assert arguments[-1].lstrip("-") in run.stderr or arguments[0] in run.stderr
    assert "terminate called" not in run.stderr


def test_an_endpoint_needs_an_address(run_liquid, index):
    run = run_liquid("serve", "--index", index, "--port", "0", "--generator", "openai")
    assert run.returncode in (1, 2)
    assert "base-url" in run.stderr


def test_two_servers_can_share_an_index(start_server):
    one, two = start_server(), start_server()
    assert one.ask(QUESTION).json()["answer"] == two.ask(QUESTION).json()["answer"]
    assert one.get("/stats").json()["epoch"] == two.get("/stats").json()["epoch"]


# --- configuration: flags, environment, file ---

def config_of(run_liquid, *arguments, environment=None):
    run = run_liquid("serve", *arguments, "--print-config", environment=environment)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_print_config_can_be_read_back(run_liquid, tmp_path, index):
    printed = config_of(run_liquid, "--index", index, "--cache-ttl", "17", "--port", "8123",
                        "--cors-origin", "http://a.example", "--cors-origin", "http://b.example")
    file = tmp_path / "liquid.toml"
    file.write_text(printed)
    assert config_of(run_liquid, "--config", file) == printed


def test_each_way_of_setting_works_and_the_nearer_one_wins(run_liquid, tmp_path):
    file = tmp_path / "liquid.toml"
    file.write_text("cache-ttl = 11\nport = 8111\nrate-limit = \"11/11\"\n")
    environment = {"LIQUID_PORT": "8222", "LIQUID_RATE_LIMIT": "22/22"}
    printed = config_of(run_liquid, "--config", file, "--rate-limit", "33/33",
                        environment=environment)
    assert re.search(r"^cache-ttl\s*=\s*11$", printed, re.M)
    assert re.search(r"^port\s*=\s*8222$", printed, re.M)
    assert re.search(r'^rate-limit\s*=\s*"33/33"$', printed, re.M)


def test_an_unknown_key_in_the_file_is_an_error_that_names_it(run_liquid, tmp_path, index):
    file = tmp_path / "liquid.toml"
    file.write_text("cache-tll = 11\n")
    run = run_liquid("serve", "--index", index, "--config", file)
    assert run.returncode == 2
    assert "cache-tll" in run.stderr


def test_an_unknown_environment_variable_is_an_error_that_names_it(run_liquid, index):
    run = run_liquid("serve", "--index", index, environment={"LIQUID_CACHE_TLL": "1"})
    assert run.returncode == 2
    assert "LIQUID_CACHE_TLL" in run.stderr


def test_a_bad_value_in_the_file_is_an_error_that_names_it(run_liquid, tmp_path, index):
    file = tmp_path / "liquid.toml"
    file.write_text("port = \"many\"\n")
    run = run_liquid("serve", "--index", index, "--config", file)
    assert run.returncode == 2
    assert "port" in run.stderr and "many" in run.stderr


def test_a_file_that_is_not_there_is_an_error_that_names_it(run_liquid, index):
    run = run_liquid("serve", "--index", index, "--config", "/nowhere/liquid.toml")
    assert run.returncode in (1, 2)
    assert "/nowhere/liquid.toml" in run.stderr


def test_secrets_are_not_printed(run_liquid):
    printed = config_of(run_liquid, environment={"OPENAI_API_KEY": "sk-very-secret"})
    assert "sk-very-secret" not in printed


# --- the log ---

def test_each_request_is_one_line_of_json(start_server):
    server = start_server()
    server.ask(QUESTION, headers={"X-Request-Id": "seen-in-the-log"})
    server.stop()
    for line in server.lines:
        json.loads(line)
    line = next(line for line in server.lines if "seen-in-the-log" in line)
    fields = json.loads(line)
    assert fields["method"] == "POST"
    assert fields["path"] == "/ask"
    assert fields["status"] == 200
    assert fields["cache"] == "MISS" or fields["cache"] == "miss"


def test_a_question_and_a_key_are_not_logged(start_server):
    server = start_server()
    server.ask("my very private question", headers={"Authorization": "Bearer private-key"})
    server.stop()
    assert "very private" not in server.log()
    assert "private-key" not in server.log()


def test_a_newline_in_a_path_cannot_forge_a_line(start_server):
    server = start_server()
    server.get("/a%0a{\"event\":\"forged\"}")
    server.stop()
    assert not server.events("forged")


def test_a_closed_log_does_not_stop_the_server(liquid_bin, index, tmp_path):
    """`liquid serve 2>&1 | head` must not end with SIGPIPE."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen([liquid_bin, "serve", "--index", str(index), "--host", "127.0.0.1",
                                "--port", "0", "--rate-limit", "0"], stdout=subprocess.DEVNULL,
                               stderr=write_end, env=clean_environment({}))
    os.close(write_end)
    with os.fdopen(read_end) as log:
        for line in log:
            if '"event":"listening"' in line:
                port = json.loads(line)["port"]
                break
    from support.server import Server
    server = Server(liquid_bin, index, port=port, process=process)
    try:
        for _ in range(20):
            assert server.ask(QUESTION).status == 200
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_the_index_can_be_read_only(start_server, own_index):
    """A server needs no right to write what it only reads."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    for path in [own_index, *own_index.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP))
    server = start_server(index=own_index)
    assert server.ask(QUESTION).status == 200
