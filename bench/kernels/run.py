"""Matrix products of a training step as a share of the FMA peak, and beside torch. Method: bench/README.md."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("LIQUID_PEERS", harness.DEPS / "peers"))
ROUNDS = 5
SECONDS = 0.25
GOAL_PERCENT = 85
# Rows, in, out: the linear layers of LFM2-350M on a packed batch, and its head on label positions.
SHAPES = [(1000, 1024, 1024), (1000, 1024, 3072), (1000, 1024, 4608), (1000, 4608, 1024),
          (600, 1024, 65536)]
DIRECTIONS = ["forward", "backward", "gradient"]
STORAGES = ["f32", "bf16", "nf4"]


class Asked:
    """A program that answers each line with a line."""

    def __init__(self, *command):
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL)

    def __call__(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            harness.fail(f"{self._process.args[0]} gave no answer to {words}")
        return float(answer.split()[0])

    def close(self):
        self._process.stdin.close()
        self._process.wait()


def cases():
    for shape in SHAPES:
        for direction in DIRECTIONS:
            # The head is frozen or tied in every kind of fine-tuning but the full one.
            if direction == "gradient" and shape[2] > 10_000:
                continue
            for storage in STORAGES if direction != "gradient" else STORAGES[:1]:
                yield direction, storage, shape


def measure():
    ours = Asked(harness.program("bench/kernels/liquid_kernels_bench"))
    torch = Asked(PEERS / "bin/python", HERE / "rival.py")
    best = {}
    for _ in range(ROUNDS):
        keep(best, "peak", ours("peak", int(SECONDS * 1000)))
        for direction, storage, shape in cases():
            keep(best, (direction, storage, shape),
                 ours(direction, storage, *shape, int(SECONDS * 1000)))
            if storage == "f32":
                keep(best, (direction, "torch", shape), torch(direction, *shape, SECONDS))
    ours.close()
    torch.close()
    return best


def keep(best, key, rate):
    best[key] = max(best.get(key, 0), rate)


def main():
    best = measure()
    rows = []
    for direction, storage, shape in cases():
        mine, theirs = best[direction, storage, shape], best[direction, "torch", shape]
        rows.append([f"{direction}, {shape[0]} × {shape[1]} → {shape[2]}", storage, mine,
                     f"{100 * mine / best['peak']:.0f} %", theirs, mine / theirs])
    worst = min(100 * best[case] / best["peak"] for case in cases())
    harness.write_result(
        "kernels", {"rounds": ROUNDS, "seconds each": SECONDS, "rival": "torch 2.13.0, fp32, 2 threads",
                    "FMA peak, GFLOP/s": round(best["peak"])},
        [harness.table("", ["product", "weight stored as", "GFLOP/s", "of the FMA peak",
                            "torch, GFLOP/s", "ratio"], rows)],
        [harness.goal(f"every product ≥ {GOAL_PERCENT} % of the FMA peak", worst, worst >= GOAL_PERCENT)],
        notes=["The fastest call of all rounds, ours and torch's taking turns: other programs only ever "
               "slow a call down."],
        raw={" ".join(map(str, key)) if isinstance(key, tuple) else key: rate for key, rate in best.items()})


if __name__ == "__main__":
    main()
