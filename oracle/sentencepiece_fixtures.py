"""Trains tiny SentencePiece models and writes them with what SentencePiece makes of stated texts.

    python oracle/sentencepiece_fixtures.py

For each model, NAME.model and NAME.json under core/src/test/resources/fixtures/sentencepiece: the version of the
library and, for each text, its ids and the text decoded from them. The models are trained on words drawn from a fixed
seed; training is deterministic with one thread.
"""

import io
import json
import pathlib
import random

import sentencepiece

FOLDER = pathlib.Path(__file__).parent.parent / "core/src/test/resources/fixtures/sentencepiece"

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
}

MORE = {
    "gemma": ["<table>", "a<table>b", "x</td></td>y", "a\n\n\nb", "a  b   c    d", "zabcabcd", "<start_of_turn >"],
    "symbols": ["a<sep>b", "<sep>a", "a<sep>", " <sep> ", "<sep><sep><sep>", "a[x][x]b", "a\nb\n", "<sep"],
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (name, options) in enumerate(MODELS.items()):
        if name in ("rules", "unigram"):
            rules = FOLDER / "rules.tsv"
            rules.write_text("\n".join(RULES) + "\n", encoding="utf-8")
            options["normalization_rule_tsv"] = str(rules)
        model = io.BytesIO()
        blanks = (" ", " ", " ", "  ", "\t") if name in ("llama", "gemma") else (" ",)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(seed, blanks), model_writer=model, num_threads=1, minloglevel=2, **options)
        proto = model.getvalue()
        if name == "unescaped":
            proto = unescape(proto)
        (FOLDER / f"{name}.model").write_bytes(proto)
        processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
        cases = [
            {"text": text, "ids": (ids := processor.encode(text)), "decoded": processor.decode(ids)}
            for text in texts(seed, MORE.get(name, []))
        ]
        written = {"sentencepiece": sentencepiece.__version__, "unk": processor.unk_id(), "cases": cases}
        (FOLDER / f"{name}.json").write_text(json.dumps(written, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")
        print(name, processor.vocab_size(), len(proto), (FOLDER / f"{name}.json").stat().st_size)
    (FOLDER / "rules.tsv").unlink()


def unescape(proto):
    """The trainer always replaces blanks by ▁; here is a model that does not, as its format allows."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto.FromString(proto)
    model.normalizer_spec.escape_whitespaces = False
    for piece in model.pieces:
        if piece.type == 1:
            piece.piece = piece.piece.replace("▁", " ")
    return model.SerializeToString()


main()
