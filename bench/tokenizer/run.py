"""Tokens from text and back, ours against Python's tokenizers on one thread. Method: bench/README.md."""

import json
import os
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("LIQUID_PEERS", harness.DEPS / "peers"))
DOCUMENTS = harness.ROOT / "examples" / "docs"
VOCABULARY = 16_384
TURNS = 3   # ours, then Python, that many times
ROUNDS = 3  # inside a turn
GOAL = 3


def documents():
    texts = [path.read_text(encoding="utf-8", errors="replace")
             for path in sorted(DOCUMENTS.rglob("*")) if path.suffix in (".html", ".md")]
    if not texts:
        harness.fail(f"no documents in {DOCUMENTS}")
    return texts


def short_texts(texts):
    """What a chat turn looks like: lines of prose."""
    return [line for text in texts for line in text.split("\n") if 20 <= len(line) <= 400]


def ours(work, file, folder, number):
    program = harness.program("bench/tokenizer/liquid_tokenizer_bench")
    return json.loads(harness.run_pinned(harness.SERVER_CORE, [program, work, file, folder, number]).output)


def python(work, file, folder, number):
    command = [PEERS / "bin/python", HERE / "rival.py", work, file, folder, number]
    return json.loads(harness.run_pinned(harness.SERVER_CORE, command, timeout=1200).output)


def compare(title, work, file, folder, rival_work=None):
    """MB of text per CPU second: the best round of each turn, the median of the turns."""
    size = sum(len(text.encode()) for text in json.loads(file.read_text(encoding="utf-8")))
    mine, theirs, ratios = [], [], []
    for _ in range(TURNS):
        own = ours(work, file, folder, ROUNDS)
        other = python(rival_work or work, file, folder, ROUNDS)
        if own["digest"] != other["digest"]:
            harness.fail(f"{title}: the two do not agree")
        mine.append(size / min(own["seconds"]) / 1e6)
        theirs.append(size / min(other["seconds"]) / 1e6)
        ratios.append(mine[-1] / theirs[-1])
    return [title, statistics.median(mine), statistics.median(theirs), statistics.median(ratios)]


def main():
    with tempfile.TemporaryDirectory(prefix="liquid_tokenizer_bench") as name:
        folder = pathlib.Path(name)
        texts = documents()
        files = {"long": folder / "long.json", "short": folder / "short.json"}
        files["long"].write_text(json.dumps(texts), encoding="utf-8")
        files["short"].write_text(json.dumps(short_texts(texts)), encoding="utf-8")
        trained = ours("train", files["long"], folder, VOCABULARY)["seconds"]
        python_trained = python("train", files["long"], folder, VOCABULARY)["seconds"]
        rows = [compare("encode documents, all in one call", "encode", files["long"], folder),
                compare("encode documents one by one", "encode", files["long"], folder, "encode_one"),
                compare("encode lines, all in one call", "encode", files["short"], folder),
                compare("encode lines one by one", "encode", files["short"], folder, "encode_one"),
                compare("decode documents", "decode", files["long"], folder)]
    size = sum(len(text.encode()) for text in texts) / 1e6
    rows.append([f"learn {VOCABULARY} entries", size / trained, size / python_trained, python_trained / trained])
    slowest = min(row[3] for row in rows[:4])
    harness.write_result(
        "tokenizer", {"rival": "tokenizers, Python, one thread", "text": f"{size:.1f} MB of examples/docs",
                      "vocabulary": VOCABULARY, "turns": TURNS},
        [harness.table("MB of text per CPU second", ["what", "liquid", "Python", "ratio"], rows)],
        [harness.goal(f"encoding ≥ {GOAL} × Python's tokenizers", slowest, slowest >= GOAL)],
        notes=["Ids and texts of both are compared in every turn. Python's calls for a list hand it over in "
               "one piece and keep no offsets, which is the fastest it can do."], raw={"rows": rows})


if __name__ == "__main__":
    main()
