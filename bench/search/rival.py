"""Builds and searches the same passages with tantivy or SQLite FTS5; one JSON object on stdout.

    rival.py (tantivy|fts5) build FOLDER PASSAGES    one passage per line
    rival.py (tantivy|fts5) search FOLDER QUERIES    one question per line, top 10

Runs in .deps/bench-venv, one process per step, so that memory and start-up are the step's own. A
search is timed up to scores and row ids; the texts are not fetched.
"""

import json
import pathlib
import resource
import sqlite3
import sys
import time

TOP = 10
WARM_UP = 50


def peak_resident_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident_bytes():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


class Tantivy:
    """English stemming, BM25 with its k1 1.2 and b 0.75; one writer thread."""

    def __init__(self, folder):
        import tantivy

        self._tantivy = tantivy
        self._folder = folder

    def build(self, passages):
        builder = self._tantivy.SchemaBuilder()
        builder.add_integer_field("number", stored=True)
        builder.add_text_field("text", stored=True, tokenizer_name="en_stem")
        pathlib.Path(self._folder).mkdir()
        index = self._tantivy.Index(builder.build(), path=self._folder)
        writer = index.writer(heap_size=1_000_000_000, num_threads=1)
        for number, text in enumerate(passages):
            writer.add_document(self._tantivy.Document(number=number, text=text))
        writer.commit()
        writer.wait_merging_threads()

    def open(self):
        self._index = self._tantivy.Index.open(self._folder)
        self._searcher = self._index.searcher()

    def search(self, question):
        query = self._index.parse_query(question, ["text"])
        return self._searcher.search(query, TOP, count=False).hits

    def numbers(self, hits):
        return [self._searcher.doc(address)["number"][0] for _, address in hits]


class Fts5:
    """The porter stemmer, bm25() order, any of the words."""

    def __init__(self, folder):
        self._path = pathlib.Path(folder) / "fts.sqlite3"

    def build(self, passages):
        self._path.parent.mkdir()
        database = sqlite3.connect(self._path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE VIRTUAL TABLE passage USING fts5(text, tokenize='porter unicode61')")
        with database:
            database.executemany("INSERT INTO passage(rowid, text) VALUES (?, ?)",
                                 enumerate(passages))
        with database:
            database.execute("INSERT INTO passage(passage) VALUES ('optimize')")
        database.close()

    def open(self):
        self._database = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        self._database.execute("PRAGMA mmap_size=4000000000")

    def search(self, question):
        words = " OR ".join(f'"{word}"' for word in question.split())
        return self._database.execute(
            "SELECT rowid FROM passage WHERE passage MATCH ? ORDER BY rank LIMIT ?",
            (words, TOP)).fetchall()

    def numbers(self, hits):
        return [number for number, in hits]


def build(rival, passages_path):
    # Read before the clock starts: only indexing is measured.
    passages = pathlib.Path(passages_path).read_text().splitlines()
    input_bytes = resident_bytes()
    started = time.perf_counter()
    rival.build(passages)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "passages_per_second": len(passages) / seconds,
            "resident_bytes": peak_resident_bytes() - input_bytes}


def search(rival, queries_path):
    questions = pathlib.Path(queries_path).read_text().splitlines()
    before = resident_bytes()
    started = time.perf_counter()
    rival.open()
    rival.search(questions[0])
    start_up = time.perf_counter() - started
    for question in questions[:WARM_UP]:
        rival.search(question)
    times, found = [], []
    for question in questions:
        started = time.perf_counter()
        hits = rival.search(question)
        times.append((time.perf_counter() - started) * 1e3)
        found.append(rival.numbers(hits))
    return {"start_up_seconds": start_up, "times_ms": times, "found": found,
            "resident_bytes": resident_bytes() - before}


def main():
    kind, step, folder, text_file = sys.argv[1:]
    rival = {"tantivy": Tantivy, "fts5": Fts5}[kind](folder)
    print(json.dumps({"build": build, "search": search}[step](rival, text_file)))


if __name__ == "__main__":
    main()
