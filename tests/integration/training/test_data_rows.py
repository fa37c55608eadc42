"""Rows to ids and labels, against `apply_chat_template` of transformers and the tokenizer of Hugging Face."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import pytest
from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parents[3]
TINY = ROOT / "tests" / "data" / "lfm2-tiny"
FINETUNE = ROOT / "examples" / "finetune"
IGNORED = -100
PIECES = ["Hello", " world", "\n", "\n\n", "  ", "3.14", "東京", "é", "👍", "don't", "<|im_end|>", "<|im_start|>",
          "<|startoftext|>", "<think>", "x=1;", "\t", "QQQ", " zebrawood", "{\"a\": 1}", "'s", "Straße", "", "\u2028"]


@pytest.fixture(scope="module")
def judge():
    return AutoTokenizer.from_pretrained(TINY)


def driver(*words):
    path = Path(os.environ.get("LIQUID_DATA_DRIVER", ROOT / "build/release/src/train/data/train_data_driver"))
    assert path.is_file(), f"{path} is not built (make build), or LIQUID_DATA_DRIVER is wrong"
    run = subprocess.run([path, *map(str, words)], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


def samples_of(path, max_length=100_000):
    """[(ids, labels)] of a file without bad rows."""
    lines = driver("rows", TINY, path, max_length).splitlines()
    assert not [line for line in lines if line.startswith("bad ")]
    return [tuple(map(list, zip(*(map(int, pair.split(":")) for pair in line.split())))) for line in lines]


def write_rows(path, rows, ensure_ascii=False):
    path.write_text("".join(json.dumps(row, ensure_ascii=ensure_ascii) + "\n" for row in rows), encoding="utf-8")
    return path


def labels_by_mask(ids, mask):
    return [IGNORED] + [token if trained else IGNORED for token, trained in zip(ids[1:], mask[1:])]


def random_text(luck):
    return "".join(luck.choice(PIECES) for _ in range(luck.randrange(0, 9)))


def random_json(luck, depth=0):
    kind = luck.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [random_json(luck, depth + 1) for _ in range(luck.randrange(4))]
    if kind == 7:
        return {random_text(luck): random_json(luck, depth + 1) for _ in range(luck.randrange(4))}
    return luck.choice([None, True, False, luck.randrange(-10**6, 10**18), luck.uniform(-1e3, 1e3), 1.0, 1e22, 1.5e-7,
                        -0.0, random_text(luck), random_text(luck)])


def random_conversation(luck):
    messages = []
    if luck.random() < 0.4:
        messages.append({"role": "system", "content": random_text(luck)})
    messages.append({"role": "user", "content": random_text(luck)})
    for _ in range(luck.randrange(5)):
        role = luck.choice(["user", "assistant", "assistant", "tool"])
        content = random_text(luck)
        if role == "tool" and luck.random() < 0.5:
            content = {"result": random_json(luck)}
        messages.append({"role": role, "content": content})
    messages.append({"role": "assistant", "content": random_text(luck)})
    row = {"messages": messages}
    if luck.random() < 0.3:
        row["tools"] = [{"name": random_text(luck), "parameters": {"p": random_json(luck)}}
                        for _ in range(luck.randrange(1, 3))]
    return row


def rendered(judge, row):
    """(ids, mask) by transformers."""
    answer = judge.apply_chat_template(row["messages"], tools=row.get("tools"), tokenize=True, return_dict=True,
                                       return_assistant_tokens_mask=True)
    return answer["input_ids"], answer["assistant_masks"]


@pytest.mark.parametrize("ensure_ascii", [False, True], ids=["utf-8", "escapes"])
def test_random_conversations_are_rendered_and_masked_alike(judge, tmp_path, ensure_ascii):
    luck = random.Random(5)
    rows = [random_conversation(luck) for _ in range(400)]
    samples = samples_of(write_rows(tmp_path / "rows.jsonl", rows, ensure_ascii))
    assert len(samples) == len(rows)
    trained = 0
    for row, (ids, labels) in zip(rows, samples):
        expected, mask = rendered(judge, row)
        assert ids == expected, row
        assert labels == labels_by_mask(expected, mask), row
        trained += sum(mask)
    assert trained > 5000


def test_a_pretty_printed_list_gives_the_same_samples(tmp_path):
    luck = random.Random(6)
    rows = [random_conversation(luck) for _ in range(50)]
    (tmp_path / "list.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    assert samples_of(tmp_path / "list.json") == samples_of(write_rows(tmp_path / "rows.jsonl", rows))


def test_truncation_keeps_the_beginning(judge, tmp_path):
    luck = random.Random(7)
    rows = [random_conversation(luck) for _ in range(200)]
    kept = []
    for row in rows:
        ids, mask = rendered(judge, row)
        labels = labels_by_mask(ids, mask)
        if any(label != IGNORED for label in labels[:40]):
            kept.append((ids[:40], labels[:40]))
    assert 20 < len(kept) < 200
    assert samples_of(write_rows(tmp_path / "rows.jsonl", rows), max_length=40) == kept


def test_completions_of_turns_train_nothing_of_the_prompt(judge, tmp_path):
    luck = random.Random(8)
    rows, expected = [], []
    for _ in range(100):
        messages = random_conversation(luck)["messages"]
        cut = luck.randrange(1, len(messages))
        prompt, completion = messages[:cut], messages[cut:]
        ids, mask = rendered(judge, {"messages": messages})
        start = len(rendered(judge, {"messages": prompt})[0])
        rows.append({"prompt": prompt, "completion": completion})
        expected.append((ids, labels_by_mask(ids, [0] * start + mask[start:])))
    assert samples_of(write_rows(tmp_path / "rows.jsonl", rows)) == expected


def test_texts_and_completions_of_text_are_framed_by_begin_and_end(judge, tmp_path):
    luck = random.Random(9)
    texts = ["a" + random_text(luck) + "b" for _ in range(100)]
    begin, end = [judge.bos_token_id], [judge.eos_token_id]

    def encode(text):
        return judge(text, add_special_tokens=False)["input_ids"]

    samples = samples_of(write_rows(tmp_path / "text.jsonl", [{"text": text} for text in texts]))
    for text, (ids, labels) in zip(texts, samples, strict=True):
        assert ids == begin + encode(text) + end
        assert labels == [IGNORED] + ids[1:]
    rows = [{"prompt": text, "completion": text} for text in texts]
    samples = samples_of(write_rows(tmp_path / "completion.jsonl", rows))
    for text, (ids, labels) in zip(texts, samples, strict=True):
        prompt = begin + encode(text)
        assert ids == prompt + encode(text) + end
        assert labels == [IGNORED] * len(prompt) + ids[len(prompt):]


def test_example_rows_are_rendered_alike(judge):
    for name in ("docs.train.jsonl", "docs.held-out.jsonl"):
        rows = [json.loads(line) for line in (FINETUNE / name).read_text(encoding="utf-8").splitlines()]
        for row, (ids, labels) in zip(rows, samples_of(FINETUNE / name), strict=True):
            expected, mask = rendered(judge, row)
            assert (ids, labels) == (expected, labels_by_mask(expected, mask))


def test_example_rows_are_what_the_script_derives():
    run = subprocess.run([sys.executable, ROOT / "tools/make_finetune_rows.py", "--check"], capture_output=True,
                         text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr


def test_mlflow_reads_schema_and_profile():
    from mlflow.types import Schema

    columns = {}
    for name in ("alpaca", "sharegpt", "messages", "prompt-completion", "text"):
        written = json.loads(driver("schema", name))["mlflow_colspec"]
        schema = Schema.from_json(json.dumps(written))
        assert schema.to_dict() == written
        columns[name] = schema.input_names()
    assert columns["alpaca"] == ["instruction", "input", "output", "system", "history"]
    assert columns["messages"] == ["messages"]
    digest, profile, schema = driver("mlflow", TINY, FINETUNE / "docs.train.jsonl").splitlines()
    profile = json.loads(profile)
    assert profile["num_rows"] == 320 and profile["format"] == "messages"
    assert profile["samples_sha256"].startswith(digest) and len(digest) == 10
    assert "messages" in schema
