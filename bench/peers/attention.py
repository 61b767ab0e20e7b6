"""Attention as Python users have it, timed with the same problems as `./zebra bench attention`.

    python bench/peers/attention.py [--lengths 4096] [--head-dims 64,128] [--json FILE]

Rows:
  pytorch       torch.nn.functional.scaled_dot_product_attention, causal, of the official CPU wheel
  transformers  its sliding-window path: sdpa_attention_forward with the mask that
                create_sliding_window_causal_mask makes, the window counting the query itself

Floating-point operations are counted over the pairs attended: 4 x pairs x headDim per head forward, 10 x
backward. Inputs are [1, heads, tokens, headDim], as transformers calls it. Median of the repetitions.
Tried with torch 2.13.0 (CPU) and transformers 5.18.0; needs nothing else.
"""

import argparse
import json
import platform
import statistics
import time

import torch
import transformers
from transformers import LlamaConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import create_sliding_window_causal_mask


class Module(torch.nn.Module):
    """What sdpa_attention_forward asks of the attention layer that calls it."""

    num_key_value_groups = 1
    is_causal = True
    layer_idx = 0


def sliding_mask(length, window, dtype):
    config = LlamaConfig(hidden_size=64, num_attention_heads=1, num_key_value_heads=1, sliding_window=window)
    config._attn_implementation = "sdpa"
    embeddings = torch.empty(1, length, 1, dtype=dtype)
    positions = torch.arange(length)
    return create_sliding_window_causal_mask(
        config=config,
        inputs_embeds=embeddings,
        attention_mask=None,
        past_key_values=None,
        position_ids=positions[None],
    )


def pairs(length, window):
    whole = min(length, window)
    return whole * (whole + 1) // 2 + (length - whole) * window


def median_seconds(call, budget):
    call()
    times = []
    start = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - start < budget and len(times) < 15):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return statistics.median(times), len(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lengths", default="4096")
    parser.add_argument("--head-dims", default="64,128")
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--window", type=int, default=513)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--kinds", default="global,local")
    parser.add_argument("--budget", type=float, default=8, help="seconds for each row")
    parser.add_argument("--json", help="file to write the rows to")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} threads, "
          f"{platform.machine()}, Python {platform.python_version()}", flush=True)
    rows = []
    for length in map(int, options.lengths.split(",")):
        for head_dim in map(int, options.head_dims.split(",")):
            for dtype_name in options.dtypes.split(","):
                dtype = getattr(torch, dtype_name)
                torch.manual_seed(1)
                shape = (1, options.heads, length, head_dim)
                q, k, v, d_out = (torch.randn(shape).to(dtype) for _ in range(4))
                for kind in options.kinds.split(","):
                    local = kind == "local"
                    mask = sliding_mask(length, options.window, dtype) if local else None

                    def forward():
                        if local:
                            return sdpa_attention_forward(Module(), q, k, v, mask, scaling=head_dim**-0.5)[0]
                        return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)

                    def both():
                        for x in (q, k, v):
                            x.requires_grad_(True)
                        out = forward()
                        grad = d_out.transpose(1, 2) if local else d_out
                        torch.autograd.grad(out, (q, k, v), grad)
                        for x in (q, k, v):
                            x.requires_grad_(False)

                    attended = pairs(length, options.window if local else length)
                    for name, call, factor in (("forward", forward, 4), ("forward+backward", both, 14)):
                        seconds, repeats = median_seconds(call, options.budget)
                        row = {
                            "implementation": "transformers" if local else "pytorch",
                            "kind": kind,
                            "length": length,
                            "window": options.window if local else 0,
                            "headDim": head_dim,
                            "pass": name,
                            "dtype": dtype_name,
                            "gflops": factor * attended * head_dim * options.heads / seconds / 1e9,
                            "seconds": seconds,
                            "repeats": repeats,
                        }
                        rows.append(row)
                        print(f"{row['implementation']:12} {kind:6} T {length:6} D {head_dim:3} {dtype_name:8} "
                              f"{name:16} {row['gflops']:7.1f} GFLOP/s {seconds * 1e3:9.1f} ms ({repeats})", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
