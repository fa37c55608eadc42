"""SIEVE and LRU through the real store: hit ratios, operations per second, bytes, eviction cost.

Method and meaning: bench/README.md.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

# Hit ratios in per cent that were measured before with plain implementations of the algorithms:
# exponent, one-time share, items -> SIEVE, LRU. A store whose sharding or bounds cost hits would
# fall below them.
REFERENCE = {(0.7, 0.0, 1000): (20.5, 11.0), (0.9, 0.0, 1000): (45.2, 34.1),
             (0.9, 0.0, 10000): (67.0, 60.5), (1.0, 0.0, 1000): (60.4, 50.5),
             (1.0, 0.25, 1000): (44.9, 34.8), (1.0, 0.25, 10000): (58.5, 50.6),
             (1.2, 0.0, 1000): (84.4, 79.5)}
TOLERANCE = 1.0
MOST_BYTES = 300
MOST_EVICTION_NS = 1000
PYTHON_EVICTION_MS = {1000: 0.1, 100000: 12.0}


def hit_table(ratios):
    cells = {}
    for row in ratios:
        key = (row["exponent"], row["one_time_share"], row["items"])
        cells.setdefault(key, {})[row["policy"]] = row["hit_percent"]
    rows = []
    for key, found in cells.items():
        known = REFERENCE.get(key, (None, None))
        rows.append([f"Zipf {key[0]}" + (" + 25 % one-time" if key[1] else ""), key[2],
                     found["sieve"], known[0], found["lru"], known[1]])
    return cells, harness.table("Hit ratio in per cent", ["requests", "items", "SIEVE",
                                "SIEVE, reference", "LRU", "LRU, reference"], rows)


def throughput_table(rows):
    cells = {}
    for row in rows:
        cells.setdefault((row["policy"], row["work"], row["items"]), {})[row["threads"]] = \
            row["operations_per_second"] * 1e-6
    return harness.table("Million operations per second", ["policy", "work", "items", "1 thread",
                                                           "2 threads"],
                         [[*key, found[1], found[2]] for key, found in cells.items()])


def overhead_table(rows):
    return harness.table("Heap bytes per entry beyond key and body",
                         ["items", "documents it depends on", "bytes", "charged to the budget"],
                         [[row["items"], row["documents"], row["bytes"], row["charged"]]
                          for row in rows])


def eviction_table(rows):
    return harness.table("Nanoseconds per insertion", ["policy", "entries", "with room",
                                                       "into a full store", "the eviction",
                                                       "Python server's eviction, ms"],
                         [[row["policy"], row["items"], row["insert_ns"], row["replace_ns"],
                           row["eviction_ns"], PYTHON_EVICTION_MS[row["items"]]] for row in rows])


def goals(result, cells):
    worst = min((cells[key][policy] - known[place], key, policy)
                for key, known in REFERENCE.items() for place, policy in enumerate(("sieve", "lru")))
    without = max(row["bytes"] for row in result["overheads"] if row["documents"] == 0)
    slowest = max(row["eviction_ns"] for row in result["evictions"])
    return [
        harness.goal(f"hit ratios at most {TOLERANCE} points below the reference",
                     f"{worst[0]:+.2f} points at the worst", worst[0] >= -TOLERANCE),
        harness.goal("SIEVE hits at least as often as LRU everywhere",
                     min(found["sieve"] - found["lru"] for found in cells.values()),
                     all(found["sieve"] >= found["lru"] for found in cells.values())),
        harness.goal(f"under {MOST_BYTES} bytes per entry beyond key and body", without,
                     without < MOST_BYTES),
        harness.goal(f"an eviction under {MOST_EVICTION_NS} ns at any size", slowest,
                     slowest < MOST_EVICTION_NS),
    ]


def main():
    finished = harness.run_pinned(
        ",".join(sorted({harness.SERVER_CORE, harness.CLIENT_CORE})),
        [harness.program("bench/cache_policy/liquid_cache_policy_bench"), "--json", *sys.argv[1:]])
    result = json.loads(finished.output)
    cells, ratios = hit_table(result["hit_ratios"])
    harness.write_result(
        "cache_policy", {"requests": result["requests"], "keys": 100_000, "warm-up": "25 %"},
        [ratios, throughput_table(result["throughputs"]), overhead_table(result["overheads"]),
         eviction_table(result["evictions"])],
        goals(result, cells),
        notes=["Bytes are what the allocator gave out (`malloc_usable_size`), tables included; keys "
               "are 320 bytes, bodies 2 KiB."],
        raw=result)


if __name__ == "__main__":
    main()
