"""Writes what transformers' logits processors make of stated logits.

    python oracle/sampling.py

`core/src/test/resources/fixtures/sampling.json` has rows of logits and cases. A case names a row, the ids of prompt and
output so far, the settings that differ from none, and the probability of every id after all of them. The order is
transformers' own: the list comes from `GenerationMixin._get_logits_processor`, as `generate` makes it. Presence and
frequency penalty, which transformers has not, are plain loops by OpenAI's formula, placed after the repetition penalty:

    logit[id] -= count[id] * frequency + (count[id] > 0) * presence      (count: in the output)
"""

import json
import sys
from pathlib import Path

import numpy
import torch
import transformers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, LogitsProcessor, LogitsProcessorList
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor, SequenceBiasLogitsProcessor

FILE = Path(__file__).resolve().parent.parent / "core/src/test/resources/fixtures/sampling.json"
VOCABULARY = 48
VERSIONS = ", ".join(f"{library.__name__} {library.__version__}" for library in (numpy, torch, transformers))


class OpenAiPenalties(LogitsProcessor):
    def __init__(self, prompt_length, presence, frequency):
        self.prompt_length, self.presence, self.frequency = prompt_length, presence, frequency

    def __call__(self, input_ids, scores):
        counts = [0] * scores.shape[-1]
        for token in input_ids[0, self.prompt_length :].tolist():
            counts[token] += 1
        changed = scores[0].numpy().astype(numpy.float64)
        for token, count in enumerate(counts):
            if count > 0:
                changed[token] -= count * self.frequency + self.presence
        return torch.tensor(changed, dtype=torch.float32)[None]


def processors(model, prompt, settings):
    """transformers' own list for these settings, with OpenAI's penalties before the first of its warpers."""
    names = {"temperature", "top_k", "top_p", "min_p", "repetition_penalty"}
    chosen = {name: value for name, value in settings.items() if name in names}
    if "logit_bias" in settings:
        chosen["sequence_bias"] = [[[int(token)], float(bias)] for token, bias in settings["logit_bias"].items()]
    config = GenerationConfig(do_sample=True, **{"top_k": 0, **chosen})
    processors = model._get_logits_processor(config, input_ids_seq_length=len(prompt))
    penalties = OpenAiPenalties(len(prompt), settings.get("presence_penalty", 0), settings.get("frequency_penalty", 0))
    edits = (SequenceBiasLogitsProcessor, RepetitionPenaltyLogitsProcessor)
    first_warper = sum(isinstance(processor, edits) for processor in processors)
    assert all(isinstance(processor, edits) for processor in processors[:first_warper])
    return LogitsProcessorList([*processors[:first_warper], penalties, *processors[first_warper:]])


def rows():
    random = numpy.random.default_rng(20312)
    spread = random.normal(0, 2.5, VOCABULARY).astype(numpy.float32)
    ties = (numpy.round(random.normal(0, 2, VOCABULARY) * 2) / 2).astype(numpy.float32)
    peaked = random.normal(0, 1, VOCABULARY).astype(numpy.float32)
    peaked[17] = 9
    masked = spread.copy()
    masked[::3] = -numpy.inf
    return {
        "spread": spread,
        "ties": ties,
        "equal": numpy.full(VOCABULARY, 1.5, numpy.float32),
        "peaked": peaked,
        "masked": masked,
    }


SINGLE = [
    {},
    {"temperature": 0.3},
    {"temperature": 1.7},
    {"top_k": 1},
    {"top_k": 7},
    {"top_k": 47},
    {"top_k": 48},
    {"top_k": 500},
    {"top_p": 0.05},
    {"top_p": 0.5},
    {"top_p": 0.9},
    {"top_p": 0.999},
    {"min_p": 0.02},
    {"min_p": 0.3},
    {"min_p": 1.0},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.7},
    {"presence_penalty": 0.8},
    {"presence_penalty": -1.5},
    {"frequency_penalty": 0.6},
    {"frequency_penalty": -0.4},
    {"logit_bias": {"3": 4.5, "20": -100.0, "41": 0.25}},
]
COMBINED = [
    {"temperature": 0.7, "top_k": 20, "top_p": 0.9, "min_p": 0.05},
    {"temperature": 1.4, "top_k": 40, "top_p": 0.8},
    {"temperature": 0.6, "top_p": 0.95, "repetition_penalty": 1.2},
    {"temperature": 1.2, "min_p": 0.1, "repetition_penalty": 1.1, "presence_penalty": 0.5, "frequency_penalty": 0.3},
    {"repetition_penalty": 1.4, "logit_bias": {"5": -3.0, "9": 6.0, "45": 1.0}},
    {"presence_penalty": 1.1, "frequency_penalty": 0.7, "logit_bias": {"9": 2.0}, "top_k": 12},
    {
        "temperature": 0.9,
        "top_k": 30,
        "top_p": 0.85,
        "min_p": 0.04,
        "repetition_penalty": 1.15,
        "presence_penalty": 0.4,
        "frequency_penalty": 0.2,
        "logit_bias": {"1": 3.0, "9": -2.0, "47": 5.0},
    },
]
LIMITS = [
    settings for settings in SINGLE + COMBINED if set(settings) & {"top_k", "top_p", "min_p"} or not settings
]
PROMPT = [5, 9, 9, 33, 12, 17, 40, 2]
OUTPUT = [9, 41, 41, 3, 41, 28, 9, 0]


def main():
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            num_key_value_heads=1,
        )
    )
    logits = rows()
    cases = []
    for row, values in logits.items():
        for settings in SINGLE + COMBINED if row in ("spread", "ties") else LIMITS:
            for output in ([], OUTPUT):
                if not output and not set(settings) & {"repetition_penalty", "presence_penalty", "frequency_penalty"}:
                    continue
                ids = torch.tensor([PROMPT + output])
                scores = processors(model, PROMPT, settings)(ids, torch.tensor(values)[None].clone())
                assert scores.dtype == torch.float32
                # The softmax itself in float64: what is left is what the processors computed.
                probabilities = scores[0].double().softmax(-1).tolist()
                cases.append(
                    {
                        "row": row,
                        "output": output,
                        "settings": settings,
                        "probabilities": [round(p, 8) for p in probabilities],
                    }
                )
    # JSON has no infinity.
    numbers = {name: [None if v == -numpy.inf else float(v) for v in row] for name, row in logits.items()}
    fixture = {"versions": VERSIONS, "logits": numbers, "prompt": PROMPT, "cases": cases}
    text = json.dumps(fixture, separators=(",", ":")).replace('{"row"', '\n{"row"')
    FILE.write_text(text + "\n")
    print(f"{len(cases)} cases, {len(text) / 1024:.0f} KiB")


if __name__ == "__main__":
    sys.exit(main())
