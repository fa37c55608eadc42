"""libliquid_tracking as another program meets it: installed into a prefix of its own, found by CMake and by
pkg-config, its headers alone, and the example run against a tracking file."""

import json
import os
import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples/track_from_cpp"
COMPILER = os.environ.get("CXX", "c++")
STRICT = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def run(*command, cwd=None, **variables):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, **variables}, timeout=300, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    build = Path(os.environ.get("LIQUID_LIBRARY_BUILD", ROOT / "build/release"))
    assert (build / "packaging/tracking/libliquid_tracking.so").exists(), \
        f"{build} has no library (cmake --build {build} --target liquid_tracking_library)"
    folder = tmp_path_factory.mktemp("prefix") / "first"
    run("cmake", "--install", build, "--prefix", folder)
    return folder.rename(folder.parent / "moved")  # packages must not remember where they were put


@pytest.fixture(scope="module")
def include_folder(prefix):
    return prefix / "include/liquid_tracking"


@pytest.fixture(scope="module")
def pkg_config(prefix):
    def flags(*choices):
        return run("pkg-config", *choices, "liquid_tracking",
                   PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig")).split()

    return flags


def test_installs_just_the_public_headers(include_folder):
    listed = (ROOT / "packaging/tracking/public_headers.txt").read_text().split()
    installed = [str(path.relative_to(include_folder)) for path in include_folder.rglob("*")
                 if path.is_file()]
    assert sorted(installed) == sorted(listed)


def test_every_header_compiles_alone_without_a_warning(include_folder):
    def compile_alone(header):
        name = header.relative_to(include_folder)
        return subprocess.run(
            [COMPILER, *STRICT, "-fsyntax-only", "-I", include_folder, "-x", "c++", "-"],
            input=f'#include "{name}"\n#include "{name}"\n', capture_output=True, text=True,
            timeout=120, check=False)

    headers = sorted(include_folder.rglob("*.h"))
    with ThreadPoolExecutor(2) as pool:
        for header, done in zip(headers, pool.map(compile_alone, headers)):
            assert done.returncode == 0 and not done.stderr, f"{header}:\n{done.stderr}"


def test_headers_lead_to_the_standard_library_only(include_folder, tmp_path):
    """What the compiler opens for all of them together."""
    source = tmp_path / "all.cpp"
    source.write_text("".join(f'#include "{path.relative_to(include_folder)}"\n'
                              for path in sorted(include_folder.rglob("*.h"))))
    opened = run(COMPILER, "-std=c++20", "-M", "-I", include_folder, source).replace("\\\n", " ").split()
    foreign = ("boost", "sqlite3.h", "curl", "openssl", "spdlog", "fmt", "yaml-cpp", "pugixml",
               "utf8proc", "xxhash", "CLI")
    for path in opened[2:]:
        inside = Path(path).parts
        assert str(include_folder) in path or not set(inside) & set(foreign), path
    assert any("tracking/recorder/recorder.h" in path for path in opened)


def test_exports_nothing_of_other_libraries(prefix):
    symbols = run("nm", "-DC", "--defined-only", prefix / "lib/libliquid_tracking.so").splitlines()
    names = [line.split(" ", 2)[2] for line in symbols]
    assert any(name.startswith("liquid::tracking::open_store(") for name in names)
    assert [name for name in names if "liquid::" not in name] == []
    assert [name for name in names if name.startswith("boost::")] == []


@pytest.fixture(scope="module")
def example_by_cmake(prefix, tmp_path_factory):
    build = tmp_path_factory.mktemp("cmake")
    run("cmake", "-S", EXAMPLE, "-B", build, "-D", f"CMAKE_PREFIX_PATH={prefix}",
        "-D", "CMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    run("cmake", "--build", build)
    return build / "track_from_cpp"


@pytest.fixture(scope="module")
def example_by_pkg_config(prefix, pkg_config, tmp_path_factory):
    program = tmp_path_factory.mktemp("pkg_config") / "track_from_cpp"
    run(COMPILER, "-std=c++20", "-Wall", "-Wextra", "-Werror", EXAMPLE / "main.cpp", "-o", program,
        *pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{prefix}/lib")
    return program


def run_example(program, folder):
    shutil.copytree(EXAMPLE / "model", folder / "model")
    clean = {name: "" for name in os.environ if name.startswith("MLFLOW_")}
    out = run(program, cwd=folder, **{**clean, "MLFLOW_TRACKING_URI": "sqlite:///track.db"})
    return out.strip().strip('"')


def check_results(folder, loaded):
    base = sqlite3.connect(folder / "track.db")

    def rows(sql):
        return base.execute(sql).fetchall()

    [(run_id, status)] = rows("SELECT run_uuid, status FROM runs JOIN experiments USING (experiment_id) "
                              "WHERE experiments.name = 'cpp'")
    assert status == "FINISHED"
    assert rows("SELECT key, value FROM params") == [("decay", "0.05")]
    assert rows("SELECT count(*), min(step), max(step), max(value) FROM metrics WHERE key = 'loss'") == \
        [(100, 0, 99, 1.0)]
    [(model_id, logged_status, source_run)] = rows(
        "SELECT model_id, status, source_run_id FROM logged_models")
    assert (logged_status, source_run) == (2, run_id)
    [(name, version, stage, source, registered_run)] = rows(
        "SELECT name, version, current_stage, source, run_id FROM model_versions")
    assert (name, version, stage, registered_run) == ("m", 1, "Production", run_id)
    assert source == f"models:/{model_id}"
    [(noted,)] = rows("SELECT tag_value FROM logged_model_tags WHERE tag_key = 'mlflow.modelVersions'")
    assert json.loads(noted) == [{"name": "m", "version": 1}]
    base.close()
    assert (folder / loaded / "decay.txt").read_text() == (EXAMPLE / "model/decay.txt").read_text()


def test_example_runs_when_built_by_cmake(example_by_cmake, tmp_path):
    check_results(tmp_path, run_example(example_by_cmake, tmp_path))


def test_example_runs_when_built_by_pkg_config(example_by_pkg_config, tmp_path):
    check_results(tmp_path, run_example(example_by_pkg_config, tmp_path))


def test_example_finds_the_best_of_several_runs_the_second_time(example_by_cmake, tmp_path):
    run_example(example_by_cmake, tmp_path)
    shutil.rmtree(tmp_path / "model")
    shutil.rmtree(tmp_path / "load")
    run_example(example_by_cmake, tmp_path)
    base = sqlite3.connect(tmp_path / "track.db")
    stages = base.execute("SELECT version, current_stage FROM model_versions ORDER BY version").fetchall()
    assert stages == [(1, "Production"), (2, "Production")]
    base.close()


def test_example_is_25_lines():
    assert len((EXAMPLE / "main.cpp").read_text().splitlines()) <= 25
