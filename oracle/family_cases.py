"""The model families of `families.py`, one tiny model for each way in which a published one can be set up.

A case states every setting that matters, so that none comes from a default that describes somebody's large model. Where
a family's point is what its class derives from the settings (a pattern of layers, say), `written` states what
`config.json` must then say. Windows count the query itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fixtures import FULL, SIZES, SLIDING
from transformers import (
    LlamaForCausalLM,
    MinistralForCausalLM,
    MistralForCausalLM,
    Qwen2ForCausalLM,
    Qwen3ForCausalLM,
)

NO_WINDOW = 4096  # longer than anything here


@dataclass(frozen=True)
class Case:
    """A model, and what is to be checked about it.

    `without` names switches: changes of `config.json` which turn one off, or a function which does it to a model. Each
    must change the logits. `inert` names parameters that cannot: a key's bias adds the same to all scores of a query,
    unless the key is rotated or normalised afterwards. `legacy` is how transformers 4 wrote the file, as published
    checkpoints still have it: the keys that it had instead of `rope_parameters`, `layer_types` and `dtype`, and
    those that nothing reads. `dropped` are keys which it did not write. `vocabulary` is where ids that may stand in
    a text end, and `finish` gives the folder its last form.
    """

    model: type
    settings: dict[str, Any]
    written: dict[str, Any] = field(default_factory=dict)
    without: dict[str, dict[str, Any] | Callable] = field(default_factory=dict)
    inert: tuple[str, ...] = ()
    legacy: dict[str, Any] | None = None
    dropped: tuple[str, ...] = ()
    tokens: int = 44
    prompt: int = 24
    vocabulary: int = SIZES["vocab_size"]
    finish: Callable[[Path], None] = lambda folder: None


def rope(theta, kind="default", **scaling):
    return {"rope_type": kind, "rope_theta": theta, **scaling}


def settings(layers, head_dim, theta=10000.0, **changed):
    common = dict(SIZES, intermediate_size=40, num_hidden_layers=layers, head_dim=head_dim, rope_parameters=rope(theta))
    return {**common, "tie_word_embeddings": False, **changed}


def less(values, *keys):
    return {key: value for key, value in values.items() if key not in keys}


UNSCALED = {"rope_parameters": rope(10000.0)}
MIXED = [SLIDING, FULL, SLIDING, SLIDING, FULL]

CASES: dict[str, Case] = {}

# Llama --------------------------------------------------------------------------------------------------------------

LLAMA = dict(attention_bias=False, mlp_bias=False)

# As many key-value heads as heads, which is what Llama 2 has up to 13 B.
CASES["llama2"] = Case(
    LlamaForCausalLM,
    settings(3, 8, **LLAMA, num_key_value_heads=4),
    legacy=dict(rope_scaling=None, pretraining_tp=1),
    dropped=("head_dim", "num_key_value_heads", "attention_bias", "attention_dropout", "mlp_bias"),
)

CASES["llama-linear"] = Case(
    LlamaForCausalLM,
    settings(3, 12, attention_bias=True, mlp_bias=True, rope_parameters=rope(10000.0, "linear", factor=4.0)),
    without={"scaling": UNSCALED},
    legacy=dict(rope_theta=10000.0, rope_scaling={"type": "linear", "factor": 4.0}),
)

# The frequencies follow the longest sequence the model has seen, this call or an earlier one: those of the logits are
# for the padded batch of 108 tokens. They stay for what is generated then, since 44 + 64 is not longer. (In a model
# just loaded they would be those of the prompt, and change with every token while the cache keeps keys that were
# rotated by the old ones; nobody can reproduce that but by generating in the same steps.)
CASES["llama-dynamic"] = Case(
    LlamaForCausalLM,
    settings(3, 16, **LLAMA, max_position_embeddings=32, rope_parameters=rope(10000.0, "dynamic", factor=2.0)),
    without={"scaling": UNSCALED, "length": {"max_position_embeddings": 108}},
    legacy=dict(rope_theta=10000.0, rope_scaling={"type": "dynamic", "factor": 2.0}),
    tokens=108,
    prompt=44,
)

YARN = dict(factor=4.0, original_max_position_embeddings=32)
BETAS = dict(beta_fast=4.0, beta_slow=0.5)

CASES["llama-yarn"] = Case(
    LlamaForCausalLM,
    settings(3, 16, **LLAMA, rope_parameters=rope(10000.0, "yarn", **YARN, **BETAS)),
    without={
        "scaling": UNSCALED,
        "attention factor": {"rope_parameters": rope(10000.0, "yarn", **YARN, **BETAS, attention_factor=1.0)},
        "beta_fast": {"rope_parameters": rope(10000.0, "yarn", **YARN, beta_fast=1.0, beta_slow=0.5)},
        "beta_slow": {"rope_parameters": rope(10000.0, "yarn", **YARN, beta_fast=4.0)},
    },
    legacy=dict(rope_theta=10000.0, rope_scaling={"rope_type": "yarn", **YARN, **BETAS}),
)

CASES["llama-yarn-truncate-off"] = Case(
    LlamaForCausalLM,
    settings(
        3, 16, **LLAMA, rope_parameters=rope(10000.0, "yarn", **YARN, truncate=False, mscale=1.0, mscale_all_dim=0.5)
    ),
    without={
        "scaling": UNSCALED,
        "truncate": {"rope_parameters": rope(10000.0, "yarn", **YARN, mscale=1.0, mscale_all_dim=0.5)},
        "mscale": {"rope_parameters": rope(10000.0, "yarn", **YARN, truncate=False)},
    },
)

# Factors whose bounds fall between the frequencies: one is kept, one is blended, the others are divided.
LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=40)

CASES["llama31"] = Case(
    LlamaForCausalLM,
    settings(
        4,
        16,
        **LLAMA,
        tie_word_embeddings=True,
        eos_token_id=[2, 3],
        max_position_embeddings=320,
        rope_parameters=rope(500000.0, "llama3", **LLAMA3),
    ),
    without={
        "scaling": {"rope_parameters": rope(500000.0)},
        "blending": {"rope_parameters": rope(500000.0, "llama3", **{**LLAMA3, "high_freq_factor": 1.01})},
    },
    legacy=dict(rope_theta=500000.0, rope_scaling={"rope_type": "llama3", **LLAMA3}),
)

# Mistral ------------------------------------------------------------------------------------------------------------

CASES["mistral"] = Case(
    MistralForCausalLM,
    settings(3, 16, sliding_window=9),
    without={"window": {"sliding_window": NO_WINDOW}},
    legacy=dict(rope_theta=10000.0),
    dropped=("attention_dropout", "pad_token_id"),
)

CASES["mistral-full"] = Case(
    MistralForCausalLM,
    settings(2, 8, theta=1000000.0, sliding_window=None),
    without={"the absent window": {"sliding_window": 9}},
    legacy=dict(rope_theta=1000000.0),
    dropped=("head_dim",),
)

CASES["ministral"] = Case(
    MinistralForCausalLM,
    settings(5, 16, theta=1000000.0, sliding_window=7, layer_types=MIXED),
    without={"window": {"sliding_window": NO_WINDOW}, "layer types": {"layer_types": [SLIDING] * 5}},
)

# Qwen ---------------------------------------------------------------------------------------------------------------

CASES["qwen2"] = Case(
    Qwen2ForCausalLM,
    less(settings(5, 8, theta=1000000.0, use_sliding_window=True, sliding_window=9, max_window_layers=2), "head_dim"),
    written={"layer_types": [FULL, FULL, SLIDING, SLIDING, SLIDING]},
    without={"window": {"sliding_window": NO_WINDOW}, "layer types": {"layer_types": [SLIDING] * 5}},
    legacy=dict(rope_theta=1000000.0, rope_scaling=None),
)

# The window of the published files stands there, and is off. Qwen 2 has no head_dim of its own but follows one.
CASES["qwen2-full"] = Case(
    Qwen2ForCausalLM,
    settings(
        2,
        12,
        theta=1000000.0,
        tie_word_embeddings=True,
        use_sliding_window=False,
        sliding_window=9,
        max_window_layers=1,
    ),
    written={"layer_types": [FULL, FULL], "sliding_window": None},
    without={"the absent window": {"use_sliding_window": True, "sliding_window": 9, "layer_types": None}},
    legacy=dict(rope_theta=1000000.0, sliding_window=9),
    dropped=("pad_token_id",),
)

CASES["qwen3"] = Case(
    Qwen3ForCausalLM,
    settings(
        4,
        16,
        theta=1000000.0,
        attention_bias=True,
        use_sliding_window=True,
        sliding_window=9,
        max_window_layers=2,
    ),
    written={"layer_types": [FULL, FULL, SLIDING, SLIDING]},
    without={"window": {"sliding_window": NO_WINDOW}},
    legacy=dict(rope_theta=1000000.0, rope_scaling=None),
)

CASES["qwen3-tied"] = Case(
    Qwen3ForCausalLM,
    settings(
        3,
        12,
        theta=1000000.0,
        attention_bias=False,
        tie_word_embeddings=True,
        use_sliding_window=False,
        sliding_window=None,
        max_window_layers=3,
    ),
    written={"layer_types": [FULL] * 3},
    legacy=dict(rope_theta=1000000.0, rope_scaling=None, sliding_window=None),
)
