#!/usr/bin/env python3
"""Compares every C++ file with what clang-format makes of it; --write puts that in place."""

import subprocess
import sys
from pathlib import Path

import source_tree as tree

CLANG_FORMAT = Path(sys.executable).parent / "clang-format"


def main():
    mode = ["-i"] if "--write" in sys.argv[1:] else ["--dry-run", "--Werror"]
    files = [str(path) for path in tree.cpp_files()]
    run = subprocess.run([CLANG_FORMAT, *mode, *files], cwd=tree.ROOT, stderr=subprocess.PIPE,
                         text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    for path in wrong:
        print(f"{Path(path).relative_to(tree.ROOT)}: differs from clang-format ('make format' cures it)")
    if run.returncode and not wrong:
        print(run.stderr)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
