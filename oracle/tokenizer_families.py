"""Text of every script to encode, and what the libraries that models were made with make of it.

    python oracle/tokenizer_families.py texts OUT MEGABYTES [FOLDER]
    python oracle/tokenizer_families.py encode TOKENIZER TEXTS OUT
    python oracle/tokenizer_families.py prompts FOLDER TEXTS OUT

`texts` writes documents, a JSON string a line: passages of the files under FOLDER (.txt, .jsonl and .tex, packed or
not), and, all from one seed, code points of every block of Unicode, sequences of emoji, blanks and control characters.
`encode` writes what Python's `tokenizers` (a .json file) or `sentencepiece` (a .model file) makes of each document
without special tokens: the number of ids and they, the number of bytes of the text decoded from them and they, all
numbers little-endian int32. `prompts` writes transformers' `tokenizer(text).input_ids`, a JSON list a line.
All print a line of JSON with the versions.
"""

import gzip
import json
import pathlib
import random
import re
import struct
import sys
import time
import unicodedata

SEED = 20261123
# Written out in a text they become special tokens in one library and not in the other.
LITERALS = re.compile(r"<(/?)(s|unk|pad|bos|eos|mask)>")

EMOJI = ["\U0001f600", "\u2764\ufe0f", "\U0001f1e9\U0001f1ea", "\U0001f1ef\U0001f1f5", "1\ufe0f\u20e3", "\U0001f44d\U0001f3fd"]
EMOJI += ["\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f993"]
EMOJI += ["\U0001f9d1\U0001f3ff\u200d\U0001f680", "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468", "\u00a9\ufe0f"]
BLANKS = [" ", "  ", "   ", " " * 17, "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\u00a0", "\u3000", "\u2003", "\u200b", "\ufeff"]
BLANKS += ["\u2581", "\u2581\u2581", "\u2028", "\x00", "\x01", "\x7f", "\x85", "<0x0A>", "<0x41>", "0123456789", "=" * 40, "a" * 70]


def blocks():
    """Runs of assigned code points, 64 at most, in all planes."""
    run = []
    for point in range(0x110000):
        if unicodedata.category(chr(point)) in ("Cn", "Cs") or 0xF0000 <= point and point % 997:
            if run:
                yield run
            run = []
            continue
        run.append(chr(point))
        if len(run) == 64:
            yield run
            run = []
    if run:
        yield run


def made(draw, runs):
    kind = draw.random()
    if kind < 0.25:
        parts = [draw.choice(EMOJI + BLANKS) for _ in range(draw.randint(5, 200))]
        return "".join(parts)
    if kind < 0.35:
        return "".join(draw.choice(BLANKS) + draw.choice(draw.choice(runs)) for _ in range(draw.randint(5, 400)))
    parts = []
    for _ in range(draw.randint(1, 12)):
        run = draw.choice(runs)
        for _ in range(draw.randint(5, 60)):
            parts.append("".join(draw.choices(run, k=draw.randint(1, 9))))
            parts.append(draw.choice(BLANKS) if draw.random() < 0.1 else " ")
    return "".join(parts)


def passages(draw, folder):
    files = [path for path in sorted(folder.rglob("*")) if re.search(r"\.(txt|jsonl|tex)(\.gz)?$", path.name)]
    sources = []
    for path in files:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            if ".jsonl" in path.name:
                text = "\n".join(json.loads(line).get("text", "") for line in lines)
            else:
                text = lines.read()
        sources.append(text)
    while sources:
        text = draw.choice(sources)
        start = draw.randrange(max(1, len(text) - 4000))
        yield text[start : start + draw.randint(100, 8000)]


def texts(out, megabytes, folder=None):
    draw = random.Random(SEED)
    runs = ["".join(run) for run in blocks()]
    found = passages(draw, pathlib.Path(folder)) if folder else None
    every = ["".join(runs[i : i + 20]) for i in range(0, len(runs), 20)]  # no code point is left out
    left = float(megabytes) * 1e6
    counts = {"passages": 0, "made": 0}
    with open(out, "w", encoding="utf-8") as lines:
        while left > 0:
            taken = found is not None and draw.random() < 0.6
            text = LITERALS.sub(r"< \1\2 >", next(found) if taken else every.pop() if every else made(draw, runs))
            size = len(text.encode())
            left -= size
            counts["passages" if taken else "made"] += size
            lines.write(json.dumps(text) + "\n")
    print(json.dumps({**counts, "unicode": unicodedata.unidata_version}))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(tokenizer, documents, out):
    documents = read(documents)
    started = time.time()
    if tokenizer.endswith(".model"):
        import sentencepiece

        version = {"sentencepiece": sentencepiece.__version__}
        processor = sentencepiece.SentencePieceProcessor(model_file=tokenizer)
        loaded = time.time()
        ids = [processor.encode(document) for document in documents]
        decoded = [processor.decode(line) for line in ids]
    else:
        import tokenizers

        version = {"tokenizers": tokenizers.__version__}
        library = tokenizers.Tokenizer.from_file(tokenizer)
        loaded = time.time()
        library.no_truncation()
        library.no_padding()
        ids = [encoding.ids for encoding in library.encode_batch_fast(documents, add_special_tokens=False)]
        decoded = library.decode_batch(ids, skip_special_tokens=False)
    with open(out, "wb") as file:
        for line, text in zip(ids, decoded, strict=True):
            text = text.encode()
            file.write(struct.pack(f"<{1 + len(line)}i", len(line), *line) + struct.pack("<i", len(text)) + text)
    print(json.dumps({**version, "load": round(loaded - started, 3), "seconds": round(time.time() - loaded, 3)}))


def prompts(folder, documents, out):
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with open(out, "w", encoding="utf-8") as lines:
        for document in read(documents):
            lines.write(json.dumps(tokenizer(document).input_ids) + "\n")
    print(json.dumps({"transformers": transformers.__version__, "class": type(tokenizer).__name__}))


{"texts": texts, "encode": encode, "prompts": prompts}[sys.argv[1]](*sys.argv[2:])
