"""Fine-tuning LFM2 with LoRA: ours against transformers + PEFT, steps taking turns. Method: bench/README.md.

    run.py [--full] [--rounds N]      --full: the shape of LFM2-350M instead of a quarter of it
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("LIQUID_PEERS", harness.DEPS / "peers"))
CORES = f"{harness.SERVER_CORE},{harness.CLIENT_CORE}"
RANK = 16
POSITIONS = 1024  # of a packed sequence
PROMPT = 0.4      # of a sample carries no loss

CONV, ATTENTION = "conv", "full_attention"
SHARED = {"hidden_size": 1024, "intermediate_size": 4608, "block_auto_adjust_ff_dim": False,
          "num_attention_heads": 16, "num_key_value_heads": 8, "tie_word_embeddings": True}
SHAPES = {"350q": {**SHARED, "vocab_size": 16384, "num_hidden_layers": 4,
                   "layer_types": [CONV, CONV, ATTENTION, CONV]},
          "350M": {**SHARED, "vocab_size": 65536, "num_hidden_layers": 16,
                   "layer_types": [ATTENTION if i in (2, 5, 8, 10, 12, 14) else CONV for i in range(16)]}}


def make_samples(count, vocabulary, seed=1):
    """Log-normal lengths as measured on instruction data: mean 193, median 149, from 24 to 1024 tokens."""
    chance = random.Random(seed)
    samples = []
    for _ in range(count):
        length = min(1024, max(24, round(chance.lognormvariate(5.0, 0.72))))
        ids = [chance.randrange(16, vocabulary) for _ in range(length)]
        prompt = round(PROMPT * length)
        samples.append({"ids": ids, "labels": [-100] * prompt + ids[prompt:]})
    return samples


def packed(samples):
    """Best-fit decreasing into sequences of at most POSITIONS tokens."""
    bins = []
    for sample in sorted(samples, key=lambda s: -len(s["ids"])):
        size = len(sample["ids"])
        fitting = [b for b in bins if b["free"] >= size]
        if fitting:
            chosen = min(fitting, key=lambda b: b["free"])
        else:
            chosen = {"free": POSITIONS, "samples": []}
            bins.append(chosen)
        chosen["free"] -= size
        chosen["samples"].append(sample)
    full = [b["samples"] for b in bins if b["free"] < POSITIONS // 8]
    random.Random(2).shuffle(full)
    return full


def flat(samples):
    return {"input_ids": [i for s in samples for i in s["ids"]],
            "labels": [i for s in samples for i in s["labels"]],
            "seq_lens": [len(s["ids"]) for s in samples]}


def grouped(samples, size):
    ordered = sorted(samples, key=lambda s: len(s["ids"]))
    steps = [ordered[i:i + size] for i in range(0, len(ordered) - size + 1, size)]
    random.Random(3).shuffle(steps)
    return steps


def chunks(samples, size):
    return [samples[i:i + size] for i in range(0, len(samples) - size + 1, size)]


class Worker:
    """A process that makes a step when it is asked to; asleep otherwise."""

    def __init__(self, command):
        self.process = subprocess.Popen(harness.pinned(CORES, command), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self._expect("ready")

    def _expect(self, word):
        line = self.process.stdout.readline().strip()
        if line != word:
            harness.fail(f"{self.process.args}: '{line}', expected '{word}'")

    def step(self, index):
        self.process.stdin.write(f"{index}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(model, steps):
    return Worker([harness.program("bench/train/liquid_train_bench"), "steps", model, steps, RANK])


def theirs(model, steps):
    return Worker([PEERS / "bin/python", HERE / "rival.py", "steps", model, steps, RANK])


def written(folder, name, value):
    path = folder / f"{name}.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def take_turns(workers, rounds):
    """Every worker makes a step in each round; the first two rounds only warm up."""
    results = {name: [] for name in workers}
    for index in range(rounds + 2):
        for name, worker in workers.items():
            result = worker.step(index)
            if index >= 2:
                results[name].append(result)
    for worker in workers.values():
        worker.close()
    return results


def peak_memory(start, model, steps):
    worker = start(model, steps)
    for index in range(3):
        last = worker.step(index)
    worker.close()
    return last


def flops(shape, result):
    """Executed by a step of ours: products only; a multiply-add is two."""
    h, f, v = shape["hidden_size"], shape["intermediate_size"], shape["vocab_size"]
    kv = h * shape["num_key_value_heads"] // shape["num_attention_heads"]
    linear = lora = 0
    for kind in shape["layer_types"]:
        widths = ([(h, 3 * h), (h, h)] if kind == CONV else [(h, h), (h, kv), (h, kv), (h, h)])
        widths += [(h, f), (h, f), (f, h)]
        linear += sum(i * o for i, o in widths)
        lora += sum(RANK * (i + o) for i, o in widths)
    first = 3 * h * h if shape["layer_types"][0] == CONV else h * (h + 2 * kv)
    body = 4 * linear - 2 * first + 6 * lora
    return body * result["positions"] + 4 * v * h * result["trained"]


def speed(results):
    return statistics.median(r["tokens"] / r["seconds"] for r in results)


def best(results):
    return max(r["tokens"] / r["seconds"] for r in results)


def measure(folder, name, rounds):
    shape = SHAPES[name]
    model = folder / "model"
    done = harness.run_pinned(CORES, [PEERS / "bin/python", HERE / "rival.py", "model", model,
                                      json.dumps(shape), 7])
    samples = make_samples(400, shape["vocab_size"])
    steps = {"packed": written(folder, "packed", [flat(s) for s in packed(samples)]),
             "random": written(folder, "random", chunks(samples, 4)),
             "grouped": written(folder, "grouped", grouped(samples, 4)),
             "single": written(folder, "single", chunks(samples, 1))}
    peak = json.loads(harness.run_pinned(CORES, [harness.program("bench/train/liquid_train_bench"),
                                                 "peak"]).output)
    workers = {"ours": ours(model, steps["packed"])}
    for batching in ("random", "grouped", "single"):
        workers[batching] = theirs(model, steps[batching])
    results = take_turns(workers, rounds)
    equal = [{"ids": s["ids"], "labels": s["labels"]} for s in make_equal(shape["vocab_size"])]
    memory = {"ours": peak_memory(ours, model, written(folder, "equal_flat", [flat(equal)] * 3)),
              "rival": peak_memory(theirs, model, written(folder, "equal", [equal] * 3))}
    return {"shape": name, "peak": peak, "steps": results, "memory": memory,
            "parameters": json.loads(done.output.strip().splitlines()[-1])["parameters"]}


def make_equal(vocabulary):
    """4 samples of 256 tokens: the same positions for both, nothing padded."""
    chance = random.Random(5)
    ids = [[chance.randrange(16, vocabulary) for _ in range(256)] for _ in range(4)]
    return [{"ids": row, "labels": [-100] * 102 + row[102:]} for row in ids]


def report(result, rounds, full):
    shape = SHAPES[result["shape"]]
    steps, memory = result["steps"], result["memory"]
    mine = speed(steps["ours"])
    labels = {"random": "PEFT, random batches of 4, dynamic padding (as usually set)",
              "grouped": "PEFT, batches of 4 grouped by length",
              "single": "PEFT, batches of 1"}
    rows = [["liquid, packed ≤ 1024, exact", mine, best(steps["ours"]),
             statistics.mean(r["positions"] for r in steps["ours"]), 1.0]]
    for name, title in labels.items():
        rows.append([title, speed(steps[name]), best(steps[name]),
                     statistics.mean(r["positions"] for r in steps[name]), mine / speed(steps[name])])
    executed = statistics.median(flops(shape, r) / r["seconds"] for r in steps["ours"])
    share = executed / result["peak"]["fma"]
    memory_ratio = memory["ours"]["peak_mb"] / memory["rival"]["peak_mb"]
    strongest = max(speed(steps[name]) for name in labels)
    goals = [harness.goal("≥ 1.15 × PEFT at its best", mine / strongest, mine / strongest >= 1.15),
             harness.goal("≥ 2.0 × PEFT as usually set", rows[1][4], rows[1][4] >= 2.0),
             harness.goal("≤ 0.65 × its peak memory at equal positions", memory_ratio,
                          memory_ratio <= 0.65),
             harness.goal("executed FLOP/s ≥ 0.55 of the FMA peak", share, share >= 0.55)]
    memory_rows = [["liquid", memory["ours"]["peak_mb"], memory["ours"]["positions"]],
                   ["transformers + PEFT", memory["rival"]["peak_mb"], memory["rival"]["positions"]]]
    harness.write_result(
        "train_full" if full else "train",
        {"rival": "transformers 5.23, PEFT 0.21, torch 2.13, fp32 arithmetic, bare loop",
         "shape": f"{result['shape']}, {result['parameters'] / 1e6:.0f} M parameters, stored in bf16",
         "LoRA": f"rank {RANK} on all linear modules", "rounds": rounds,
         "FMA peak": f"{result['peak']['fma'] / 1e9:.0f} GFLOP/s, {result['peak']['threads']} threads"},
        [harness.table("Real tokens per second", ["who", "median", "best", "positions per step",
                                                  "liquid is faster by"], rows),
         harness.table("Peak memory of a process at equal positions per step",
                       ["who", "MiB", "positions"], memory_rows)],
        goals, notes=[f"Executed: {executed / 1e9:.0f} GFLOP/s, {share:.2f} of the FMA peak."],
        raw=result)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    arguments = parser.parse_args()
    rounds = arguments.rounds or (3 if arguments.full else 9)
    with tempfile.TemporaryDirectory(prefix="liquid_train_bench") as folder:
        result = measure(pathlib.Path(folder), "350M" if arguments.full else "350q", rounds)
    report(result, rounds, arguments.full)


if __name__ == "__main__":
    main()
