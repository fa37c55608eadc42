"""The workloads of tokenizer_bench.cpp with Python's tokenizers, one thread; prints one JSON object."""

import hashlib
import json
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import (Regex, Tokenizer, decoders, models, pre_tokenizers,  # noqa: E402
                        trainers)

SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def rounds(count, work):
    seconds, result = [], None
    for _ in range(count):
        begin = time.process_time()
        result = work()
        seconds.append(time.process_time() - begin)
    return seconds, result


def train(texts, folder, vocabulary):
    special = [token["content"] for token in json.load(open(f"{folder}/tokenizer.json"))["added_tokens"]
               if token["special"]]
    begin = time.process_time()
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocabulary - 2, min_frequency=2, show_progress=False, special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return {"seconds": time.process_time() - begin}


def measure(work, texts, folder, count):
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    decoded = []
    if work == "encode":  # the whole list in one call, without offsets: the fastest there is
        seconds, encodings = rounds(
            count, lambda: tokenizer.encode_batch_fast(texts, add_special_tokens=False))
        ids = [encoding.ids for encoding in encodings]
    elif work == "encode_one":  # text by text
        seconds, encodings = rounds(
            count, lambda: [tokenizer.encode(text, add_special_tokens=False) for text in texts])
        ids = [encoding.ids for encoding in encodings]
    else:
        seconds, decoded = rounds(count, lambda: tokenizer.decode_batch(ids, skip_special_tokens=False))
    digest = hashlib.sha256()
    for number, of_text in enumerate(ids):
        digest.update("".join(f"{token}\n" for token in of_text).encode())
        if work == "decode":
            digest.update(decoded[number].encode())
    return {"seconds": seconds, "tokens": sum(map(len, ids)), "digest": digest.hexdigest()}


def main():
    work, file, folder, number = sys.argv[1:]
    with open(file, encoding="utf-8") as handle:
        texts = json.load(handle)
    result = train(texts, folder, int(number)) if work == "train" else measure(work, texts, folder, int(number))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
