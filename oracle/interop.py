"""Opens a model folder that we wrote with transformers, and says how far its logits are from ours.

    python oracle/interop.py FOLDER OURS.safetensors

OURS holds `ids` (int64, `[batch, tokens]`) and our `logits` (float32, `[batch, tokens, vocabulary]`). Prints one line of
JSON: the class and the ids transformers took the folder for, the largest absolute difference, and, where the folder has
a tokenizer, what it makes of a sentence.
"""

import json
import sys
from pathlib import Path

import safetensors.torch
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, ours = Path(sys.argv[1]), safetensors.torch.load_file(sys.argv[2])
model, loading = AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
)
assert not any(loading[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), loading
assert model.config.rope_parameters["rope_type"] == "default", model.config.rope_parameters

with torch.no_grad():
    theirs = torch.stack([model.eval()(row[None], use_cache=False).logits[0] for row in ours["ids"]])
    # One more word by its cache, which must follow the same windows.
    continued = model.generate(ours["ids"][:1], max_new_tokens=2, do_sample=False)

report = {
    "class": type(model).__name__,
    "layer_types": getattr(model.config, "layer_types", None),
    "bos": model.config.bos_token_id,
    "eos": model.config.eos_token_id,
    "generated": continued.shape[1] - ours["ids"].shape[1],
    "max_difference": (theirs - ours["logits"]).abs().max().item(),
}
if (folder / "tokenizer.json").exists():
    tokenizer = AutoTokenizer.from_pretrained(folder)
    report["eos_token"] = tokenizer.eos_token
    report["ids"] = tokenizer("ab a", add_special_tokens=False)["input_ids"]
print(json.dumps(report))
