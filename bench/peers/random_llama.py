"""A Llama of 1.1 billion random parameters as the engines that we measure ours against read it.

    python bench/peers/random_llama.py FOLDER [--tokenizer FOLDER] [--seed 1] [--small]

Makes, with the same weights in each:

    FOLDER/hf         safetensors in bfloat16 (2.2 GB), for Zebra, transformers and Jlama
    FOLDER/q8_0.gguf  every matrix in Q8_0 (1.2 GB), for llama.cpp
    FOLDER/q4_0.gguf  every matrix in Q4_0 (0.6 GB), for llama.cpp

The shape is TinyLlama's (22 layers of width 2048, 32 heads on 4 of keys, 32,000 tokens), with 32,768 positions so
that contexts of 16,384 run. Weights are normal with deviation 0.02, rounded to bfloat16; the norms are ones. Each
matrix draws from its own stream of the seed, so that a file's content does not depend on the order of making.

The embedding and the head are quantized as the other matrices are: llama.cpp's own tool would keep Q4_0's head in
Q6_K, which reads more bytes for each token, so that this favours llama.cpp. The GGUF files hold a vocabulary of
bytes and numbered names, enough to load: the programs that use them pass token ids. With --tokenizer, the
files of that folder are copied into FOLDER/hf; Jlama wants one.

Takes 2.3 GB of memory (a shard's weights), 4 GB of disk and, on two cores, two minutes.
Tried with numpy 2.4.6, torch 2.13.0, safetensors 0.8.0, gguf 0.19.0.
"""

import argparse
import json
import math
import shutil
import sys
import zlib
from pathlib import Path

import gguf
import numpy
import torch
from gguf import GGMLQuantizationType
from safetensors.torch import save_file

SHARD_BYTES = 1_000_000_000
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json")
ROWS_AT_A_TIME = 1024


def shapes(config):
    """Names and shapes, in the order of the forward pass."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    keys = config["num_key_value_heads"] * width // config["num_attention_heads"]
    yield "model.embed_tokens.weight", (config["vocab_size"], width)
    for layer in range(config["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        yield at + "input_layernorm.weight", (width,)
        yield at + "self_attn.q_proj.weight", (width, width)
        yield at + "self_attn.k_proj.weight", (keys, width)
        yield at + "self_attn.v_proj.weight", (keys, width)
        yield at + "self_attn.o_proj.weight", (width, width)
        yield at + "post_attention_layernorm.weight", (width,)
        yield at + "mlp.gate_proj.weight", (inner, width)
        yield at + "mlp.up_proj.weight", (inner, width)
        yield at + "mlp.down_proj.weight", (width, inner)
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (config["vocab_size"], width)


def weight(name, shape, seed):
    if len(shape) == 1:
        return torch.ones(shape, dtype=torch.bfloat16)
    generator = numpy.random.default_rng([seed, zlib.crc32(name.encode())])
    drawn = generator.standard_normal(shape, dtype=numpy.float32)
    return torch.from_numpy(drawn).mul_(0.02).to(torch.bfloat16)


def write_hugging_face(folder, config, seed):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    # Jlama's quantizer fails where it is missing.
    (folder / "README.md").write_text(f"Random weights of seed {seed}, for timing only.\n")
    shards, room = [[]], SHARD_BYTES
    for name, shape in shapes(config):
        size = 2 * math.prod(shape)
        if size > room and shards[-1]:
            shards.append([])
            room = SHARD_BYTES
        shards[-1].append((name, shape))
        room -= size
    weight_map, total = {}, 0
    for i, shard in enumerate(shards):
        file = f"model-{i + 1:05d}-of-{len(shards):05d}.safetensors"
        weights = {name: weight(name, shape, seed) for name, shape in shard}
        # Readers that follow transformers want to be told that the tensors are torch's.
        save_file(weights, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(weights, file)
        total += sum(w.nbytes for w in weights.values())
        print(folder / file, file=sys.stderr, flush=True)
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def permuted(rows, heads):
    """Rows of a query or key projection in GGUF's order: pairs that rotate together stand side by side."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def quantized(name, shape, config, seed, kind):
    full = weight(name, shape, seed).float().numpy()
    if len(shape) == 1:
        return full
    if name.endswith("q_proj.weight"):
        full = permuted(full, config["num_attention_heads"])
    if name.endswith("k_proj.weight"):
        full = permuted(full, config["num_key_value_heads"])
    parts = (full[at : at + ROWS_AT_A_TIME] for at in range(0, shape[0], ROWS_AT_A_TIME))
    return numpy.concatenate([gguf.quants.quantize(part, kind) for part in parts])


def write_gguf(path, config, seed, kind, file_type):
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("random llama")
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    special = {"<unk>": gguf.TokenType.UNKNOWN, "<s>": gguf.TokenType.CONTROL, "</s>": gguf.TokenType.CONTROL}
    # llama.cpp ends the process where a vocabulary has no bytes to fall back to.
    special |= {f"<0x{byte:02X}>": gguf.TokenType.BYTE for byte in range(256)}
    others = [f"<{i}>" for i in range(len(special), config["vocab_size"])]
    kinds = [*special.values(), *[gguf.TokenType.NORMAL] * len(others)]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*special, *others])
    writer.add_token_scores([0.0] * config["vocab_size"])
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    # Sizes first, weights after: the file is written while one matrix is in memory.
    for name, shape in shapes(config):
        at = names.get_name(name.removesuffix(".weight")) + ".weight"
        if len(shape) == 1:
            writer.add_tensor_info(at, shape, numpy.dtype(numpy.float32), 4 * shape[0])
            continue
        bytes_shape = gguf.quant_shape_to_byte_shape(shape, kind)
        size = math.prod(bytes_shape)
        writer.add_tensor_info(at, bytes_shape, numpy.dtype(numpy.uint8), size, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, shape in shapes(config):
        writer.write_tensor_data(quantized(name, shape, config, seed, kind))
    writer.close()
    print(path, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokenizer", type=Path, help="folder whose tokenizer files are copied beside the weights")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="3 layers of width 256, to try the program")
    options = parser.parse_args()
    small = options.small
    config = dict(
        architectures=["LlamaForCausalLM"],
        model_type="llama",
        vocab_size=32000,
        hidden_size=256 if small else 2048,
        intermediate_size=704 if small else 5632,
        num_hidden_layers=3 if small else 22,
        num_attention_heads=4 if small else 32,
        num_key_value_heads=2 if small else 4,
        max_position_embeddings=32768,
        hidden_act="silu",
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        rope_parameters=dict(rope_type="default", rope_theta=10000.0),
        attention_bias=False,
        mlp_bias=False,
        tie_word_embeddings=False,
        bos_token_id=1,
        eos_token_id=2,
        torch_dtype="bfloat16",
        dtype="bfloat16",
    )
    hugging_face = options.folder / "hf"
    write_hugging_face(hugging_face, config, options.seed)
    if options.tokenizer:
        for file in TOKENIZER_FILES:
            if (options.tokenizer / file).exists():
                shutil.copyfile(options.tokenizer / file, hugging_face / file)
    q8, q4 = GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0
    write_gguf(options.folder / "q8_0.gguf", config, options.seed, q8, gguf.LlamaFileType.MOSTLY_Q8_0)
    write_gguf(options.folder / "q4_0.gguf", config, options.seed, q4, gguf.LlamaFileType.MOSTLY_Q4_0)
    for file in sorted(options.folder.rglob("*")):
        if file.is_file():
            print(f"{file.stat().st_size:>13,}  {file}")


if __name__ == "__main__":
    main()
