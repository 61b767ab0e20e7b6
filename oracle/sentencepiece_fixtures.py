"""Trains tiny SentencePiece models and writes them with what SentencePiece makes of stated texts.

    python oracle/sentencepiece_fixtures.py

For each model, NAME.model and NAME.json under core/src/test/resources/fixtures/sentencepiece: the version of the
library and, for each text, its ids and the text decoded from them. The models are trained on words drawn from a fixed
seed; training is deterministic with one thread.
"""

import io
import json
import os
import pathlib
import random

import sentencepiece

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures/sentencepiece"

ALPHABETS = ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGH", "éèüñ", "αβγδεζηθ", "абвгдежз", "אבגדה", "日本語中文字", "0123456789"]


def words(seed):
    draw = random.Random(seed)
    vocabulary = []
    for _ in range(400):
        alphabet = ALPHABETS[min(len(ALPHABETS) - 1, int(draw.expovariate(0.6)))]
        vocabulary.append("".join(draw.choice(alphabet) for _ in range(draw.randint(1, 7))))
    return vocabulary


def sentences(seed, blanks=(" ",)):
    draw = random.Random(seed)
    vocabulary = words(seed)
    for _ in range(3000):
        chosen = [vocabulary[int(draw.paretovariate(0.5)) % len(vocabulary)] for _ in range(draw.randint(3, 12))]
        yield "".join(word + draw.choice(blanks) for word in chosen).rstrip(" ") + draw.choice([".", "!", "?", ""])


def texts(seed, more):
    draw = random.Random(seed + 1)
    vocabulary = words(seed)
    fixed = [
        "", " ", "   ", "a", " a", "a ", "  a  b  ", "▁", "▁a", " ▁ a▁", "a▁", "\n", "\t", "\n\n\n", "\r\n", "a\tb\n  c",
        "<0x41>", "<0x0A>", "naïve café", "e\u0301", "\u00a0", "x\u00a0y", "\u3000全角\u3000", "\ufeff", "\u200d", "ﬁne ½ Å ①",
        "🦓", "👨\u200d👩\u200d👧", "a🦓b", "🦓🦓", "日本語の文字", "한국어", "ไทย", "अनुच्छेद", "\u0000", "\u0001\u0002", "\uffff", "\U0010ffff",
        "aaaaaaaaaaaaaaaaaaaaaaa", "0123456789" * 3, "...!!!???", "a" * 300, " " * 40, "é" * 20,
    ]
    drawn = []
    for _ in range(60):
        pieces = [draw.choice(vocabulary + [" ", "  ", "\n", "▁", "é", "🦓", "日"]) for _ in range(draw.randint(1, 15))]
        drawn.append(draw.choice(["", " "]).join(pieces))
    return fixed + drawn + more


# Two characters that become others, one that becomes two, one that goes, a blank of another width: the map that
# SentencePiece has built in is larger than all fixtures together.
RULES = ["FB01\t66 69", "FF21\t41", "3000\t20", "A0\t20", "9\t20", "A\t20", "200B\t", "E9\t65 301"]

MODELS = {
    "llama": dict(
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        split_digits=True, allow_whitespace_only_pieces=True, vocab_size=700, character_coverage=0.99,
    ),
    "gemma": dict(
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        add_dummy_prefix=False, allow_whitespace_only_pieces=True, vocab_size=800, character_coverage=0.99,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, bos_piece="<bos>", eos_piece="<eos>",
        user_defined_symbols=["\n", "\n\n", "▁▁", "▁▁▁", "<table>", "</td>", "abc"], control_symbols=["<start_of_turn>"],
    ),
    "symbols": dict(
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        vocab_size=700, user_defined_symbols=["<sep>", "<sep><sep>", "[x]", "\n"], character_coverage=0.99,
    ),
    "no-bytes": dict(model_type="bpe", normalization_rule_name="identity", vocab_size=400, character_coverage=0.98),
    "rules": dict(model_type="bpe", vocab_size=400, character_coverage=0.98),
    "unigram": dict(model_type="unigram", vocab_size=400, character_coverage=0.98),
    "unescaped": dict(
        model_type="bpe", byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
        vocab_size=600, character_coverage=0.99,
    ),
    "unigram-bytes": dict(
        model_type="unigram", byte_fallback=True, vocab_size=600, character_coverage=0.98,
        user_defined_symbols=["<sep>", "ab", "ABC"],
    ),
    "ties": dict(model_type="unigram", normalization_rule_name="identity", vocab_size=400, character_coverage=0.98),
}

# What the map replaces with marks on it and beside it, and blanks of all kinds at both ends.
MARKS = [
    "a\u0302x", "\u00a0\u0302x", "a\u00a0\u0302x", "\u3000\u0301b", "\ufb01\u0301", "\uff21\u0300\u0300", "\u00e9\u0302", "e\u0301\u0302",
    "a\u200b\u0301", "\u200b", "\u200b\u200ba\u200b", "\u200b \u200b a", " \u3000\u00a0 a \u3000\u00a0 ", "a \u00a0\u3000 b", "a\t\n b",
    "\uff21\uff21\ufb01\ufb01", "\u2581\u00a0\u2581a\u2581\u3000", "\u0915\u094d\u200d\u0937", "\u1100\u1161\u11a8", "1\ufe0f\u20e3", "\u00a0\ufe0f",
]

MORE = {
    "ties": ["-" * n for n in range(1, 40)] + ["x " + "-" * n + " x" for n in range(1, 40)] + ["x" * n for n in range(1, 20)],
    "rules": MARKS,
    "unigram": MARKS,
    "unigram-bytes": MARKS + ["<0x41>a", "x<0xE9>", "<0x0", "<sep>", "a<sep>b", "abab", "cab", "ABCD", "<sep>\u00a0<sep>", "xabx\u0302"],
    "gemma": ["<table>", "a<table>b", "x</td></td>y", "a\n\n\nb", "a  b   c    d", "zabcabcd", "<start_of_turn >"],
    "symbols": ["a<sep>b", "<sep>a", "a<sep>", " <sep> ", "<sep><sep><sep>", "a[x][x]b", "a\nb\n", "<sep"],
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    for seed, (name, options) in enumerate(MODELS.items()):
        if name in ("rules", "unigram", "unigram-bytes"):
            pathlib.Path("rules.tsv").write_text("\n".join(RULES) + "\n", encoding="utf-8")
            options["normalization_rule_tsv"] = "rules.tsv"  # a name that the model keeps
        model = io.BytesIO()
        blanks = (" ", " ", " ", "  ", "\t") if name in ("llama", "gemma") else (" ",)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(seed, blanks), model_writer=model, num_threads=1, minloglevel=2, **options)
        proto = model.getvalue()
        if name == "unescaped":
            proto = unescape(proto)
        if name == "ties":
            proto = dashes(proto)
        (FOLDER / f"{name}.model").write_bytes(proto)
        processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
        cases = [
            {"text": text, "ids": (ids := processor.encode(text)), "decoded": processor.decode(ids)}
            for text in texts(seed, MORE.get(name, []))
        ]
        written = {"sentencepiece": sentencepiece.__version__, "unk": processor.unk_id(), "cases": cases}
        (FOLDER / f"{name}.json").write_text(json.dumps(written, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")
        print(name, processor.vocab_size(), len(proto), (FOLDER / f"{name}.json").stat().st_size)
    pathlib.Path("rules.tsv").unlink()


def unescape(proto):
    """The trainer always replaces blanks by ▁; here is a model that does not, as its format allows."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto.FromString(proto)
    model.normalizer_spec.escape_whitespaces = False
    for piece in model.pieces:
        if piece.type == 1:
            piece.piece = piece.piece.replace("▁", " ")
    return model.SerializeToString()


def dashes(proto):
    """A few pieces whose scores are no round numbers: runs of dashes can be cut in many ways that are equally likely."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto.FromString(proto)
    kept = [piece for piece in model.pieces if piece.type != 1]
    del model.pieces[:]
    model.pieces.extend(kept)
    for text, score in [("▁", -3.3), ("-", -4.87013), ("--", -5.91377), ("▁-", -6.1), ("x", -5.123), ("xx", -5.777), ("xxx", -6.431)]:
        model.pieces.add(piece=text, score=score)
    return model.SerializeToString()


main()
