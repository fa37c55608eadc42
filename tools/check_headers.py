#!/usr/bin/env python3
"""Compiles headers of src/ alone, twice included: those whose own source file does not include them
first (for all others the ordinary build proves it). ccache makes a repeated run cheap."""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import source_tree as tree

LIBTORCH = tree.ROOT / ".deps" / "torch" / "torch" / "include"


def needs_libtorch(header):
    return any(name.startswith(("ATen/", "c10/", "torch/"))
               for file in tree.reachable(header) for name in tree.includes(file)[1])


def is_proven_by_its_source(header):
    source = header.with_suffix(".cpp")
    if not source.is_file():
        return False
    first = tree.INCLUDE.search(source.read_text(encoding="utf-8"))
    return first is not None and first.group(2) == str(header.relative_to(tree.SRC))


def compile_alone(header, folder):
    name = str(header.relative_to(tree.SRC))
    source = Path(folder) / (name.replace("/", "__") + ".cpp")
    source.write_text(f'#include "{name}"\n#include "{name}"\n', encoding="utf-8")
    launcher = [shutil.which("ccache")] if shutil.which("ccache") else []
    run = subprocess.run(
        [*launcher, os.environ.get("CXX", "g++"), "-std=c++20", "-O0", "-Wall", "-Wextra", "-c",
         "-I", str(tree.SRC), "-isystem", str(LIBTORCH), str(source), "-o", str(source.with_suffix(".o"))],
        capture_output=True, text=True, check=False, env={**os.environ, "CCACHE_NOHASHDIR": "1"})
    return header, run.returncode, run.stderr


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=2)
    jobs = arguments.parse_args().jobs
    headers = [header for header in tree.cpp_files(folders=("src",), endings=(".h",))
               if not is_proven_by_its_source(header)
               and (LIBTORCH.is_dir() or not needs_libtorch(header))]
    status = 0
    # A fixed folder: ccache's hash includes the path of what is compiled.
    folder = tree.ROOT / "build" / "headers"
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        for header, code, message in pool.map(lambda h: compile_alone(h, folder), headers):
            if code or message:
                print(f"{tree.shown(header)}: does not compile alone\n{message}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
