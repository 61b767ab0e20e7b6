"""Opens model folders that we wrote with transformers, and says how far their logits are from ours.

    python oracle/interop.py FOLDER OURS.safetensors [FOLDER OURS.safetensors ...]

OURS holds `ids` (int64, `[batch, tokens]`) and our `logits` (float32, `[batch, tokens, vocabulary]`). Prints one line of
JSON for each folder: the class, the rotation and the ids transformers took it for, the largest absolute difference, the
largest logit, and, where the folder has a tokenizer, what it makes of a sentence.
"""

import json
import sys
from pathlib import Path

import safetensors.torch
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


def compare(folder, ours):
    model, loading = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(loading[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), loading
    with torch.no_grad():
        theirs = torch.stack([model.eval()(row[None], use_cache=False).logits[0] for row in ours["ids"]])
        # One more word by its cache, which must follow the same windows.
        continued = model.generate(ours["ids"][:1], max_new_tokens=2, do_sample=False)
    report = {
        "class": type(model).__name__,
        "transformers": transformers.__version__,
        "layer_types": getattr(model.config, "layer_types", None),
        "rope_parameters": model.config.rope_parameters,
        "bos": model.config.bos_token_id,
        "eos": model.config.eos_token_id,
        "generated": continued.shape[1] - ours["ids"].shape[1],
        "max_difference": (theirs - ours["logits"]).abs().max().item(),
        "max_logit": theirs.abs().max().item(),
    }
    if (folder / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        report["eos_token"] = tokenizer.eos_token
        report["ids"] = tokenizer("ab a", add_special_tokens=False)["input_ids"]
    return report


arguments = sys.argv[1:]
assert arguments and len(arguments) % 2 == 0, __doc__
for folder, ours in zip(arguments[::2], arguments[1::2]):
    print(json.dumps(compare(Path(folder), safetensors.torch.load_file(ours))), flush=True)
