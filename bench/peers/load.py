"""A model of 1.1 billion random parameters in each kind of file that `./zebra bench load` opens.

    python bench/peers/load.py FOLDER [--small]

Makes FOLDER/bfloat16 and FOLDER/float16 (safetensors) and FOLDER/bin (bfloat16), each in shards of a gigabyte, and
FOLDER/q8_0.gguf, in the shape of TinyLlama (22 layers of width 2048). --small makes 3 layers of width 256, to try the
program. Then, for each:

    ./zebra bench load FOLDER/bfloat16
    ./zebra bench load FOLDER/bfloat16 --dtype float32 --no-header
    ./zebra bench load FOLDER/float16 --no-header
    ./zebra bench load FOLDER/bin --no-header
    ./zebra bench load FOLDER/q8_0.gguf --no-header

Needs 8 GB of disk and 6 GB of memory. Tried with torch 2.13.0, safetensors 0.8.0, gguf 0.19.0.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy
import torch
from safetensors.torch import save_file

SHARD_BYTES = 1_000_000_000


def shapes(config):
    width, head = config["hidden_size"], config["hidden_size"] // config["num_attention_heads"]
    keys, inner = config["num_key_value_heads"] * head, config["intermediate_size"]
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


def write_safetensors(folder, config, weights):
    write_folder(folder, config, weights, "model-{:05d}-of-{:05d}.safetensors", "model.safetensors.index.json", save_file)


def write_folder(folder, config, weights, pattern, index_name, save):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    shards, size = [{}], 0
    for name, weight in weights.items():
        if size + weight.nbytes > SHARD_BYTES and shards[-1]:
            shards.append({})
            size = 0
        shards[-1][name] = weight
        size += weight.nbytes
    weight_map = {}
    for i, shard in enumerate(shards):
        file = pattern.format(i + 1, len(shards))
        save(shard, folder / file)
        weight_map |= dict.fromkeys(shard, file)
    total = sum(weight.nbytes for weight in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / index_name).write_text(json.dumps(index, indent=2))


def write_gguf(path, config, weights):
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=False)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    generator = numpy.random.default_rng(1)
    for name, weight in weights.items():
        stem = name.removesuffix(".weight")
        if weight.dim() == 1:
            writer.add_tensor(names.get_name(stem) + ".weight", weight.float().numpy())
            continue
        # Random blocks: quantizing takes minutes and gives nothing else to a clock.
        blocks = generator.integers(0, 256, size=(weight.numel() // 32, 34), dtype=numpy.uint8)
        blocks[:, :2] = numpy.frombuffer(numpy.float16(1e-4).tobytes(), dtype=numpy.uint8)
        rows = blocks.reshape(weight.shape[0], -1)
        writer.add_tensor(names.get_name(stem) + ".weight", rows, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path)
parser.add_argument("--small", action="store_true")
arguments = parser.parse_args()
small = arguments.small
config = dict(
    model_type="llama",
    vocab_size=1000 if small else 32000,
    hidden_size=256 if small else 2048,
    intermediate_size=704 if small else 5632,
    num_hidden_layers=3 if small else 22,
    num_attention_heads=8 if small else 32,
    num_key_value_heads=4,
    max_position_embeddings=2048,
    rms_norm_eps=1e-5,
    rope_theta=10000.0,
    tie_word_embeddings=False,
    dtype="bfloat16",
)
torch.manual_seed(1)
weights = {name: (torch.randn(shape, dtype=torch.bfloat16) * 0.02) for name, shape in shapes(config)}
write_safetensors(arguments.folder / "bfloat16", config, weights)
halves = {name: weight.half() for name, weight in weights.items()}
write_safetensors(arguments.folder / "float16", config | dict(dtype="float16"), halves)
del halves
write_folder(
    arguments.folder / "bin",
    config,
    weights,
    "pytorch_model-{:05d}-of-{:05d}.bin",
    "pytorch_model.bin.index.json",
    torch.save,
)
write_gguf(arguments.folder / "q8_0.gguf", config, weights)
for file in sorted(arguments.folder.rglob("*")):
    if file.is_file():
        print(file, file.stat().st_size)
