"""Opens a tokenizer.json that we wrote with Hugging Face tokenizers, or writes one by their trainer.

    python oracle/tokenizer_interop.py encode TOKENIZER TEXTS IDS
    python oracle/tokenizer_interop.py train TEXTS TOKENIZER VOCAB_SIZE [EXPRESSION]

TEXTS holds a JSON string a line, each a document. `encode` writes their ids as little-endian int32: for each document
their number, then they themselves. `train` cuts words by the expression, or as GPT-2 does where there is none, by the
pre-tokenizer that has it built in. Both print a line of JSON with the library's version.
"""

import json
import struct
import sys

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def encode(tokenizer_json, texts, ids):
    tokenizer = Tokenizer.from_file(tokenizer_json)
    encodings = tokenizer.encode_batch_fast(read(texts), add_special_tokens=False)
    with open(ids, "wb") as out:
        for encoding in encodings:
            out.write(struct.pack(f"<{1 + len(encoding.ids)}i", len(encoding.ids), *encoding.ids))


def train(texts, tokenizer_json, vocab_size, expression=None):
    tokenizer = Tokenizer(models.BPE())
    if expression is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(expression), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=int(vocab_size),
        special_tokens=["<|endoftext|>", "<|im_start|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(read(texts), trainer)
    tokenizer.save(tokenizer_json)


{"encode": encode, "train": train}[sys.argv[1]](*sys.argv[2:])
print(json.dumps({"tokenizers": tokenizers.__version__}))
