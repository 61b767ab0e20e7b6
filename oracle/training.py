"""Trains a tiny model with transformers and PyTorch's optimizers, and writes what each step's loss and gradient were.

    python oracle/training.py

The fixture is one file, `train/src/test/resources/org/zebralm/train/transformers-runs.safetensors`:

    weight.NAME     float32 first weights
    inputs          int64   [batches, tokens]
    targets         int64   [batches, tokens]    -1 counts for nothing
    documents       int64   [batches, tokens]    which document of its row a token belongs to
    losses.RUN      float64 [steps]              mean cross entropy of the step's targets, before the step
    norms.RUN       float64 [steps]              gradient norm before clipping

Every run takes the same weights and batches, two batches a step. Documents are kept apart by masks given explicitly,
full and sliding, and positions that restart. Runs:

    adamw   torch.optim.AdamW; matrices decay, embedding, head and norms do not
    zloss   the same, with z-loss
    muon    torch.optim.Muon for the layers' matrices, orthogonalised in float64; AdamW for the rest
    bf16    adamw under autocast to bfloat16: what half precision costs there, for comparison
"""

import math
from pathlib import Path

import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
import transformers
from fixtures import FULL, SLIDING, cwm

FILE = Path(__file__).resolve().parent.parent / "train/src/test/resources/org/zebralm/train/transformers-runs.safetensors"
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in (safetensors, torch, transformers))

STEPS, ACCUMULATION, TOKENS, VOCAB, WINDOW = 50, 2, 48, 96, 9
LEARNING_RATE, WARMUP, FINAL_SHARE = 3e-3, 5, 0.1
WEIGHT_DECAY, BETAS, EPS, CLIP = 0.1, (0.9, 0.95), 1e-8, 3.0
MOMENTUM, ITERATIONS = 0.95, 5
Z_LOSS = 1e-2


def batches(generator):
    """Rows of two or three documents, in each of which a token decides the next, seven times in eight."""
    draw = lambda end: torch.randint(end, (), generator=generator).item()
    inputs, targets, documents = (torch.empty(STEPS * ACCUMULATION, TOKENS, dtype=torch.int64) for _ in range(3))
    for row in range(STEPS * ACCUMULATION):
        cuts = [0, 5 + draw(12), 22 + draw(12), TOKENS] if draw(2) else [0, 5 + draw(38), TOKENS]
        for document, (start, end) in enumerate(zip(cuts, cuts[1:])):
            last = draw(VOCAB)
            for i in range(start, end):
                following = draw(VOCAB) if draw(8) == 0 else (last * 5 + 7) % VOCAB
                inputs[row, i], documents[row, i] = last, document
                targets[row, i] = following if i + 1 < end else -1
                last = following
    return inputs, targets, documents


def masks(documents):
    """What may be attended to: added to the scores, `[1, 1, tokens, tokens]`."""
    distance = torch.arange(TOKENS)[:, None] - torch.arange(TOKENS)[None]
    allowed = (documents[:, None] == documents[None]) & (distance >= 0)
    additive = lambda mask: torch.zeros(TOKENS, TOKENS).masked_fill(~mask, torch.finfo(torch.float32).min)[None, None]
    return {FULL: additive(allowed), SLIDING: additive(allowed & (distance < WINDOW))}


def positions(documents):
    starts = [(documents == document).nonzero()[0].item() for document in documents]
    return (torch.arange(TOKENS) - torch.tensor(starts))[None]


def learning_rate(step):
    if step < WARMUP:
        return LEARNING_RATE * (step + 1) / WARMUP
    cosine = 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))
    return LEARNING_RATE * (FINAL_SHARE + (1 - FINAL_SHARE) * cosine)


def orthogonalise(gradient, coefficients, iterations, eps):
    """PyTorch's own is in bfloat16; this is the same in float64."""
    a, b, c = coefficients
    x = gradient.double()
    x = x / x.norm().clamp(min=eps)
    if x.shape[0] > x.shape[1]:
        return orthogonalise(gradient.T, coefficients, iterations, eps).T
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def optimizers(model, muon):
    matrices = [p for name, p in model.named_parameters() if "layers" in name and p.ndim == 2]
    others = [p for name, p in model.named_parameters() if not ("layers" in name and p.ndim == 2)]
    adamw = lambda groups: torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=BETAS, eps=EPS)
    if not muon:
        return [adamw([dict(params=matrices, weight_decay=WEIGHT_DECAY), dict(params=others, weight_decay=0.0)])]
    torch.optim._muon._zeropower_via_newtonschulz = orthogonalise
    return [
        adamw([dict(params=others, weight_decay=0.0)]),
        torch.optim.Muon(
            matrices,
            lr=LEARNING_RATE,
            weight_decay=WEIGHT_DECAY,
            momentum=MOMENTUM,
            nesterov=True,
            ns_steps=ITERATIONS,
            adjust_lr_fn="match_rms_adamw",
        ),
    ]


def train(weights, inputs, targets, documents, muon=False, z_loss=0.0, autocast=False):
    model = new_model()
    model.load_state_dict(weights)
    movers = optimizers(model, muon)
    losses, norms = [], []
    for step in range(STEPS):
        rows = range(step * ACCUMULATION, (step + 1) * ACCUMULATION)
        counted = sum((targets[row] >= 0).sum().item() for row in rows)
        loss = 0.0
        for row in rows:
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                logits = model(
                    inputs[row][None],
                    attention_mask=masks(documents[row]),
                    position_ids=positions(documents[row]),
                    use_cache=False,
                ).logits[0].float()
            entropy = F.cross_entropy(logits, targets[row], ignore_index=-1, reduction="sum")
            log_sums = logits.logsumexp(-1)[targets[row] >= 0]
            ((entropy + z_loss * (log_sums**2).sum()) / counted).backward()
            loss += entropy.item() / counted
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP).item())
        losses.append(loss)
        for mover in movers:
            for group in mover.param_groups:
                group["lr"] = learning_rate(step)
            mover.step()
            mover.zero_grad()
    return torch.tensor(losses, dtype=torch.float64), torch.tensor(norms, dtype=torch.float64)


def new_model():
    model = cwm([FULL, SLIDING, SLIDING, FULL], tie_word_embeddings=False, sliding_window=WINDOW)
    model.set_attn_implementation("eager")
    return model.float().train()


if __name__ == "__main__":
    torch.manual_seed(20312)
    torch.set_num_threads(1)
    model = new_model()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
        else:
            torch.nn.init.normal_(parameter, std=0.3 if "q_proj" in name or "k_proj" in name else 0.1)
    weights = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    inputs, targets, documents = batches(torch.Generator().manual_seed(7))
    tensors = {f"weight.{name}": tensor for name, tensor in weights.items()}
    tensors |= dict(inputs=inputs, targets=targets, documents=documents)
    for run, settings in dict(adamw={}, zloss=dict(z_loss=Z_LOSS), muon=dict(muon=True), bf16=dict(autocast=True)).items():
        losses, norms = train(weights, inputs, targets, documents, **settings)
        tensors |= {f"losses.{run}": losses, f"norms.{run}": norms}
        print(f"{run}: loss {losses[0]:.4f} -> {losses[-1]:.4f}, norms {norms.min():.3f} to {norms.max():.3f}")
    # How far an error in the last digit carries over the steps, and how far half precision does.
    print(f"bf16 differs from adamw by up to {(tensors['losses.bf16'] - tensors['losses.adamw']).abs().max():.4f}")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    safetensors.torch.save_file(tensors, FILE, metadata={"made_by": f"oracle/training.py with {VERSIONS}"})
    print(f"{FILE.name}: {FILE.stat().st_size / 1024:.0f} KiB")
