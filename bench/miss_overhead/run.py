"""What the cache adds to a miss, and what its layer costs on a hit. Method: bench/README.md."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

MOST_ADDED_US = 50
MOST_HIT_NS = 300


def main():
    finished = harness.run_pinned(
        ",".join(sorted({harness.SERVER_CORE, harness.CLIENT_CORE})),
        [harness.program("bench/miss_overhead/liquid_miss_overhead_bench"), "--json", *sys.argv[1:]])
    result = json.loads(finished.output)
    misses = result["misses"]
    added = max(max(row["added_us"], row["added_to_bare_us"]) for row in misses)
    harness.write_result(
        "miss_overhead", {"question": "300 bytes", "answer": "2 KiB", "documents": 3},
        [harness.table("Microseconds from the request to its answer, medians",
                       ["computation", "cache on", "cache off", "no cache layer", "on − off",
                        "on − no layer"],
                       [[f"{row['compute_us']} µs", row["on_us"], row["off_us"], row["bare_us"],
                         row["added_us"], row["added_to_bare_us"]] for row in misses]),
         harness.table("Nanoseconds in the cache layer per hit", ["body", "ns"],
                       [["300 bytes, seen before", result["hit_enter_ns"]],
                        ["4 KiB, read every time", result["hit_long_body_ns"]]])],
        [harness.goal(f"the cache adds under {MOST_ADDED_US} µs to a miss", added,
                      added < MOST_ADDED_US),
         harness.goal(f"the layer takes under {MOST_HIT_NS} ns of a hit", result["hit_enter_ns"],
                      result["hit_enter_ns"] < MOST_HIT_NS)],
        notes=["Differences are taken inside a triple of misses for the same question, then the "
               "median. \"No cache layer\" hands the same computation to the same pool."],
        raw=result)


if __name__ == "__main__":
    main()
