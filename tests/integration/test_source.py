"""The checks of the source that are quick; tools/test.sh compiles each header alone, `make lint` adds
clang-tidy."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("check", ["check_format.py", "check_includes.py"])
def test_the_source_passes(root, check):
    run = subprocess.run([sys.executable, root / "tools" / check], cwd=root, capture_output=True,
                         text=True, timeout=110, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
