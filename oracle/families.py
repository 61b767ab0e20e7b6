"""Writes a tiny random checkpoint of every model family, and what transformers computes with it.

    python oracle/families.py [NAME...]      all of them, or those named

The cases are in `family_cases.py`. Each becomes a folder under `fixtures/families`: the checkpoint in float32 as
`save_pretrained` leaves it, for some `config-legacy.json`, which says the same as transformers 4 did, and
`expected.safetensors` with

    ids           int64    [2, tokens]                rows of different lengths, filled up with an ordinary token
    lengths       int64    [2]                        how much of each row is text; what follows is masked
    logits        float32  [2, tokens, vocabulary]    those after the text mean nothing
    logits_bf16   bfloat16 [2, tokens, vocabulary]    of the same weights rounded to bfloat16, computed in it
    prompt        int64    [prompt]
    continuation  int64    [64]                       what follows greedily, in float32 and with a cache

A case is drawn again until the best token of each of the 64 steps is ahead by more than `MARGIN`, the text is not one
word over and over, and bfloat16 stays near float32. Then every switch and every parameter must have its effect.
"""

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import safetensors.torch
import torch
import transformers
from family_cases import CASES
from fixtures import ROOT, VERSIONS, randomise
from transformers import AutoModelForCausalLM

FAMILIES = ROOT / "families"
CONTINUATION = 64
FILLER = 5
MARGIN = 1e-3
EFFECT = 1e-2
DIFFERENT_WORDS = 12
DRAWS = 50

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
# The order of sums, and with it the last bit, must not depend on the machine.
torch.set_num_threads(1)


class DrawAgain(Exception):
    """These weights or ids make a poor test."""


def load(folder, dtype=torch.float32, config=None):
    other = {} if config is None else {"config": config}
    model, loading = AutoModelForCausalLM.from_pretrained(
        folder, dtype=dtype, attn_implementation="eager", output_loading_info=True, **other
    )
    assert config is not None or not any(loading.values()), loading
    return model.eval()


@torch.no_grad()
def logits_of(model, ids, lengths):
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    return model(input_ids=ids, attention_mask=mask, use_cache=False).logits


def text_of(logits, lengths):
    """Returns the rows that mean something."""
    return torch.cat([row[:length] for row, length in zip(logits.float(), lengths)])


def generate(model, prompt):
    """Returns 64 greedy tokens, and how far the best is ahead of the second at the step where that is least."""
    # An end would be a token like any other.
    model.generation_config.eos_token_id = None
    generated = model.generate(
        prompt[None],
        attention_mask=torch.ones_like(prompt[None]),
        max_new_tokens=CONTINUATION,
        do_sample=False,
        use_cache=True,
        pad_token_id=FILLER,
        output_logits=True,
        return_dict_in_generate=True,
    )
    continuation = generated.sequences[0, len(prompt) :]
    steps = torch.cat(generated.logits)
    assert torch.equal(steps.argmax(-1), continuation) and len(continuation) == CONTINUATION
    # The cache must be no more than a short cut.
    with torch.no_grad():
        again = model(input_ids=generated.sequences[:, :-1], use_cache=False).logits[0, len(prompt) - 1 :]
    assert (again - steps).abs().max() < 1e-4, (again - steps).abs().max()
    best = steps.topk(2).values
    return continuation, (best[:, 0] - best[:, 1]).min().item()


def shaken(folder, ids, lengths, exact):
    """Returns how far the logits move with weights that are off by as much as bfloat16 rounds them."""
    model = load(folder)
    for parameter in model.parameters():
        parameter.data *= 1 + torch.empty_like(parameter).uniform_(-(2.0**-8), 2.0**-8)
    return ((text_of(logits_of(model, ids, lengths), lengths) - exact).abs().max() / exact.abs().max()).item()


def draw(case, folder, seed):
    torch.manual_seed(seed)
    shutil.rmtree(folder, ignore_errors=True)
    model = case.model(case.model.config_class(**case.settings))
    # Where a parameter does nothing: a norm as it starts, anything else at zero.
    neutral = {
        name: parameter.detach().clone() if "norm" in name else torch.zeros_like(parameter)
        for name, parameter in model.named_parameters()
    }
    randomise(model, attention=0.18)
    adjust(model, neutral)
    model.save_pretrained(folder)
    # What is tested against is what a user would get: the model as it comes back from the folder.
    model = load(folder)
    assert type(model) is case.model
    ids = torch.randint(6, case.vocabulary, (2, case.tokens))
    prompt = torch.randint(6, case.vocabulary, (case.prompt,))
    lengths = torch.tensor([case.tokens, case.tokens * 2 // 3])
    ids[1, lengths[1] :] = FILLER
    ids[:, 3] = FILLER
    logits = logits_of(model, ids, lengths)
    # With the same model: dynamic scaling remembers the longest sequence that it has seen, and turns all keys alike.
    continuation, margin = generate(model, prompt)
    rounded = logits_of(load(folder, torch.bfloat16), ids, lengths)
    assert rounded.dtype == torch.bfloat16
    exact, near = text_of(logits, lengths), text_of(rounded, lengths)
    error = ((exact - near).abs().max() / exact.abs().max()).item()
    words = len(continuation.unique())
    if any("router" in name for name in neutral):
        # Where one expert is as good as another, it is chance that one computation in bfloat16 agrees with float32.
        error = max(error, *(shaken(folder, ids, lengths, exact) for _ in range(8)))
    figures = f"margin {margin:.4f}, {words} different words, bfloat16 error {error:.4f}"
    if margin <= MARGIN or words < DIFFERENT_WORDS or error > case.bfloat16_error:
        raise DrawAgain(figures)
    agreed = (exact.argmax(-1) == near.argmax(-1)).float().mean().item()
    figures += f", {agreed:.0%} of its best tokens, logits up to {exact.abs().max():.1f}, std {exact.std():.2f}"
    tensors = dict(
        ids=ids,
        lengths=lengths,
        logits=logits.contiguous(),
        logits_bf16=rounded.contiguous(),
        prompt=prompt,
        continuation=continuation.contiguous(),
    )
    return tensors, neutral, figures


def adjust(model, neutral):
    """Changes the factors of some norms so that texts vary and bfloat16 does well."""
    parameters = dict(model.named_parameters())
    for name, parameter in parameters.items():
        added = 1 - neutral[name]
        if model.config.tie_word_embeddings and re.search(r"(^|\.)norm\.weight$", name):
            # With both signs, or else a tied head would find the word it has just read the best.
            signs = torch.randint(0, 2, parameter.shape) * 2 - 1
            parameter.data = (parameter.data + added) * signs - added
        elif re.search(r"post_(attention|feedforward)_layernorm", name):
            # Where both follow their layers they make their outputs as large, and their rounding errors with them.
            block = name.rsplit(".", 2)[0]
            if f"{block}.post_feedforward_layernorm.weight" in parameters:
                parameter.data = (parameter.data + added) / 2 - added


def check_written(expected, config):
    """Fails unless `config.json` says what the case does."""
    for key, value in expected.items():
        if key.endswith("_config"):
            check_written(value, config[key])
        else:
            assert config.get(key) == value, f"{key} is {config.get(key)} and not {value}"


def changed(config, changes):
    """Returns settings with others in their place, also within the parts of a model."""
    parts = {key: changed(config[key], value) for key, value in changes.items() if key.endswith("_config")}
    return {**config, **changes, **parts}


def check_effects(case, folder, config, tensors, neutral):
    """Fails unless the logits change with every switch and with every parameter."""
    ids, lengths = tensors["ids"], tensors["lengths"]
    expected = text_of(tensors["logits"], lengths)

    def change(model):
        return (text_of(logits_of(model, ids, lengths), lengths) - expected).abs().max().item()

    for switch, without in case.without.items():
        if callable(without):
            model = load(folder)
            without(model)
        else:
            model = load(folder, config=case.model.config_class(**changed(config, without)))
        assert change(model) > EFFECT, f"{switch} changes the logits by {change(model)} only"
    model = load(folder)
    for name, parameter in model.named_parameters():
        if any(re.search(pattern, name) for pattern in case.inert):
            continue
        held = parameter.detach().clone()
        with torch.no_grad():
            parameter.copy_(neutral[name])
        assert change(model) > EFFECT, f"{name} changes the logits by {change(model)} only"
        with torch.no_grad():
            parameter.copy_(held)


def as_version_4(config, spelling, dropped):
    """Returns settings with the keys of transformers 4, also within the parts of a model."""
    kept = {key: value for key, value in config.items() if key not in dropped}
    parts = {key: as_version_4(kept[key], spelling.get(key, {}), dropped) for key in kept if key.endswith("_config")}
    return {**kept, **spelling, **parts}


def write_legacy(case, folder, config, tensors):
    """Writes `config.json` as transformers 4 did, and makes sure that 5 computes the same by it."""
    legacy = as_version_4(config, case.legacy, ("rope_parameters", "layer_types", "dtype", *case.dropped))
    legacy |= {"torch_dtype": "float32", "transformers_version": "4.50.0"}
    text = json.dumps(legacy, indent=2, sort_keys=True) + "\n"
    (folder / "config-legacy.json").write_text(text)
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(folder / "model.safetensors", copy)
        Path(copy, "config.json").write_text(text)
        logits = logits_of(load(copy), tensors["ids"], tensors["lengths"])
    assert torch.equal(logits, tensors["logits"]), (logits - tensors["logits"]).abs().max()


def write(name):
    case, folder = CASES[name], FAMILIES / name
    first = 20312 + sum(name.encode())
    for seed in range(first, first + DRAWS * 1000, 1000):
        try:
            tensors, neutral, figures = draw(case, folder, seed)
            break
        except DrawAgain as reason:
            print(f"{name}: not with seed {seed}: {reason}", flush=True)
    else:
        raise SystemExit(f"{name}: no draw of {DRAWS} is any good")
    config = json.loads((folder / "config.json").read_text())
    check_written({**case.settings, **case.written}, config)
    check_effects(case, folder, config, tensors, neutral)
    if case.legacy is not None:
        write_legacy(case, folder, config, tensors)
    safetensors.torch.save_file(
        tensors,
        folder / "expected.safetensors",
        # One entry: the library writes several in an order that changes from run to run.
        metadata={"made_by": f"oracle/families.py with {VERSIONS}"},
    )
    case.finish(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size <= 1 << 20, size
    print(f"{name}: {size / 1024:.0f} KiB, seed {seed}, {figures}")


if __name__ == "__main__":
    for family in sys.argv[1:] or CASES:
        write(family)
