#!/usr/bin/env python3
"""Runs clang-tidy-14 over the files named on standard input that are part of the dev build. A file
whose text, headers and rules have not changed since it was clean is skipped."""

import argparse
import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import source_tree as tree

BUILD = tree.ROOT / "build" / "dev"
CLEAN = tree.ROOT / "build" / "tidy"


def fingerprint(path):
    digest = hashlib.sha256((tree.ROOT / ".clang-tidy").read_bytes())
    for file in sorted(tree.reachable(path)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def tidy(path):
    mark = CLEAN / fingerprint(path)
    if mark.exists():
        return path, 0, ""
    run = subprocess.run(["clang-tidy-14", "-p", str(BUILD), "--quiet", str(path)],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        mark.touch()
    return path, run.returncode, run.stdout


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=2)
    jobs = arguments.parse_args().jobs
    CLEAN.mkdir(parents=True, exist_ok=True)
    commands = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
    built = {Path(command["file"]).resolve() for command in commands}
    files = [tree.ROOT / line.strip() for line in sys.stdin if line.strip()]
    status = 0
    with ThreadPoolExecutor(jobs) as pool:
        for path, code, output in pool.map(tidy, [file for file in files if file in built]):
            if code:
                print(f"{tree.shown(path)}:\n{output}")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
