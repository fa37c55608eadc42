"""Lexical search over synthetic passages: ours, tantivy and SQLite FTS5, on the same core and text.

liquid_search_bench makes the passages and questions and writes them down; every engine then indexes
and answers them in its own process, one thread, core 0. Method and meaning: bench/README.md.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = harness.DEPS / "bench-venv" / "bin" / "python"
