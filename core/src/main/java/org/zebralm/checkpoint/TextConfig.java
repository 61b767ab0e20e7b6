package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// The config of the language model within one that also sees.
final class TextConfig {
    /// A Gemma 3 with a vision tower; as a text model it is a `gemma3_text`.
    static final String MODEL_TYPE = "gemma3";

    /// Settings that stand outside of `text_config` and concern the text.
    private static final List<String> SHARED =
            List.of("bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "quantization_config");

    private TextConfig() {}

    /// Returns the text's settings, or `root` if it has no parts.
    static ObjectNode of(ObjectNode root) {
        if (!root.path("model_type").asText().equals(MODEL_TYPE)
                || !root.path("text_config").isObject()) {
            return root;
        }
        ObjectNode text = ((ObjectNode) root.get("text_config")).deepCopy();
        text.put("model_type", ModelType.GEMMA3.label);
        for (String key : SHARED) {
            if (root.hasNonNull(key) && !text.hasNonNull(key)) {
                text.set(key, root.get(key));
            }
        }
        if (root.has("tie_word_embeddings")) {
            text.set("tie_word_embeddings", root.get("tie_word_embeddings"));
        }
        return text;
    }
}
