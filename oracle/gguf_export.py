"""Says what llama.cpp's own converter makes of model folders, and what its library makes of numbers.

    python oracle/gguf_export.py LLAMA_CPP      writes the fixtures
    python oracle/gguf_export.py FILE.gguf      prints what the gguf library reads from a file of ours, as JSON

LLAMA_CPP is a checkout of llama.cpp; node-llama-cpp brings one (`git clone node_modules/node-llama-cpp/llama/
gitRelease.bundle LLAMA_CPP`). `gguf/export.json` has, for those checkpoints of `families/` that llama.cpp computes, the
metadata and the SHA-256 of each tensor's bytes in the file that convert_hf_to_gguf.py writes, in float32 and without a
vocabulary. `gguf/export-quants.safetensors` has numbers and
the blocks that the gguf library rounds them to.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

GIVEN = Path(sys.argv[1])
if GIVEN.is_dir():
    sys.path[:0] = [str(GIVEN), str(GIVEN / "gguf-py")]  # the converter needs the library of its own version

import gguf
import numpy
import safetensors.torch
import torch

FIXTURES = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures"
CHECKPOINTS = ("llama2", "llama31", "llama-linear", "mistral-full", "qwen3-tied", "cohere2")


def contents(path):
    """Returns all that a file says, and its tensors by their hashes."""
    reader = gguf.GGUFReader(path)
    keys = {}
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            keys[name] = field.contents()
    tensors = {
        tensor.name: {
            "type": tensor.tensor_type.name,
            "shape": [int(size) for size in reversed(tensor.shape)],
            "sha256": hashlib.sha256(tensor.data.tobytes()).hexdigest(),
        }
        for tensor in reader.tensors
    }
    return {"keys": keys, "tensors": tensors}


def converted(name, out):
    """Runs the converter, with no vocabulary, for which the checkpoints have no tokenizer."""
    from conversion import ModelBase, ModelType, get_model_architecture, get_model_class

    folder = FIXTURES / "families" / name
    with torch.inference_mode():
        settings = ModelBase.load_hparams(folder, False)
        kind = get_model_class(get_model_architecture(settings, ModelType.TEXT))
        kind.set_vocab = lambda model: model._set_vocab_none()
        # What released configs of Cohere have, and transformers does not write.
        model = kind(folder, gguf.LlamaFileType.ALL_F32, out, hparams={"rotary_pct": 1.0, **settings})
        model.write()
    found = contents(out)
    # The rest of `general` says where a model came from.
    found["keys"] = {
        key: value
        for key, value in found["keys"].items()
        if not key.startswith("general.") or key in ("general.architecture", "general.type", "general.file_type")
    }
    return found


def write_fixtures():
    models = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in CHECKPOINTS:
            models[name] = converted(name, Path(folder) / "model.gguf")
            print(name, len(models[name]["tensors"]), "tensors")
    path = FIXTURES / "gguf/export.json"
    path.write_text(json.dumps({"made_by": "llama.cpp's convert_hf_to_gguf.py with its gguf library", "models": models}, indent=1) + "\n")

    generator = numpy.random.default_rng(5)
    values = generator.normal(size=(64, 64)).astype(numpy.float32)
    values[0] = 0
    values[1, :32] = 1e-30
    values[2] *= 1e-6
    values[3] *= 1e4
    # Halves, which are rounded away from zero, and the greatest number on either side.
    values[4, :32] = numpy.arange(-16, 16) + 0.5
    values[4, 32:] = -values[4, :32]
    values[4, 0] = values[4, 32] = 127
    values[5] = -numpy.abs(values[5])
    values[6] = 3.0
    values[7] = numpy.where(numpy.arange(64) % 2, 2.5, -2.5)
    tensors = {"values": torch.from_numpy(values)}
    for kind in (gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.Q4_0):
        blocks = gguf.quants.quantize(values, kind)
        tensors[kind.name] = torch.from_numpy(numpy.ascontiguousarray(blocks).view(numpy.uint8))
    path = FIXTURES / "gguf/export-quants.safetensors"
    safetensors.torch.save_file(tensors, path, metadata={"made_by": f"gguf, numpy {numpy.__version__}"})
    path.chmod(0o644)


if __name__ == "__main__":
    if GIVEN.is_dir():
        write_fixtures()
    else:
        print(json.dumps(contents(GIVEN)))
