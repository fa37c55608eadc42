"""transformers + PEFT, bare: the leanest loop one can write around them (no Trainer).

    rival.py model FOLDER SHAPE SEED       writes a randomly initialised LFM2
    rival.py steps FOLDER STEPS RANK       makes training steps when told to, like liquid_train_bench

STEPS is a JSON list of steps; a step is a list of samples {"ids": […], "labels": […]}, padded to the longest.
"""

import json
import os
import resource
import sys
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers

IGNORED = -100


def write_model(folder, shape, seed):
    torch.manual_seed(seed)
    config = transformers.Lfm2Config(**shape)
    model = transformers.Lfm2ForCausalLM(config).to(torch.bfloat16)  # as released models are stored
    model.save_pretrained(folder)
    print(json.dumps({"parameters": sum(p.numel() for p in model.parameters())}))


def load(folder, rank):
    import peft
    model = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="sdpa")
    model.config.use_cache = False
    lora = peft.LoraConfig(
        r=rank, lora_alpha=2 * rank, lora_dropout=0.0, task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "out_proj", "in_proj", "w1", "w2", "w3"])
    return peft.get_peft_model(model, lora)


def padded(samples):
    longest = max(len(sample["ids"]) for sample in samples)
    fill = lambda values, value: values + [value] * (longest - len(values))
    return {"input_ids": torch.tensor([fill(s["ids"], 0) for s in samples]),
            "attention_mask": torch.tensor([fill([1] * len(s["ids"]), 0) for s in samples]),
            "labels": torch.tensor([fill(s["labels"], IGNORED) for s in samples])}


def make_steps(folder, steps, rank):
    model = load(folder, rank)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-4, weight_decay=0.01)
    print("ready", flush=True)
    for line in sys.stdin:
        samples = steps[int(line)]
        begun = time.perf_counter()
        batch = padded(samples)
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        took = time.perf_counter() - begun
        print(json.dumps({"seconds": took, "loss": loss.item(),
                          "tokens": sum(len(s["ids"]) for s in samples),
                          "positions": batch["input_ids"].numel(),
                          "trained": int((batch["labels"][:, 1:] != IGNORED).sum()),
                          "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}),
              flush=True)


def main():
    if sys.argv[1] == "model":
        write_model(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]))
    else:
        with open(sys.argv[3], encoding="utf-8") as file:
            steps = json.load(file)
        make_steps(sys.argv[2], steps, int(sys.argv[4]))


if __name__ == "__main__":
    main()
