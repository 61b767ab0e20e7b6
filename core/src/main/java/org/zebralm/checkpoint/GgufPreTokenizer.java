package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// How byte-level BPE cuts a text into words, by the names that GGUF files have for the ways of other families.
///
/// The patterns are those of the families' own `tokenizer.json`.
enum GgufPreTokenizer {
    GPT2(null, false, false, false),
    /// GPT-2's, with each digit a word.
    SMOLLM(null, true, false, false),
    LLAMA3(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            false,
            false,
            true),
    QWEN2(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            false,
            true,
            false);

    private final @Nullable String pattern;
    private final boolean splitsDigits;
    private final boolean composes;

    /// Whether a word that is a token is that token, whatever the merges make of it; the families that have it so begin
    /// their texts with a bos, too, unless a file says otherwise.
    final boolean ignoresMerges;

    GgufPreTokenizer(@Nullable String pattern, boolean splitsDigits, boolean composes, boolean ignoresMerges) {
        this.pattern = pattern;
        this.splitsDigits = splitsDigits;
        this.composes = composes;
        this.ignoresMerges = ignoresMerges;
    }

    /// Returns the way of this name.
    ///
    /// @throws IllegalArgumentException if we do not know it
    static GgufPreTokenizer of(String label) {
        return switch (label) {
            case "gpt-2", "gpt2" -> GPT2;
            case "smollm" -> SMOLLM;
            case "llama-bpe", "llama3", "llama-v3" -> LLAMA3;
            case "qwen2" -> QWEN2;
            default ->
                throw new IllegalArgumentException("tokenizer.ggml.pre must be one of gpt-2, smollm, llama-bpe, qwen2:"
                        + " got \"" + label + "\"; put the model's own tokenizer.json beside the file");
        };
    }

    /// Puts the steps before the merges into `normalizer` and `pre_tokenizer`.
    void addTo(ObjectNode json) {
        json.set("normalizer", composes ? JsonNodeFactory.instance.objectNode().put("type", "NFC") : null);
        ObjectNode sequence = json.putObject("pre_tokenizer").put("type", "Sequence");
        ArrayNode steps = sequence.putArray("pretokenizers");
        if (splitsDigits) {
            steps.addObject().put("type", "Digits").put("individual_digits", true);
        }
        if (pattern != null) {
            ObjectNode split = steps.addObject().put("type", "Split");
            split.putObject("pattern").put("Regex", pattern);
            split.put("behavior", "Isolated").put("invert", false);
        }
        steps.addObject()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", pattern == null);
    }
}
