"""The model families of `families.py`, one tiny model for each way in which a published one can be set up.

A case states every setting that matters, so that none comes from a default that describes somebody's large model. Where
a family's point is what its class derives from the settings (a pattern of layers, say), `written` states what
`config.json` must then say. Windows count the query itself.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from fixtures import FULL, SIZES, SLIDING
from torch_files import shard
from transformers import (
    Cohere2ForCausalLM,
    CwmForCausalLM,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    GptOssForCausalLM,
    LlamaForCausalLM,
    MinistralForCausalLM,
    MistralForCausalLM,
    Olmo3ForCausalLM,
    Qwen2ForCausalLM,
    Qwen3ForCausalLM,
    SmolLM3ForCausalLM,
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
    a text end, `bfloat16_error` is how far transformers' own bfloat16 may be from its float32, as a share of the
    largest logit, and `finish` gives the folder its last form.
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
    bfloat16_error: float = 0.02
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

# The frequencies follow the longest sequence that the model has seen, in this call or an earlier one: the logits are for
# those of the padded batch of 108 tokens. The continuation comes from a model that has seen nothing else: its
# frequencies are those of the prompt at first, and change with every token while the cache keeps keys as they were.
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

# Gemma --------------------------------------------------------------------------------------------------------------

GEMMA = dict(
    hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True, bos_token_id=2, eos_token_id=1, pad_token_id=0
)

# Caps so low that they bite, and a scale that is not of the head's width.
CASES["gemma2"] = Case(
    Gemma2ForCausalLM,
    less(
        settings(
            4,
            16,
            **GEMMA,
            attention_bias=True,
            query_pre_attn_scalar=24,
            attn_logit_softcapping=2.0,
            final_logit_softcapping=6.0,
            sliding_window=9,
        ),
        "hidden_act",
    ),
    written={"layer_types": [SLIDING, FULL, SLIDING, FULL]},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "cap of the scores": {"attn_logit_softcapping": None},
        "cap of the logits": {"final_logit_softcapping": None},
        "scale": {"query_pre_attn_scalar": 16},
        "activation": {"hidden_activation": "silu"},
        "layer types": {"layer_types": [FULL, SLIDING, FULL, SLIDING]},
    },
    legacy=dict(rope_theta=10000.0, hidden_act="gelu_pytorch_tanh", cache_implementation="hybrid"),
    dropped=("tie_word_embeddings",),
)

GEMMA3_ROPE = {FULL: rope(1000000.0, "linear", factor=8.0), SLIDING: rope(10000.0)}
GEMMA3_LEGACY = dict(
    rope_theta=1000000.0,
    rope_local_base_freq=10000.0,
    rope_scaling={"rope_type": "linear", "factor": 8.0},
    sliding_window_pattern=6,
)
GEMMA3_TEXT = less(
    settings(
        7,
        12,
        **GEMMA,
        attention_bias=False,
        num_key_value_heads=1,
        query_pre_attn_scalar=20,
        attn_logit_softcapping=None,
        final_logit_softcapping=None,
        sliding_window=9,
        rope_parameters=GEMMA3_ROPE,
    ),
    "hidden_act",
)

CASES["gemma3-text"] = Case(
    Gemma3ForCausalLM,
    {**GEMMA3_TEXT, "final_logit_softcapping": 6.0},
    written={"layer_types": [SLIDING] * 5 + [FULL, SLIDING]},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "layer types": {"layer_types": [SLIDING] * 7},
        "scaling": {"rope_parameters": {**GEMMA3_ROPE, FULL: rope(1000000.0)}},
        "theta of global layers": {"rope_parameters": {**GEMMA3_ROPE, FULL: rope(10000.0, "linear", factor=8.0)}},
        "theta of local layers": {"rope_parameters": {**GEMMA3_ROPE, SLIDING: rope(1000000.0)}},
        "cap of the logits": {"final_logit_softcapping": None},
        "scale": {"query_pre_attn_scalar": 12},
    },
    legacy={**GEMMA3_LEGACY, "cache_implementation": "hybrid"},
    dropped=("tie_word_embeddings", "_sliding_window_pattern", "use_bidirectional_attention"),
    # Seven layers between which bfloat16 rounds: another computation must be able to stay within 0.03 of this one.
    bfloat16_error=0.018,
)

# What sees is as small as it can be, and has no part in a text without images. The last ids stand for images.
CASES["gemma3-multimodal"] = Case(
    Gemma3ForConditionalGeneration,
    dict(
        text_config={**GEMMA3_TEXT, "num_hidden_layers": 4, "sliding_window_pattern": 3},
        vision_config=dict(
            hidden_size=4,
            intermediate_size=4,
            num_hidden_layers=1,
            num_attention_heads=1,
            image_size=4,
            patch_size=2,
        ),
        mm_tokens_per_image=1,
        boi_token_index=90,
        eoi_token_index=91,
        image_token_index=92,
        tie_word_embeddings=True,
    ),
    written={
        "text_config": {
            **GEMMA3_TEXT,
            "num_hidden_layers": 4,
            "layer_types": [SLIDING, SLIDING, FULL, SLIDING],
            "_sliding_window_pattern": 3,
        }
    },
    without={
        "window": {"text_config": {"sliding_window": NO_WINDOW}},
        "layer types": {"text_config": {"layer_types": [SLIDING] * 4}},
    },
    inert=("vision_tower", "multi_modal_projector"),
    legacy=dict(text_config={**GEMMA3_LEGACY, "sliding_window_pattern": 3}),
    dropped=("tie_word_embeddings", "_sliding_window_pattern", "use_bidirectional_attention"),
    vocabulary=90,
)

# OLMo 3 -------------------------------------------------------------------------------------------------------------

OLMO3_YARN = dict(factor=8.0, original_max_position_embeddings=36, beta_fast=32.0, beta_slow=1.0)
OLMO3_ROPE = {
    FULL: rope(500000.0, "yarn", **OLMO3_YARN, attention_factor=1.2079441541679836),
    SLIDING: rope(500000.0),
}

CASES["olmo3"] = Case(
    Olmo3ForCausalLM,
    less(
        settings(
            5,
            16,
            num_attention_heads=2,
            num_key_value_heads=1,
            attention_bias=True,
            sliding_window=9,
            max_position_embeddings=288,
            rope_parameters=OLMO3_ROPE,
        ),
        "head_dim",
    ),
    written={"layer_types": [SLIDING, SLIDING, SLIDING, FULL, SLIDING]},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "layer types": {"layer_types": [SLIDING] * 5},
        "scaling": {"rope_parameters": {FULL: rope(500000.0), SLIDING: rope(500000.0)}},
        "scaling of global layers only": {"rope_parameters": {FULL: OLMO3_ROPE[FULL], SLIDING: OLMO3_ROPE[FULL]}},
        "attention factor": {
            "rope_parameters": {**OLMO3_ROPE, FULL: rope(500000.0, "yarn", **OLMO3_YARN, attention_factor=1.0)}
        },
    },
    legacy=dict(rope_theta=500000.0, rope_scaling=less(OLMO3_ROPE[FULL], "rope_theta")),
)

# SmolLM3 ------------------------------------------------------------------------------------------------------------

# As published: no rotation in every so many layers, and no window.
CASES["smollm3"] = Case(
    SmolLM3ForCausalLM,
    less(
        settings(
            4,
            8,
            theta=2000000.0,
            **LLAMA,
            tie_word_embeddings=True,
            use_sliding_window=False,
            sliding_window=None,
            no_rope_layer_interval=3,
        ),
        "head_dim",
    ),
    written={"no_rope_layers": [1, 1, 0, 1], "layer_types": [FULL] * 4},
    without={"layers without rotation": {"no_rope_layers": [1] * 4}},
    legacy=dict(
        rope_theta=2000000.0, rope_scaling=None, layer_types=[FULL] * 4, max_window_layers=28, pretraining_tp=2
    ),
)

# The window goes to the layers without rotation.
CASES["smollm3-sliding"] = Case(
    SmolLM3ForCausalLM,
    settings(
        4,
        12,
        theta=2000000.0,
        **LLAMA,
        use_sliding_window=True,
        sliding_window=9,
        no_rope_layers=[1, 0, 1, 0],
        no_rope_layer_interval=4,
    ),
    written={"layer_types": [FULL, SLIDING, FULL, SLIDING]},
    without={"window": {"sliding_window": NO_WINDOW}, "layers without rotation": {"no_rope_layers": [1] * 4}},
    legacy=dict(rope_theta=2000000.0, rope_scaling=None),
)

# Both with and without a window, rotated and not.
CASES["smollm3-layer-types"] = Case(
    SmolLM3ForCausalLM,
    settings(
        4,
        12,
        attention_bias=True,
        mlp_bias=True,
        use_sliding_window=True,
        sliding_window=9,
        no_rope_layers=[1, 0, 1, 0],
        no_rope_layer_interval=4,
        layer_types=[FULL, SLIDING, SLIDING, FULL],
    ),
    without={"window": {"sliding_window": NO_WINDOW}, "layer types": {"layer_types": [FULL, SLIDING, FULL, SLIDING]}},
    inert=(r"layers\.[13]\.self_attn\.k_proj\.bias",),
)

# Cohere 2 -----------------------------------------------------------------------------------------------------------

COHERE2 = dict(layer_norm_eps=1e-5, logit_scale=0.5, sliding_window=9)

CASES["cohere2"] = Case(
    Cohere2ForCausalLM,
    less(
        settings(
            5,
            8,
            **COHERE2,
            theta=50000.0,
            attention_bias=False,
            tie_word_embeddings=True,
            sliding_window_pattern=4,
        ),
        "head_dim",
        "rms_norm_eps",
    ),
    written={"layer_types": [SLIDING, SLIDING, SLIDING, FULL, SLIDING], "head_dim": 8, "sliding_window_pattern": None},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "layer types": {"layer_types": [SLIDING] * 5},
        "logit scale": {"logit_scale": 1.0},
    },
    legacy=dict(
        rope_theta=50000.0,
        rope_scaling=None,
        sliding_window_pattern=4,
        cache_implementation="hybrid",
        layer_switch=4,
        order_of_interleaved_layers="local_attn_first",
        position_embedding_type="rope_gptj",
        rotary_pct=1.0,
        use_embedding_sharing=True,
        use_gated_activation=True,
        use_parallel_block=True,
        use_parallel_embedding=False,
    ),
    dropped=("tie_word_embeddings",),
)

# A head of its own width, which its class does not know but follows.
CASES["cohere2-bias"] = Case(
    Cohere2ForCausalLM,
    less(
        settings(4, 12, **COHERE2, attention_bias=True, layer_types=[FULL, SLIDING, SLIDING, FULL]),
        "rms_norm_eps",
    ),
    without={"window": {"sliding_window": NO_WINDOW}},
    inert=(r"layers\.[03]\.self_attn\.k_proj\.bias",),
)

# gpt-oss ------------------------------------------------------------------------------------------------------------


def unclamp(model):
    for layer in model.model.layers:
        layer.mlp.experts.limit = 1e9


def unsink(model):
    for layer in model.model.layers:
        layer.self_attn.sinks.data.fill_(-1e9)


GPT_OSS_YARN = dict(factor=4.0, original_max_position_embeddings=36, beta_fast=32.0, beta_slow=1.0)

CASES["gpt-oss"] = Case(
    GptOssForCausalLM,
    settings(
        3,
        16,
        intermediate_size=24,
        attention_bias=True,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=9,
        max_position_embeddings=144,
        rope_parameters=rope(150000.0, "yarn", **GPT_OSS_YARN, truncate=False),
    ),
    written={"layer_types": [SLIDING, FULL, SLIDING]},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "layer types": {"layer_types": [FULL, SLIDING, FULL]},
        "scaling": {"rope_parameters": rope(150000.0)},
        "truncate": {"rope_parameters": rope(150000.0, "yarn", **GPT_OSS_YARN)},
        "sinks": unsink,
        "clamping": unclamp,
        "second expert": {"num_experts_per_tok": 1},
    },
    legacy=dict(
        rope_theta=150000.0,
        rope_scaling={"rope_type": "yarn", **GPT_OSS_YARN, "truncate": False},
        experts_per_token=2,
        initial_context_length=36,
        swiglu_limit=7.0,
    ),
)

# CWM ----------------------------------------------------------------------------------------------------------------

# The scaling that a file without `rope_parameters` means.
CWM_ROPE = rope(
    1000000.0, "llama3", factor=16.0, high_freq_factor=4.0, low_freq_factor=1.0, original_max_position_embeddings=8192
)

CASES["cwm-scaled"] = Case(
    CwmForCausalLM,
    less(settings(5, 16, mlp_bias=False, sliding_window=9, max_position_embeddings=131072), "rope_parameters"),
    written={"rope_parameters": CWM_ROPE, "layer_types": [FULL, SLIDING, SLIDING, SLIDING, FULL]},
    without={
        "window": {"sliding_window": NO_WINDOW},
        "layer types": {"layer_types": [SLIDING] * 5},
        "scaling": {"rope_parameters": rope(1000000.0)},
    },
    legacy={},
)

# Zebra as its authors publish it, which transformers computes as a CWM: one key more than their window says.


def publish(folder):
    """Turns a CWM into what the authors' code saves: a Llama with keys of its own, in two PyTorch files."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    group = config["layer_types"].index(FULL, 1)
    assert config["layer_types"] == [SLIDING if i % group else FULL for i in range(config["num_hidden_layers"])]
    zebra = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "self_attn_type": "mix",
        "layer_group_size": group,
        "window_size": config["sliding_window"] - 1,
        "pretraining_tp": 1,
        "rope_scaling": None,
        "use_fsdp": False,
        "torch_dtype": "float32",
        "transformers_version": "4.31.0",
    }
    kept = less(
        config,
        *("attention_bias", "attention_dropout", "dtype", "head_dim", "layer_types", "mlp_bias"),
        *("rope_parameters", "sliding_window"),
    )
    path.write_text(json.dumps({**kept, **zebra}, indent=2, sort_keys=True) + "\n")
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    # Until 4.32 the frequencies were saved with every layer.
    frequencies = 10000.0 ** -(torch.arange(0, 8, 2) / 8)
    for layer in range(config["num_hidden_layers"]):
        weights[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = frequencies.clone()
    shard(weights, folder)
    (folder / "model.safetensors").unlink()


CASES["zebra-official"] = Case(
    CwmForCausalLM,
    settings(
        6,
        8,
        mlp_bias=False,
        num_key_value_heads=4,
        sliding_window=9,
        layer_types=[FULL, SLIDING, SLIDING, FULL, SLIDING, SLIDING],
    ),
    without={
        "window": {"sliding_window": NO_WINDOW},
        "the one key more": {"sliding_window": 8},
        "layer types": {"layer_types": [SLIDING] * 6},
    },
    finish=publish,
)
