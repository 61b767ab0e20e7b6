"""Tokenizers as Python users train and use them, timed on the same files as `./zebra bench tokenizer`.

    python bench/peers/tokenizer.py --make TEXTS --from PATH... [--jdk src.zip] [--megabytes 100]
    python bench/peers/tokenizer.py TEXTS [--vocab-size 32000] [--json FILE]

The first builds the folder TEXTS, a file for each document: of `.jsonl.gz` files the `text` of each line, of other
`.gz` and text files the whole, then Java sources of a JDK's src.zip until there are enough megabytes. The second trains
byte-level BPE by `tokenizers`' own trainer with Llama 3's expression, then encodes every k-th document, about
--encode-megabytes in all, by `encode_batch_fast` and `encode_batch`. Text is in memory before the clock starts; a
megabyte has 10^6 bytes of UTF-8; median of the repetitions.
Tried with tokenizers 0.23.2; needs nothing else.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import time
import zipfile
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def make(folder, paths, jdk, megabytes):
    folder.mkdir(parents=True, exist_ok=True)
    count, size = 0, 0

    def put(text):
        nonlocal count, size
        if text and size < megabytes * 1e6:
            data = text.encode()
            (folder / f"{count:06d}.txt").write_bytes(data)
            count += 1
            size += len(data)

    for root in map(Path, paths):
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_dir():
                continue
            opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
            with opened as lines:
                if ".jsonl" in path.name:
                    for line in lines:
                        put(json.loads(line)["text"])
                else:
                    put(lines.read())
    if jdk:
        with zipfile.ZipFile(jdk) as sources:
            for name in sources.namelist():
                if name.endswith(".java") and not name.startswith(("jdk.localedata/", "jdk.charsets/")):
                    put(sources.read(name).decode("utf-8", "replace"))
    print(f"{count} documents, {size / 1e6:.1f} MB in {folder}")


def train(texts, vocab_size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def size_of(texts):
    return sum(len(text.encode()) for text in texts)


def timed(call, repeats):
    seconds, result = [], None
    for _ in range(repeats):
        before = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - before)
    return seconds, result


def measure(options):
    files = sorted(path for path in Path(options.texts).rglob("*.txt"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert texts, f"no .txt files in {options.texts}"
    total = size_of(texts)
    print(f"tokenizers {tokenizers.__version__}, Python {platform.python_version()}, {os.cpu_count()} processors, "
          f"{len(texts)} documents, {total / 1e6:.1f} MB", flush=True)
    rows = []

    def row(task, system, seconds, size, tokens):
        median = statistics.median(seconds)
        rows.append({
            "task": task, "system": system, "seconds": median, "bestSeconds": min(seconds),
            "megabytesPerSecond": size / median / 1e6, "bytes": size, "tokens": tokens, "repeats": len(seconds),
        })
        print(f"{task:7} {system:28} {median:8.2f} s {size / median / 1e6:7.2f} MB/s {tokens} tokens", flush=True)

    seconds, tokenizer = timed(lambda: train(texts, options.vocab_size), options.train_repeats)
    row("train", "tokenizers", seconds, total, tokenizer.get_vocab_size())
    k = max(1, -(-total // int(options.encode_megabytes * 1e6)))
    sample = texts[::k]
    size = size_of(sample)
    for name in ("encode_batch_fast", "encode_batch"):
        def encode():
            encodings = getattr(tokenizer, name)(sample, add_special_tokens=False)
            return sum(len(encoding.ids) for encoding in encodings)

        encode()
        seconds, tokens = timed(encode, options.repeats)
        row("encode", f"tokenizers {name}", seconds, size, tokens)
    if options.json:
        Path(options.json).write_text(json.dumps({"rows": rows}, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", nargs="?", help="folder of .txt files, each a document")
    parser.add_argument("--make", help="folder to build")
    parser.add_argument("--from", dest="paths", nargs="+", default=[])
    parser.add_argument("--jdk", help="a JDK's lib/src.zip")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--vocab-size", type=int, default=32000)
    parser.add_argument("--encode-megabytes", type=float, default=20)
    parser.add_argument("--train-repeats", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", help="file to write the rows to")
    options = parser.parse_args()
    if options.make:
        make(Path(options.make), options.paths, options.jdk, options.megabytes)
    elif options.texts:
        measure(options)
    else:
        parser.error("name a folder of text, or --make one")


if __name__ == "__main__":
    main()
