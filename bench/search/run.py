"""Lexical search over synthetic passages: ours, tantivy and SQLite FTS5, on the same core and text.

liquid_search_bench makes the passages and questions and writes them down; every engine then indexes
and answers them in its own process, one thread, core 0. Method and meaning: bench/README.md.
"""

import argparse
import itertools
import json
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

OURS, TANTIVY, FTS5 = "liquid", "tantivy", "SQLite FTS5"
QUESTIONS = 1000
# SQLite needs up to a thousand times as long per question: it gets the first so many.
FTS5_QUESTIONS = {100_000: 100, 1_000_000: 20}
GOALS = {  # passages: p50 ms, p99 ms, resident bytes, start-up seconds, passages per second
    100_000: {"p50_ms": 0.2, "p99_ms": 0.6, "start_up_seconds": 0.5, "passages_per_second": 20_000},
    1_000_000: {"p50_ms": 1.5, "p99_ms": 5.0, "resident_bytes": 1.2 * 2**30},
}
UNITS = {"p50_ms": ("p50 under {} ms", 1), "p99_ms": ("p99 under {} ms", 1),
         "start_up_seconds": ("start-up under {} s", 1),
         "passages_per_second": ("≥ {} passages/s", 1), "resident_bytes": ("under {} GiB", 2**30)}


class Engine:
    """One program that can build an index and search it."""

    def __init__(self, name, command, folder, queries):
        self.name = name
        self.queries = queries
        self._command = command
        self._folder = folder
        self.searches = []

    def build(self, passages):
        self.built = self._run("build", passages)
        self.disk_bytes = sum(file.stat().st_size for file in self._folder.rglob("*"))

    def search(self):
        self.searches.append(self._run("search", self.queries))

    def _run(self, step, text_file):
        finished = harness.run_pinned(harness.SERVER_CORE,
                                      [*self._command, step, self._folder, text_file], 1800)
        return json.loads(finished.output)

    def percentile(self, share):
        """Median over the rounds of this percentile of the questions' times, in ms."""
        return statistics.median(harness.percentile(sorted(round_["times_ms"]), share)
                                 for round_ in self.searches)

    def median(self, figure):
        return statistics.median(round_[figure] for round_ in self.searches)


def figures(engine):
    return {"p50_ms": engine.percentile(0.5), "p99_ms": engine.percentile(0.99),
            "passages_per_second": engine.built["passages_per_second"],
            "start_up_seconds": engine.median("start_up_seconds"),
            "resident_bytes": engine.median("resident_bytes"),
            "build_resident_bytes": engine.built["resident_bytes"], "disk_bytes": engine.disk_bytes}


def overlap(mine, theirs):
    """Share of the ten best that two engines have in common, over all questions both answered."""
    pairs = zip(mine.searches[0]["found"], theirs.searches[0]["found"])
    shares = [len(set(a) & set(b)) / max(len(a), len(b)) for a, b in pairs if a or b]
    return statistics.mean(shares)


def engines(folder, passages):
    queries = folder / "queries.txt"
    few = folder / "few.txt"
    few.write_text("".join(itertools.islice(queries.open(), FTS5_QUESTIONS[passages])))
    python = harness.DEPS / "bench-venv" / "bin" / "python"
    if not python.exists():
        harness.fail("no rivals; run tools/setup_bench.sh")
    rival = [python, pathlib.Path(__file__).with_name("rival.py")]
    return [
        Engine(OURS, [ours()], folder / "ours", queries),
        Engine(TANTIVY, [*rival, "tantivy"], folder / "tantivy", queries),
        Engine(FTS5, [*rival, "fts5"], folder / "fts5", few),
    ]


def ours():
    return harness.program("bench/search/liquid_search_bench")


def measure(folder, passages, rounds):
    text = folder / "passages.txt"
    harness.run_pinned(harness.SERVER_CORE, [ours(), "dump", text, folder / "queries.txt",
                                             "--passages", passages, "--queries", QUESTIONS])
    all_engines = engines(folder, passages)
    for engine in all_engines:
        engine.build(text)
    for turn in range(rounds):
        for engine in all_engines if turn % 2 == 0 else reversed(all_engines):
            if engine.name != FTS5 or turn == 0:  # its figures are far away: once is enough
                engine.search()
    return {engine.name: engine for engine in all_engines}


def figures_table(measured):
    base = figures(measured[OURS])
    rows = []
    for name, engine in measured.items():
        seen = figures(engine)
        rows.append([
            name, seen["p50_ms"], seen["p99_ms"], round(seen["passages_per_second"]),
            seen["start_up_seconds"] * 1e3, seen["resident_bytes"] / 2**20,
            seen["build_resident_bytes"] / 2**20, seen["disk_bytes"] / 2**20,
            None if name == OURS else seen["p50_ms"] / base["p50_ms"],
            None if name == OURS else seen["p99_ms"] / base["p99_ms"],
            None if name == OURS else f"{overlap(measured[OURS], engine):.1%}"])
    return harness.table("", ["", "p50 ms", "p99 ms", "passages/s indexed", "start-up ms",
                              "memory MiB", "while indexing MiB", "disk MiB", "p50 × ours",
                              "p99 × ours", "top-10 overlap"], rows)


def goals(measured, passages):
    seen = figures(measured[OURS])
    made = []
    for figure, limit in GOALS[passages].items():
        text, scale = UNITS[figure]
        met = seen[figure] >= limit if figure == "passages_per_second" else seen[figure] < limit
        made.append(harness.goal(text.format(limit / scale if scale > 1 else limit),
                                 seen[figure] / scale, met))
    shared = overlap(measured[OURS], measured[TANTIVY])
    made.append(harness.goal("≥ 90 % of the ten best shared with tantivy", f"{shared:.1%}",
                             shared >= 0.9))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="1 000 000 passages")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    passages = 1_000_000 if chosen.large else 100_000
    harness.RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=harness.RESULTS) as name:
        measured = measure(pathlib.Path(name), passages, chosen.rounds)
    harness.write_result(
        "search_large" if chosen.large else "search",
        {"passages": passages, "questions": QUESTIONS, "rounds": chosen.rounds,
         "questions for SQLite": FTS5_QUESTIONS[passages]},
        [figures_table(measured)], goals(measured, passages),
        raw={name: {**figures(engine), "build": engine.built} for name, engine in measured.items()})


if __name__ == "__main__":
    main()
