"""Fixtures: the program under test, an index over a small corpus, servers, a made-up model endpoint."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.documents import write_documents
from support.server import Server, clean_environment
from support.upstream import Upstream

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def liquid_bin():
    path = Path(os.environ.get("LIQUID_BIN", ROOT / "build/release/src/cli/liquid")).resolve()
    assert path.is_file(), f"{path} is not built (make build), or LIQUID_BIN names the wrong file"
    return str(path)


@pytest.fixture(scope="session")
def run_liquid(liquid_bin):
    """Runs a command to its end: run_liquid("index", "stats", "--index", folder)."""

    def run(*arguments, cwd=None, stdin=None, environment=None, timeout=60):
        return subprocess.run([liquid_bin, *map(str, arguments)], cwd=cwd, input=stdin,
                              capture_output=True, text=isinstance(stdin, str) or stdin is None,
                              errors=None if isinstance(stdin, bytes) else "replace",
                              env=clean_environment(environment or {}), timeout=timeout, check=False)

    return run


@pytest.fixture(scope="session")
def documents(tmp_path_factory):
    """A folder with the small corpus; tests must not change it."""
    return write_documents(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def index(tmp_path_factory, documents, run_liquid):
    """The index of `documents`, made with paths relative to it; tests must not change it."""
    folder = tmp_path_factory.mktemp("index") / "idx"
    names = sorted(path.name for path in documents.iterdir())
    run = run_liquid("index", "add", "--index", folder, *names, cwd=documents)
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


@pytest.fixture
def own_index(index, documents, tmp_path):
    """Copies of the index and its documents that this test may change."""
    shutil.copytree(index, tmp_path / "idx")
    shutil.copytree(documents, tmp_path / "docs")
    return tmp_path / "idx"


@pytest.fixture
def own_documents(own_index):
    return own_index.parent / "docs"


def as_flags(settings):
    """rate_limit="0" → ["--rate-limit", "0"]; a list becomes one flag per value; True a bare flag."""
    flags = []
    for name, value in settings.items():
        flag = "--" + name.replace("_", "-")
        for one in value if isinstance(value, list) else [value]:
            flags += [flag] if one is True else [flag, str(one)]
    return flags


class Servers:
    """Starts servers for one test or one module and stops them all at its end."""

    def __init__(self, binary, default_index):
        self._binary = binary
        self._index = default_index
        self._started = []

    def __call__(self, *, index=None, environment=None, scheme="http", arguments=(), **settings):
        settings.setdefault("rate_limit", "0")
        server = Server(self._binary, index or self._index, [*as_flags(settings), *arguments],
                        environment or {}, scheme)
        self._started.append(server)
        return server.start()

    def stop(self):
        for server in self._started:
            if server.process is None or server.process.returncode is not None:
                continue
            assert server.stop() == 0, f"ended with {server.process.returncode}:\n{server.log()}"


@pytest.fixture
def start_server(liquid_bin, index):
    servers = Servers(liquid_bin, index)
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def module_servers(liquid_bin, index):
    servers = Servers(liquid_bin, index)
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def shared_server(module_servers):
    return module_servers()


@pytest.fixture
def server(shared_server):
    """A server shared by the module, with an empty cache and no rate limit."""
    shared_server.clear_cache()
    return shared_server


@pytest.fixture
def upstream():
    endpoint = Upstream()
    yield endpoint
    endpoint.close()


@pytest.fixture
def start_with_model(start_server, upstream):
    """A server whose answers are made by `upstream`."""

    def start(**settings):
        environment = {"OPENAI_API_KEY": "sk-test-secret", **settings.pop("environment", {})}
        return start_server(generator="openai", base_url=upstream.url, model="test-model",
                            environment=environment, **settings)

    return start
