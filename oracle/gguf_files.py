"""Writes GGUF files with the gguf library of llama.cpp, and what they hold as safetensors and JSON.

    python oracle/gguf_files.py

`gguf/quants.gguf` has a tensor of each type, quants.safetensors the numbers that the gguf library decodes them to.
`gguf/ARCHITECTURE.gguf` are tiny models of transformers, written as llama.cpp's convert_hf_to_gguf.py writes them
(queries and keys of a Llama permuted, norms of a Gemma with 1 added); ARCHITECTURE.safetensors has ids, the logits of
the model, and its weights. Where transformers reads GGUF itself, this program makes sure that it gets the same weights
back. `gguf/tokenizer-PRE.gguf` are vocabularies with nothing else, tokenizers.json what the tokenizers library makes of
texts with them. `gguf/sentencepiece-NAME.gguf` are the models that sentencepiece_fixtures.py made, which must be run before.
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy
import safetensors
import safetensors.torch
import tokenizers
import torch
import transformers
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import dequantize, quantize
from tokenizers import Regex, normalizers, pre_tokenizers
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

ROOT = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures/gguf"
LIBRARIES = (numpy, safetensors, tokenizers, torch, transformers)
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in LIBRARIES) + ", gguf 0.19.0"
SIZES = dict(
    vocab_size=48,
    hidden_size=32,
    intermediate_size=64,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
    max_position_embeddings=128,
    rms_norm_eps=1e-5,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=500000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=8192,
)
DEFAULT = dict(rope_type="default", rope_theta=10000.0)


def models():
    """Each architecture with a type for its matrices and what makes it unusual switched on."""
    without_head_dim = {key: value for key, value in SIZES.items() if key != "head_dim"}
    yield "llama", Type.F16, transformers.LlamaConfig(
        **SIZES, num_hidden_layers=2, attention_bias=False, rope_parameters=LLAMA3, tie_word_embeddings=False
    )
    yield "llama-quantized", Type.Q8_0, transformers.LlamaConfig(
        **SIZES, num_hidden_layers=2, attention_bias=False, rope_parameters=DEFAULT, tie_word_embeddings=True
    )
    yield "qwen2", Type.F32, transformers.Qwen2Config(
        **without_head_dim,
        num_hidden_layers=2,
        use_sliding_window=False,
        tie_word_embeddings=True,
        rope_parameters=dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32),
    )
    yield "qwen3", Type.BF16, transformers.Qwen3Config(
        **SIZES,
        num_hidden_layers=2,
        use_sliding_window=False,
        tie_word_embeddings=False,
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.0),
    )
    gemma = dict(SIZES, tie_word_embeddings=True, sliding_window=8, query_pre_attn_scalar=16)
    yield "gemma2", Type.F16, transformers.Gemma2Config(
        **gemma, num_hidden_layers=3, attn_logit_softcapping=20.0, final_logit_softcapping=10.0, rope_parameters=DEFAULT
    )
    yield "gemma3", Type.F16, transformers.Gemma3TextConfig(
        **gemma,
        num_hidden_layers=7,
        rope_parameters={
            "full_attention": dict(rope_type="linear", rope_theta=1000000.0, factor=8.0),
            "sliding_attention": dict(rope_type="default", rope_theta=10000.0),
        },
    )


def randomise(model):
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, -0.5, 0.5)
            if "gemma" not in type(model).__name__.lower():
                parameter.data += 1
        elif "embed" in name:
            torch.nn.init.normal_(parameter, std=0.3)
        else:
            torch.nn.init.normal_(parameter, std=0.25)


def permuted(weight, heads):
    """The order of rows that llama.cpp rotates neighbours in."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def gguf_name(names, name):
    stem, _, kind = name.rpartition(".")
    return names.get_name(stem) + "." + kind


def llama3_factors(config):
    """As convert_hf_to_gguf.py computes them."""
    rope = config.rope_parameters
    frequencies = 1.0 / (rope["rope_theta"] ** (torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim))
    old = rope["original_max_position_embeddings"]
    factors = []
    for frequency in frequencies:
        wavelength = 2 * torch.pi / frequency
        if wavelength < old / rope["high_freq_factor"]:
            factors.append(1.0)
        elif wavelength > old / rope["low_freq_factor"]:
            factors.append(rope["factor"])
        else:
            smooth = (old / wavelength - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return numpy.array(factors, dtype=numpy.float32)


def write_settings(writer, architecture, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_file_type(1)
    if architecture != "qwen2":
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)
    if architecture == "llama":
        writer.add_vocab_size(config.vocab_size)
        writer.add_rope_dimension_count(config.head_dim)
    rope = config.rope_parameters
    rope = rope.get("full_attention", rope)
    if architecture != "gemma2":
        writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
        if rope["rope_type"] == "yarn":
            writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if architecture.startswith("gemma"):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_bos_token_id(config.bos_token_id)
    writer.add_eos_token_id(config.eos_token_id)
    writer.add_pad_token_id(config.pad_token_id)


def write_model(name, quantization, config):
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    randomise(model)
    architecture = name.split("-")[0]
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH[architecture.upper()], config.num_hidden_layers)
    path = ROOT / f"{name}.gguf"
    writer = GGUFWriter(path, architecture)
    write_settings(writer, architecture, config)
    state = {key: value for key, value in model.state_dict().items() if not (key == "lm_head.weight" and config.tie_word_embeddings)}
    for key, weight in state.items():
        array = weight.numpy()
        if architecture == "llama" and key.endswith(("q_proj.weight", "k_proj.weight")):
            array = permuted(array, config.num_attention_heads if "q_proj" in key else config.num_key_value_heads)
        if architecture.startswith("gemma") and key.endswith("norm.weight"):
            array = array + 1
        kind = quantization if weight.dim() > 1 else Type.F32
        stored = quantize(array, kind)
        writer.add_tensor(gguf_name(names, key), stored, raw_dtype=kind)
        # The model computes with what the file can hold.
        kept = torch.from_numpy(numpy.array(dequantize(stored, kind))).reshape(weight.shape)
        if architecture.startswith("gemma") and key.endswith("norm.weight"):
            kept = kept - 1
        if architecture == "llama" and key.endswith(("q_proj.weight", "k_proj.weight")):
            heads = config.num_attention_heads if "q_proj" in key else config.num_key_value_heads
            kept = kept.reshape(heads, kept.shape[0] // heads // 2, 2, kept.shape[1]).swapaxes(1, 2).reshape(kept.shape)
        weight.copy_(kept)
    if config.rope_parameters.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(config))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    ids = torch.randint(3, config.vocab_size, (2, 44), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = model(ids, attention_mask=torch.ones_like(ids)).logits
    expected = {f"weights/{key}": value.clone() for key, value in state.items()} | {"ids": ids, "logits": logits}
    if "rope" not in name:
        check(path, model, name)
    safetensors.torch.save_file(expected, ROOT / f"{name}.safetensors", metadata={"made_by": VERSIONS})


def check(path, model, name):
    """What transformers reads from the file must be the model: the conversion above is no invention of ours."""
    read = load_gguf_checkpoint(path, return_tensors=True, model_to_load=model)["tensors"]
    for key, value in model.state_dict().items():
        if key in read:
            difference = (read[key].float() - value).abs().max().item()
            assert difference < 1e-6, (name, key, difference)
    missing = set(model.state_dict()) - set(read) - {"lm_head.weight"}
    print(name, "as transformers reads it; not compared:", sorted(missing))


def write_quants():
    generator = numpy.random.default_rng(1)
    values = generator.normal(size=(4, 512)).astype(numpy.float32)
    writer = GGUFWriter(ROOT / "quants.gguf", "llama")
    expected = {}
    for kind in (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0):
        stored = quantize(values, kind)
        writer.add_tensor(kind.name, stored, raw_dtype=kind)
        expected[kind.name] = dequantize(stored, kind).reshape(values.shape)
    # The library cannot quantize to these: any bytes are blocks, but for scales that must be finite.
    for kind, scales in ((Type.Q4_K, (0, 2)), (Type.Q6_K, (208,))):
        _, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = generator.integers(0, 256, size=(8, size), dtype=numpy.uint8)
        for at in scales:
            blocks[:, at : at + 2] = generator.normal(size=(8, 1)).astype(numpy.float16).view(numpy.uint8)
        stored = blocks.reshape(4, -1)
        writer.add_tensor(kind.name, stored, raw_dtype=kind)
        expected[kind.name] = dequantize(stored, kind).reshape(4, 512)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tensors = {name: torch.from_numpy(numpy.array(value)) for name, value in expected.items()}
    safetensors.torch.save_file(tensors, ROOT / "quants.safetensors", metadata={"made_by": VERSIONS})


LLAMA3_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_SPLIT = LLAMA3_SPLIT.replace(r"\p{N}{1,3}", r"\p{N}")
TEXTS = [
    "Hello world! It's 12345 o'clock, isn't it? WE'LL see.",
    "  leading, trailing  \n\n\t tabs\r\nand ends \n",
    "naïve café ﬁne Å Ångström A\u030angstro\u0308m 한국어 日本語 😀👍🏽",
    "def f(x):\n    return x**2 + 3.14159 / y[0]  # comment",
    "a<|begin|>b<tool>c<|end|>",
    "",
]


def write_tokenizers():
    seed = "the cat sat on the mat; it's 2024 and we'll see 1234 cats. naïve café 한국어 def return x y \n    "
    corpus = [seed * 3, "Hello hello world World isn't IT'S", "12 123 1234 12345 99"]
    ways = {
        "gpt-2": ([pre_tokenizers.ByteLevel(add_prefix_space=False)], None, False),
        "smollm": ([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)], None, False),
        "llama-bpe": (split(LLAMA3_SPLIT), None, True),
        "qwen2": (split(QWEN2_SPLIT), normalizers.NFC(), False),
    }
    cases = {}
    for pre, (steps, normalizer, ignore_merges) in ways.items():
        tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(ignore_merges=ignore_merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.decoder = tokenizers.decoders.ByteLevel()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator(corpus, trainer)
        # The trainer's merges in its order, then tokens that only a whole word can be.
        model = json.loads(tokenizer.to_str())["model"]
        vocabulary = model["vocab"]
        for word in ("Ġsat", "Hello"):
            vocabulary.setdefault(word, len(vocabulary))
        merges = [tuple(merge) for merge in model["merges"]]
        tokenizer.model = tokenizers.models.BPE(vocabulary, merges, ignore_merges=ignore_merges)
        tokenizer.add_special_tokens(["<|begin|>", "<|end|>"])
        tokenizer.add_tokens([tokenizers.AddedToken("<tool>", normalized=False)])
        tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
        kinds = {"<|begin|>": 3, "<|end|>": 3, "<tool>": 4}
        writer = GGUFWriter(ROOT / f"tokenizer-{pre}.gguf", "llama")
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(tokens)
        writer.add_token_types([kinds.get(token, 1) for token in tokens])
        writer.add_token_merges([" ".join(merge) for merge in merges])
        writer.add_bos_token_id(tokens.index("<|begin|>"))
        writer.add_eos_token_id(tokens.index("<|end|>"))
        writer.add_add_bos_token(pre == "llama-bpe")
        writer.add_chat_template("{{ bos_token }}{{ messages[0].content }}{{ eos_token }}")
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        cases[pre] = [dict(text=text, ids=tokenizer.encode(text).ids, decoded=tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False)) for text in TEXTS]
    (ROOT / "tokenizers.json").write_text(json.dumps(dict(made_by=VERSIONS, cases=cases), indent=1) + "\n")


def write_sentencepiece():
    """Pieces, scores and types as convert_hf_to_gguf.py writes them of a tokenizer.model and its added tokens."""
    from sentencepiece import sentencepiece_model_pb2

    for name in ("llama", "gemma"):
        path = ROOT.parent / f"sentencepiece/{name}.model"
        pieces = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes()).pieces
        added = {piece.piece for piece in pieces if piece.type in (3, 4)}
        texts = [piece.piece.replace("\u2581", " ") if piece.type == 4 else piece.piece for piece in pieces]
        writer = GGUFWriter(ROOT / f"sentencepiece-{name}.gguf", name.replace("gemma", "gemma2"))
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([text.encode() for text in texts])
        writer.add_token_scores([-1000.0 if piece.piece in added else piece.score for piece in pieces])
        writer.add_token_types([piece.type for piece in pieces])
        for role in ("bos", "eos"):
            piece = f"<{role}>" if name == "gemma" else {"bos": "<s>", "eos": "</s>"}[role]
            getattr(writer, f"add_{role}_token_id")(texts.index(piece))
        if name == "gemma":
            writer.add_add_space_prefix(False)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()


def split(pattern):
    return [
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]


shutil.rmtree(ROOT, ignore_errors=True)
ROOT.mkdir(parents=True)
write_quants()
write_tokenizers()
write_sentencepiece()
for made in models():
    write_model(*made)
print(sum(file.stat().st_size for file in ROOT.iterdir()), "bytes")
