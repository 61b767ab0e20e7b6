package org.zebralm.checkpoint;

import java.util.Set;

/// Keys of `config.json` that change nothing in what a Llama-like decoder computes.
///
/// Most are left over from transformers 4, which dumped the settings of generation, and of other tasks, into every
/// file.
final class InertKeys {
    private static final Set<String> KEYS = Set.of(
            // where the file comes from
            "architectures",
            "dtype",
            "torch_dtype",
            "transformers_version",
            "tokenizer_class",
            // how it starts and runs
            "gradient_checkpointing",
            "initializer_range",
            "use_cache",
            "use_fsdp",
            "pretraining_tp", // products in slices: the same numbers
            "cache_implementation",
            "use_bfloat16",
            "torchscript",
            "output_attentions",
            "output_hidden_states",
            "output_scores",
            "return_dict",
            "return_dict_in_generate",
            "chunk_size_feed_forward",
            "tf_legacy_loss",
            // other tasks
            "finetuning_task",
            "id2label",
            "label2id",
            "prefix",
            "problem_type",
            "pruned_heads",
            "task_specific_params",
            "tie_encoder_decoder",
            // generation
            "bad_words_ids",
            "begin_suppress_tokens",
            "diversity_penalty",
            "do_sample",
            "early_stopping",
            "encoder_no_repeat_ngram_size",
            "exponential_decay_length_penalty",
            "forced_bos_token_id",
            "forced_eos_token_id",
            "length_penalty",
            "max_length",
            "max_sequence_length",
            "min_length",
            "no_repeat_ngram_size",
            "num_beam_groups",
            "num_beams",
            "num_return_sequences",
            "remove_invalid_values",
            "repetition_penalty",
            "suppress_tokens",
            "temperature",
            "top_k",
            "top_p",
            "typical_p");

    private InertKeys() {}

    /// Returns whether a key may have any value; a leading underscore marks what only the writing program needs.
    static boolean contains(String key) {
        return key.startsWith("_") || key.startsWith("unsloth_") || KEYS.contains(key);
    }
}
