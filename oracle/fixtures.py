"""Writes tiny random checkpoints and the logits transformers computes for them.

    python oracle/fixtures.py [NAME...]      all of them, or those named

A fixture is a folder: the checkpoint as `save_pretrained` leaves it, and `expected.safetensors` with

    ids      int64   [batch, tokens]    the rows are separate sequences
    logits   float32 [batch, tokens, vocabulary]

Every setting is stated here and none is left to a default: those of `cwm` describe one particular 32 B model (theta
1,000,000, llama3 scaling x16, head width 128, bos 128000), and `check` makes sure that none of them came through.
"""

import shutil
import sys
from pathlib import Path

import safetensors
import safetensors.torch
import torch
import transformers
from transformers import AutoModelForCausalLM, CwmConfig, CwmForCausalLM, LlamaConfig, LlamaForCausalLM

ROOT = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures"
FULL, SLIDING = "full_attention", "sliding_attention"
BATCH, TOKENS = 2, 44
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in (safetensors, torch, transformers))

SIZES = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=48,
    num_attention_heads=4,
    num_key_value_heads=2,
    hidden_act="silu",
    max_position_embeddings=128,
    rms_norm_eps=1e-5,
    rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    attention_dropout=0.0,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=None,
)
BIASES = dict(attention_bias=False, mlp_bias=False)


def llama():
    """All global, two query heads to a key-value head, a head of its own."""
    return LlamaForCausalLM(
        LlamaConfig(**SIZES, **BIASES, num_hidden_layers=3, head_dim=8, tie_word_embeddings=False)
    )


def cwm(layer_types, **changed):
    settings = dict(SIZES, mlp_bias=False, num_hidden_layers=len(layer_types), head_dim=8, sliding_window=9)
    return CwmForCausalLM(CwmConfig(**{**settings, "layer_types": layer_types, **changed}))


FIXTURES = {
    "llama": llama,
    # Zebra's own pattern, cut off within its second group.
    "cwm": lambda: cwm([FULL, SLIDING, SLIDING, SLIDING, FULL, SLIDING], tie_word_embeddings=False),
    # Tied, and as far from the pattern as layer types go: local first, heads wider than hidden_size / num_heads.
    "cwm-tied": lambda: cwm(
        [SLIDING, SLIDING, FULL, FULL, SLIDING],
        tie_word_embeddings=True,
        head_dim=12,
        rope_parameters={"rope_type": "default", "rope_theta": 50000.0},
    ),
    "cwm-all-local": lambda: cwm([SLIDING, SLIDING], tie_word_embeddings=True, sliding_window=4),
}


def randomise(model, attention=0.35):
    """Draws weights whose logits depend on every part: the usual start at std 0.02 attends almost evenly.

    `attention` is the std of the projections of queries and keys. The wider, the more does rounding them to bfloat16
    change what is attended to.
    """
    for name, parameter in model.named_parameters():
        if "norm" in name:
            # Half as much or up to half again as where it starts: at ones, or at zeros if one is added to it.
            start = parameter.flatten()[0].item()
            torch.nn.init.uniform_(parameter, start - 0.5, start + 0.5)
        elif "embed" in name:
            # Rows of a tied embedding are the head as well, whose logits should stay within a few units.
            torch.nn.init.normal_(parameter, std=0.3 if model.config.tie_word_embeddings else 1.0)
        elif "experts.down_proj" in name:
            torch.nn.init.normal_(parameter, std=0.1 if "bias" in name else 0.02)
        elif "sinks" in name:
            torch.nn.init.normal_(parameter, mean=1.0, std=2.0)
        elif "bias" in name:
            torch.nn.init.normal_(parameter, std=0.3)
        elif "q_proj" in name or "k_proj" in name:
            torch.nn.init.normal_(parameter, std=attention)
        elif "experts.gate_up_proj" in name:
            # Wide enough to be clamped here and there.
            torch.nn.init.normal_(parameter, std=0.5)
        elif "router.weight" in name:
            # So decided that it matters little if rounding makes another expert the second.
            torch.nn.init.normal_(parameter, std=1.0)
        else:
            torch.nn.init.normal_(parameter, std=0.15)


def check(model):
    """Fails unless positions are rotated with the stated base and no scaling."""
    rope = model.config.rope_parameters
    width = model.config.head_dim
    expected = rope["rope_theta"] ** -(torch.arange(0, width, 2, dtype=torch.float32) / width)
    assert rope["rope_type"] == "default", rope
    assert torch.allclose(model.model.rotary_emb.inv_freq, expected, rtol=1e-6), "the positions are scaled"
    assert model.model.rotary_emb.attention_scaling == 1.0


def write(name):
    torch.manual_seed(20312 + sum(name.encode()))
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    model = FIXTURES[name]()
    randomise(model)
    model.save_pretrained(folder)
    # What is tested against is what a user would get: the model as it comes back from the folder.
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    check(model)
    ids = torch.randint(3, model.config.vocab_size, (BATCH, TOKENS))
    with torch.no_grad():
        logits = torch.stack([model(row[None], use_cache=False).logits[0] for row in ids])
    safetensors.torch.save_file(
        {"ids": ids, "logits": logits.contiguous()},
        folder / "expected.safetensors",
        # One entry: the library writes several in an order that changes from run to run.
        metadata={"made_by": f"oracle/fixtures.py with {VERSIONS}"},
    )
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {size / 1024:.0f} KiB, logits up to {logits.abs().max():.1f}, std {logits.std():.2f}")


if __name__ == "__main__":
    for fixture in sys.argv[1:] or FIXTURES:
        write(fixture)
