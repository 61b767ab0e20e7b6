"""Training as transformers users have it, timed on the model of `./zebra bench train`.

    python bench/peers/train.py [--lengths 2048,8192] [--layers 12] [--no-checkpointing] [--json FILE]

The model: `cwm` with Zebra's pattern (groups of 4 layers, the first global, windows of 513), 12 layers of width 768, 12 heads,
2560 inside, a vocabulary of 32,000, tied: 124 million parameters in float32. A step is one sequence: forward under
bfloat16 autocast with SDPA, backward with gradient checkpointing (unless left out), gradient clipping, fused AdamW.

Each length runs in a process of its own, so that peak memory is its own. FLOPs are counted as `zebra bench train`
does: 6 per parameter of a matrix and token, attention over the pairs attended, no credit for recomputation.
With `--layers N` fewer layers are timed; `seconds` is what was measured, `scaledSeconds` is for 12 layers, from two
runs, N layers and none. Tried with torch 2.13.0 (CPU) and transformers 5.18.0.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

LAYERS = 12
WINDOW = 513
WIDTH, INNER, HEADS, VOCABULARY = 768, 2560, 12, 32000


def pairs(length, window):
    whole = min(length, window)
    return whole * (whole + 1) // 2 + (length - whole) * window


def flops(length, layers):
    matrices = layers * (4 * WIDTH * WIDTH + 3 * WIDTH * INNER) + VOCABULARY * WIDTH
    attended = sum(pairs(length, length if i % 4 == 0 else WINDOW) for i in range(layers))
    return 6 * matrices * length + 3.5 * 4 * attended * WIDTH


def gemm_rate():
    import torch

    a = torch.randn(2048, 2048, dtype=torch.bfloat16)
    b = torch.randn(2048, 2048, dtype=torch.bfloat16)
    best = float("inf")
    end = time.perf_counter() + 0.8
    while time.perf_counter() < end:
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def measure(length, layers, steps, warm_up, checkpointing):
    import torch
    from transformers import CwmConfig, CwmForCausalLM

    torch.set_num_threads(2)
    torch.manual_seed(1)
    before = gemm_rate()
    config = CwmConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=layers,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        head_dim=WIDTH // HEADS,
        max_position_embeddings=length,
        sliding_window=WINDOW,
        layer_types=["full_attention" if i % 4 == 0 else "sliding_attention" for i in range(layers)],
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
        attn_implementation="sdpa",
    )
    model = CwmForCausalLM(config)
    model.train()
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    times = []
    for step in range(warm_up + steps):
        ids = torch.randint(0, VOCABULARY, (1, length))
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step >= warm_up:
            times.append(time.perf_counter() - start)
    seconds = statistics.median(times)
    rate = (before + gemm_rate()) / 2
    return {
        "system": "transformers",
        "length": length,
        "layers": layers,
        "checkpointing": checkpointing,
        "seconds": seconds,
        "steps": times,
        "tokensPerSecond": length / seconds,
        "gemmGflops": rate / 1e9,
        "mfu": flops(length, layers) / seconds / rate,
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def child(length, layers, arguments):
    command = [sys.executable, __file__, "--child", "--lengths", str(length), "--layers", str(layers)]
    command += ["--steps", str(arguments.steps), "--warm-up", str(arguments.warm_up)]
    command += ["--no-checkpointing"] if arguments.no_checkpointing else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return {"system": "transformers", "length": length, "layers": layers, "exitCode": done.returncode}
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", default="2048,8192")
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--no-checkpointing", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    lengths = [int(length) for length in arguments.lengths.split(",")]
    if arguments.child:
        print(json.dumps(measure(lengths[0], arguments.layers, arguments.steps, arguments.warm_up, not arguments.no_checkpointing)))
        return
    rows = []
    for length in lengths:
        row = child(length, arguments.layers, arguments)
        if arguments.layers < LAYERS and "seconds" in row:
            bare = child(length, 0, arguments)["seconds"]
            row["scaledSeconds"] = bare + (row["seconds"] - bare) * LAYERS / arguments.layers
        rows.append(row)
        print(row, flush=True)
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump({"rows": rows}, out, indent=2)


if __name__ == "__main__":
    main()
