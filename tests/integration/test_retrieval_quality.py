"""Ranking quality on test collections, through the real reader, chunker and index with their defaults."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("LIQUID_BUILD", ROOT / "build/release"))
BENCH = BUILD / "bench/retrieval/liquid_retrieval_bench"
DATA = ROOT / "tests/data/retrieval"
# Cranfield states no licence, so it is no part of the project; who has it beside the checkout tests it too.
CRANFIELD = ROOT.parent / "shared/data/retrieval/cranfield"


def ndcg_at_10(collection, tmp_path):
    assert BENCH.is_file(), f"{BENCH} is not built (make build), or LIQUID_BUILD names the wrong folder"
    corpus = next(path for path in (collection / "corpus.jsonl", collection / "corpus.jsonl.gz")
                  if path.is_file())
    run = tmp_path / "run.trec"
    with run.open("w", encoding="utf-8") as out:
        subprocess.run([BENCH, "--corpus", corpus, "--queries", collection / "queries.jsonl"],
                       stdout=out, check=True, timeout=120)
    scored = subprocess.run([sys.executable, DATA / "evaluate.py", collection / "qrels.tsv", run],
                            capture_output=True, text=True, check=True, timeout=120)
    return find_number(json.loads(scored.stdout), "ndcg@10")


def find_number(value, name):
    """The evaluator nests its metrics; the name is unique."""
    if isinstance(value, dict):
        if isinstance(value.get(name), float):
            return value[name]
        found = [find_number(inner, name) for inner in value.values()]
        return next((number for number in found if number is not None), None)
    return None


def test_scifact_is_ranked_as_well_as_promised(tmp_path):
    assert ndcg_at_10(DATA / "scifact", tmp_path) >= 0.675


@pytest.mark.skipif(not CRANFIELD.is_dir(), reason="Cranfield is not beside the checkout")
def test_cranfield_is_ranked_as_well_as_promised(tmp_path):
    assert ndcg_at_10(CRANFIELD, tmp_path) >= 0.515
