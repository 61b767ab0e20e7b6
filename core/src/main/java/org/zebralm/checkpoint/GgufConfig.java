package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// The metadata of a GGUF file as the `config.json` that the same model has in transformers.
final class GgufConfig {
    /// llama.cpp scales the scores of these sizes by the width of all heads together, as their authors did.
    private static final int GEMMA2_27B_LAYERS = 46;

    private static final int GEMMA3_27B_LAYERS = 62;
    private static final int GEMMA2_PATTERN = 2;
    private static final int GEMMA3_PATTERN = 6;
    private static final double LOCAL_ROPE_THETA = 10_000;
    private static final double DEFAULT_ROPE_THETA = 10_000;

    /// Far above any model, and low enough that a hostile number costs nothing.
    static final int MAX_LAYERS = 10_000;

    private final GgufFile file;
    private final GgufArchitecture architecture;
    private final GgufSettings settings;
    private final ObjectNode json = JsonNodeFactory.instance.objectNode();

    private GgufConfig(GgufFile file) {
        this.file = file;
        this.architecture = architecture(file);
        this.settings = new GgufSettings(file.metadata(), architecture.label + ".");
    }

    /// Returns the architecture that a file names.
    ///
    /// @throws IllegalArgumentException if we do not read it, or the file is one of several parts
    static GgufArchitecture architecture(GgufFile file) {
        var general = new GgufSettings(file.metadata(), "");
        String label = general.text("general.architecture", "");
        int parts = general.integer("split.count", 1);
        if (!general.problems().isEmpty()) {
            throw new IllegalArgumentException(file.path() + ": " + String.join("; ", general.problems()));
        }
        if (parts > 1) {
            throw new IllegalArgumentException(file.path() + ": a model must be one file: it is one of " + parts
                    + "; join them with llama-gguf-split --merge");
        }
        return GgufArchitecture.of(file.path().toString(), label);
    }

    /// Returns the config of the model in a file.
    ///
    /// @throws IllegalArgumentException listing every setting that is missing, wrong or not implemented
    static ObjectNode read(GgufFile file) {
        return new GgufConfig(file).read();
    }

    private ObjectNode read() {
        json.put("model_type", architecture.modelType);
        GgufHeader.@Nullable Entry embedding = file.tensors().get(GgufNames.EMBEDDING);
        if (embedding == null || embedding.sizes().size() != 2) {
            throw new IllegalArgumentException(file.path() + ": the tensor " + GgufNames.EMBEDDING
                    + " must be there with two axes, which say how many tokens there are");
        }
        json.put("vocab_size", embedding.sizes().getLast());
        settings.ignore("vocab_size");
        int hiddenSize = settings.integer("embedding_length");
        int numLayers = settings.integer("block_count");
        int numHeads = settings.integer("attention.head_count");
        int headDim = settings.integer("attention.key_length", hiddenSize / Math.max(1, numHeads));
        if (numLayers > MAX_LAYERS) {
            settings.problem(architecture.label + ".block_count must be at most " + MAX_LAYERS + ": got " + numLayers);
        }
        json.put("hidden_size", hiddenSize);
        json.put("intermediate_size", settings.integer("feed_forward_length"));
        json.put("num_hidden_layers", numLayers);
        json.put("num_attention_heads", numHeads);
        json.put("num_key_value_heads", settings.integer("attention.head_count_kv", numHeads));
        json.put("head_dim", headDim);
        requireEqual("attention.value_length", headDim, "no other width of values is implemented");
        requireEqual("rope.dimension_count", headDim, "rotating part of a head is not implemented");
        requireEqual("expert_count", 0, "experts are not implemented in GGUF files");
        json.put("rms_norm_eps", settings.number("attention.layer_norm_rms_epsilon", Double.NaN));
        if (!settings.has("attention.layer_norm_rms_epsilon")) {
            settings.problem(architecture.label + ".attention.layer_norm_rms_epsilon is missing");
        }
        json.put("max_position_embeddings", settings.integer("context_length"));
        json.put("tie_word_embeddings", !file.tensors().containsKey(GgufNames.HEAD));
        putRope(headDim);
        putFamily(numLayers, hiddenSize / Math.max(1, numHeads), headDim);
        putTokens();
        json.put("dtype", dtype());
        settings.refuseUnknown();
        if (!settings.problems().isEmpty()) {
            throw new IllegalArgumentException(file.path() + ":\n  " + String.join("\n  ", settings.problems()));
        }
        return json;
    }

    private void requireEqual(String key, int number, String otherwise) {
        int found = settings.integer(key, number);
        if (found != number) {
            settings.problem(
                    architecture.label + "." + key + " must be " + number + " (" + otherwise + "): got " + found);
        }
    }

    private void putRope(int headDim) {
        double theta = settings.number("rope.freq_base", DEFAULT_ROPE_THETA);
        json.put("rope_theta", theta);
        ObjectNode scaling = GgufRope.scaling(settings);
        GgufHeader.@Nullable Entry factors = file.tensors().get(GgufNames.ROPE_FACTORS);
        if (factors != null) {
            ObjectNode llama3 = GgufRope.llama3(settings, factors, theta, headDim);
            if (llama3 != null && scaling != null) {
                settings.problem(GgufNames.ROPE_FACTORS + " must not be there beside another scaling: got " + scaling);
            }
            scaling = llama3 == null ? scaling : llama3;
        }
        if (scaling != null) {
            json.set("rope_scaling", scaling);
        }
    }

    private void putFamily(int numLayers, int widthPerHead, int headDim) {
        switch (architecture) {
            case LLAMA -> {
                json.put("hidden_act", "silu");
                putBias();
                int window = settings.integer("attention.sliding_window", 0);
                if (window > 0) {
                    json.put("model_type", "mistral").put("sliding_window", window);
                }
            }
            case GRANITE_SWA -> GgufGranite.put(file, settings, json);
            case QWEN2 -> json.put("hidden_act", "silu").put("use_sliding_window", false);
            case QWEN3 -> {
                json.put("hidden_act", "silu").put("use_sliding_window", false);
                putBias();
            }
            case GEMMA2 -> {
                putGemma(numLayers, GEMMA2_PATTERN, numLayers == GEMMA2_27B_LAYERS ? widthPerHead : headDim);
                json.put("attn_logit_softcapping", settings.number("attn_logit_softcapping", 50));
                json.put("final_logit_softcapping", settings.number("final_logit_softcapping", 30));
            }
            case GEMMA3 -> {
                putGemma(numLayers, GEMMA3_PATTERN, numLayers == GEMMA3_27B_LAYERS ? widthPerHead : headDim);
                json.put("rope_local_base_freq", settings.number("rope.freq_base_swa", LOCAL_ROPE_THETA));
                if (settings.has("final_logit_softcapping")) {
                    json.put("final_logit_softcapping", settings.number("final_logit_softcapping", 0));
                }
            }
        }
    }

    private void putBias() {
        json.put("attention_bias", file.tensors().containsKey("blk.0.attn_q.bias"));
        json.put("mlp_bias", file.tensors().containsKey("blk.0.ffn_up.bias"));
    }

    private void putGemma(int numLayers, int usualPattern, int scoreWidth) {
        json.put("hidden_activation", "gelu_pytorch_tanh");
        json.put("query_pre_attn_scalar", scoreWidth);
        boolean hasLocal = settings.has("attention.sliding_window");
        if (hasLocal) {
            json.put("sliding_window", settings.integer("attention.sliding_window"));
        }
        int pattern = hasLocal ? settings.integer("attention.sliding_window_pattern", usualPattern) : 1;
        ArrayNode layers = json.putArray("layer_types");
        for (int i = 0; i < Math.min(numLayers, MAX_LAYERS); i++) {
            boolean isGlobal = pattern > 0 && i % pattern == pattern - 1;
            layers.add(isGlobal ? LayerTypes.FULL : LayerTypes.SLIDING);
        }
    }

    private void putTokens() {
        var tokenizer = new GgufSettings(file.metadata(), "tokenizer.ggml.");
        putToken(tokenizer, "bos_token_id", "bos_token_id");
        putToken(tokenizer, "pad_token_id", "padding_token_id");
        ArrayNode eos = json.putArray("eos_token_id");
        for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
            if (tokenizer.has(key)) {
                eos.add(tokenizer.integer(key));
            }
        }
        tokenizer.problems().forEach(settings::problem);
    }

    private void putToken(GgufSettings tokenizer, String key, String stored) {
        if (tokenizer.has(stored)) {
            json.put(key, tokenizer.integer(stored));
        } else {
            json.putNull(key);
        }
    }

    /// The type that all matrices have, or what quantized ones are best decoded to.
    private String dtype() {
        Set<GgufType> types = file.tensors().values().stream()
                .filter(entry -> entry.sizes().size() > 1)
                .map(GgufHeader.Entry::type)
                .collect(Collectors.toSet());
        DType plain = types.size() == 1 ? types.iterator().next().plain : null;
        if (plain != null) {
            return plain.label();
        }
        return DType.BFLOAT16.label();
    }
}
