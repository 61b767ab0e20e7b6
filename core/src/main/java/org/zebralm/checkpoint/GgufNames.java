package org.zebralm.checkpoint;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zebralm.model.NormPlacement;

/// What Hugging Face calls the tensors of a GGUF file.
final class GgufNames {
    static final String EMBEDDING = "token_embd.weight";
    static final String HEAD = "output.weight";

    /// The factors that rotations are divided by, where Llama 3's scaling is on: the config says it in other words.
    static final String ROPE_FACTORS = "rope_freqs.weight";

    private static final Pattern SINKS = Pattern.compile("blk\\.\\d+\\.attn_sinks\\.weight");

    private static final Pattern LAYER = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.(weight|bias)");

    private static final Map<String, String> OUTER = Map.of(
            EMBEDDING, "model.embed_tokens.weight", "output_norm.weight", "model.norm.weight", HEAD, "lm_head.weight");

    private static final Map<String, String> INNER = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));

    private static final Map<String, String> NORMS = Map.of("ffn_norm", "post_attention_layernorm");

    /// Gemma has norms on both sides of each part.
    private static final Map<String, String> GEMMA_NORMS = Map.of(
            "post_attention_norm", "post_attention_layernorm",
            "ffn_norm", "pre_feedforward_layernorm",
            "post_ffw_norm", "post_feedforward_layernorm");

    /// Norms that follow their part have one name wherever there are such.
    private static final Map<String, String> NORMS_AFTER = Map.of(
            "post_attention_layernorm", "post_attention_norm",
            "pre_feedforward_layernorm", "ffn_norm",
            "post_feedforward_layernorm", "post_ffw_norm");

    private static final Pattern HUGGING_FACE_LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)\\.(weight|bias)");

    private GgufNames() {}

    /// Returns what a layer's sinks are called, a logit for each head that takes probability from what is attended to.
    static String sinks(int layer) {
        return "blk." + layer + ".attn_sinks.weight";
    }

    static boolean isSinks(String stored) {
        return SINKS.matcher(stored).matches();
    }

    /// Returns what a GGUF file calls a tensor of transformers.
    static String stored(String known, NormPlacement norms) {
        Matcher layer = HUGGING_FACE_LAYER.matcher(known);
        if (!layer.matches()) {
            return keyOf(OUTER, known);
        }
        String part = layer.group(2);
        boolean isBefore = norms == NormPlacement.BEFORE && part.equals("post_attention_layernorm");
        String after = NORMS_AFTER.get(part);
        String inner = isBefore ? "ffn_norm" : after == null ? keyOf(INNER, part) : after;
        return "blk." + layer.group(1) + "." + inner + "." + layer.group(3);
    }

    /// Returns a tensor's name in transformers, or its own if it has none there.
    static String huggingFace(String stored, GgufArchitecture architecture) {
        String outer = OUTER.get(stored);
        Matcher layer = LAYER.matcher(stored);
        if (outer != null || !layer.matches()) {
            return outer == null ? stored : outer;
        }
        String part = layer.group(2);
        Map<String, String> norms = architecture.isGemma() ? GEMMA_NORMS : NORMS;
        String inner = norms.getOrDefault(part, INNER.get(part));
        return inner == null ? stored : "model.layers." + layer.group(1) + "." + inner + "." + layer.group(3);
    }

    private static String keyOf(Map<String, String> names, String known) {
        return names.entrySet().stream()
                .filter(entry -> entry.getValue().equals(known))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("GGUF files have no name for the tensor " + known));
    }
}
