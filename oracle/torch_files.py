"""Writes checkpoints with torch.save, and their tensors once more as safetensors.

    python oracle/torch_files.py

`torch/` holds one state_dict in every form that torch.save has: as a zip file in each pickle protocol, as PyTorch
wrote it before 1.6, and within a training program's larger dictionary; `expected.safetensors` has the same tensors
without gaps. `llama-bin/` is the fixture `llama`, in two `.bin` shards with their index.
"""

import json
import shutil
from collections import OrderedDict
from pathlib import Path

import safetensors
import safetensors.torch
import torch

ROOT = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures"
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in (safetensors, torch))


def state_dict():
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(6, 4, generator=generator)
    state = OrderedDict()
    state["plain"] = torch.randn(3, 5, generator=generator)
    state["parameter"] = torch.nn.Parameter(torch.randn(4, generator=generator))
    state["base"] = base
    state["tied"] = base
    state["transposed"] = base.t()
    state["slice"] = base[2:5, 1:3]
    state["every_second"] = base.flatten()[1::2]
    state["expanded"] = torch.randn(3, 1, generator=generator).expand(3, 4)
    state["permuted"] = torch.randn(2, 3, 4, generator=generator).permute(2, 0, 1)
    state["scalar"] = torch.tensor(2.5)
    state["empty"] = torch.empty(0, 4)
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        state[str(dtype).removeprefix("torch.")] = torch.randn(5, generator=generator).to(dtype)
    for dtype in (torch.int64, torch.int32, torch.int8, torch.uint8, torch.bool):
        state[str(dtype).removeprefix("torch.")] = torch.randint(0, 100, (5,), generator=generator).to(dtype)
    # As nn.Module.state_dict leaves it: an attribute on the dictionary.
    state._metadata = OrderedDict({"": {"version": 1}})
    return state


def write_forms(folder):
    state = state_dict()
    for protocol in (2, 3, 4, 5):
        torch.save(state, folder / f"protocol-{protocol}.bin", pickle_protocol=protocol)
    torch.save(state, folder / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({**state, "step": 3, "name": "run", "rate": 0.1, "none": None, "yes": True}, folder / "with-scalars.bin")
    optimizer = {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.999)}]}
    training = {"epoch": 3, "big": 2**40, "negative": -5, "dtype": torch.bfloat16, "optimizer": optimizer}
    torch.save({**training, "model": state}, folder / "nested.bin")
    torch.save({"model": state, "ema": state}, folder / "ambiguous.bin")
    torch.save({"settings": Path("x"), "model": state}, folder / "names-a-class.bin")
    expected = {name: tensor.detach().clone().contiguous() for name, tensor in state.items()}
    safetensors.torch.save_file(expected, folder / "expected.safetensors", metadata={"made_by": VERSIONS})


def write_shards(folder):
    llama = ROOT / "llama"
    for name in ("config.json", "generation_config.json", "expected.safetensors"):
        shutil.copy(llama / name, folder / name)
    shard(safetensors.torch.load_file(llama / "model.safetensors"), folder)


def shard(weights, folder):
    """Writes tensors in two files of equally many."""
    names = list(weights)
    shards = {
        "pytorch_model-00001-of-00002.bin": names[: len(names) // 2],
        "pytorch_model-00002-of-00002.bin": names[len(names) // 2 :],
    }
    for shard, held in shards.items():
        torch.save({name: weights[name] for name in held}, folder / shard)
    index = {
        "metadata": {"total_size": sum(tensor.nbytes for tensor in weights.values())},
        "weight_map": {name: shard for shard, held in shards.items() for name in held},
    }
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2) + "\n")


def main():
    for name, write in {"torch": write_forms, "llama-bin": write_shards}.items():
        folder = ROOT / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(folder)
        print(name, sum(file.stat().st_size for file in folder.iterdir()), "bytes")


if __name__ == "__main__":
    main()
