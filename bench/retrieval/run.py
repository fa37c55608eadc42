"""How good the search results are: judged collections, ranked through the real rooms.

Every document is read, chunked and indexed as `liquid index add` does; a document's score is that of
its best chunk. Collections that are not there are left out.
"""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

# The places where a collection may lie; Cranfield states no licence, so no copy is kept here.
FOLDERS = [harness.ROOT / "tests" / "data" / "retrieval",
           harness.ROOT.parent / "shared" / "data" / "retrieval"]
# Name, nDCG@10 to reach, and nDCG@10 of a plain BM25 (k1 1.2, b 0.75) with the same stemmer.
COLLECTIONS = [("scifact", 0.675, 0.679), ("cranfield", 0.515, 0.519)]
METRICS = ["ndcg@10", "map", "mrr@10", "recall@10", "recall@100"]


def find(name):
    for folder in FOLDERS:
        if (folder / name).exists():
            return folder / name
    return None


def score(collection, run_file):
    evaluator = find("evaluate.py")
    if not evaluator:
        harness.fail("evaluate.py is missing from tests/data/retrieval")
    finished = harness.run_pinned(harness.CLIENT_CORE,
                                  [sys.executable, evaluator, collection / "qrels.tsv", run_file])
    return json.loads(finished.output)


def rank(collection, folder):
    corpus = next(path for path in (collection / "corpus.jsonl", collection / "corpus.jsonl.gz")
                  if path.exists())
    finished = harness.run_pinned(harness.SERVER_CORE, [
        harness.program("bench/retrieval/liquid_retrieval_bench"), "--corpus", corpus, "--queries",
        collection / "queries.jsonl"])
    run_file = pathlib.Path(folder) / f"{collection.name}.trec"
    run_file.write_text(finished.output)
    return score(collection, run_file), finished.wall


def main():
    rows, goals, raw = [], [], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, wanted, reference in COLLECTIONS:
            collection = find(name)
            if not collection:
                continue
            scored, seconds = rank(collection, folder)
            metrics = scored["metrics"]
            rows.append([name, scored["queries"], *(f"{metrics[metric]:.3f}" for metric in METRICS),
                         f"{reference:.3f}", seconds])
            goals.append(harness.goal(f"{name} nDCG@10 ≥ {wanted}", f"{metrics['ndcg@10']:.3f}",
                                      metrics["ndcg@10"] >= wanted))
            raw[name] = scored
    if not rows:
        harness.fail("no collection in tests/data/retrieval")
    harness.write_result(
        "retrieval", {"settings": "defaults"},
        [harness.table("", ["collection", "queries", *METRICS, "nDCG@10 of plain BM25",
                            "seconds, indexing included"], rows)], goals, raw=raw)


if __name__ == "__main__":
    main()
