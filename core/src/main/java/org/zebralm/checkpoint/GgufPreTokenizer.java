package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// How byte-level BPE cuts a text into words, by the names that GGUF files have for the ways of other families.
///
/// The patterns are those of the families' own `tokenizer.json`.
enum GgufPreTokenizer {
    GPT2("gpt-2", null, false, false, false),
    /// GPT-2's, with each digit a word.
    SMOLLM("smollm", null, true, false, false),
    LLAMA3(
            "llama-bpe",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            false,
            false,
            true),
    QWEN2(
            "qwen2",
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            false,
            true,
            false);

    /// GPT-2's pattern as files spell it that do not leave it to the library, which has the first built in.
    private static final Set<String> GPT2_PATTERNS = Set.of(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

    final String label;
    private final @Nullable String pattern;
    private final boolean splitsDigits;
    private final boolean composes;

    /// Whether a word that is a token is that token, whatever the merges make of it; the families that have it so begin
    /// their texts with a bos, too, unless a file says otherwise.
    final boolean ignoresMerges;

    GgufPreTokenizer(
            String label, @Nullable String pattern, boolean splitsDigits, boolean composes, boolean ignoresMerges) {
        this.label = label;
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

    /// Returns the way that a `pre_tokenizer` cuts.
    ///
    /// @throws IllegalArgumentException if llama.cpp has none that is the same
    static GgufPreTokenizer of(JsonNode preTokenizer) {
        List<JsonNode> steps = new ArrayList<>();
        if (preTokenizer.path("type").asText().equals("Sequence")) {
            preTokenizer.path("pretokenizers").forEach(steps::add);
        } else {
            steps.add(preTokenizer);
        }
        boolean endsInBytes = steps.getLast().path("type").asText().equals("ByteLevel")
                && !steps.getLast().path("add_prefix_space").asBoolean(true);
        boolean usesRegex = steps.getLast().path("use_regex").asBoolean(true);
        JsonNode first = steps.getFirst();
        if (endsInBytes && usesRegex && steps.size() == 1) {
            return GPT2;
        }
        boolean splitsDigits = first.path("type").asText().equals("Digits")
                && first.path("individual_digits").asBoolean();
        if (endsInBytes && usesRegex && steps.size() == 2 && splitsDigits) {
            return SMOLLM;
        }
        boolean isSplit = first.path("type").asText().equals("Split")
                && first.path("behavior").asText().equals("Isolated")
                && !first.path("invert").asBoolean();
        if (endsInBytes && !usesRegex && steps.size() == 2 && isSplit) {
            String regex = first.path("pattern").path("Regex").asText();
            if (GPT2_PATTERNS.contains(regex)) {
                return GPT2;
            }
            for (GgufPreTokenizer way : List.of(LLAMA3, QWEN2)) {
                if (regex.equals(way.pattern)) {
                    return way;
                }
            }
        }
        throw new IllegalArgumentException("llama.cpp must cut texts into words as the tokenizer does, by the pattern"
                + " of GPT-2, SmolLM, Llama 3 (GPT-4) or Qwen 2: got " + abbreviated(preTokenizer));
    }

    private static String abbreviated(JsonNode node) {
        String text = node.toString();
        return text.length() <= 300 ? text : text.substring(0, 297) + "...";
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
