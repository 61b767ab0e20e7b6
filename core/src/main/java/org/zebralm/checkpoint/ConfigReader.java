package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// Reads `config.json`, and refuses by name whatever would make the model compute something else than we do.
final class ConfigReader {
    /// Far above any model, and low enough that a hostile number costs nothing.
    private static final int MAX_LAYERS = 100_000;

    private final String file;
    private final JsonSettings settings;

    private ConfigReader(String file, JsonSettings settings) {
        this.file = file;
        this.settings = settings;
    }

    /// What the file says: the model, all ids that end a text, the element type of its weights if it names one, and the
    /// keys that change nothing.
    record Contents(
            ModelType type,
            ZebraConfig config,
            List<Integer> eosTokenIds,
            @Nullable DType dtype,
            List<String> inertKeys) {}

    /// @throws IllegalArgumentException listing everything in it that we do not implement or that contradicts itself
    static Contents read(String file, ObjectNode root) {
        return new ConfigReader(file, new JsonSettings(TextConfig.of(root))).read();
    }

    private Contents read() {
        String label = settings.string("model_type", "(none)");
        @Nullable ModelType type = ModelType.parse(label);
        if (type == null) {
            // The other keys mean what the type says they mean, so nothing more can be said.
            throw new IllegalArgumentException(file + ": model_type must be one of " + ModelType.labels() + ", "
                    + TextConfig.MODEL_TYPE + ": got \"" + label + '"');
        }
        refuseUnimplemented();
        int vocabSize = required("vocab_size", type.defaultVocabSize);
        int hiddenSize = settings.integer("hidden_size");
        int intermediateSize = settings.integer("intermediate_size");
        int numLayers = settings.integer("num_hidden_layers");
        int numHeads = required("num_attention_heads", type.defaultNumHeads);
        int numKvHeads = settings.integer(
                "num_key_value_heads", type.defaultNumKvHeads == 0 ? numHeads : type.defaultNumKvHeads);
        int headDim = settings.has("head_dim") || type.defaultHeadDim != 0
                ? settings.integer("head_dim", type.defaultHeadDim)
                : perHead(hiddenSize, numHeads);
        String epsKey = type == ModelType.COHERE2 ? "layer_norm_eps" : "rms_norm_eps";
        double normEps = settings.number(epsKey, type.defaultNormEps);
        int maxPositions = settings.integer("max_position_embeddings", type.defaultMaxPositions);
        boolean tied = settings.flag("tie_word_embeddings", type.defaultTieEmbeddings);
        List<Integer> bos = tokenIds("bos_token_id", type.defaultBosTokenId);
        List<Integer> eos = tokenIds("eos_token_id", type.defaultEosTokenId);
        List<Integer> pad = tokenIds("pad_token_id", -1);
        if (numLayers < 1 || numLayers > MAX_LAYERS) {
            settings.problem("num_hidden_layers must be from 1 to " + MAX_LAYERS + ": got " + numLayers);
            numLayers = 1;
        }
        var attentionTypes = LayerTypes.read(settings, type, numLayers);
        var ropes = RopeSettings.read(settings, type, maxPositions, attentionTypes);
        var architecture = ArchitectureSettings.read(settings, type, hiddenSize);
        DType dtype = dtype();
        settings.refuseUnknown(InertKeys::contains);
        if (!settings.problems().isEmpty()) {
            throw refusal(settings.problems());
        }
        try {
            var config = new ZebraConfig(
                    vocabSize,
                    hiddenSize,
                    intermediateSize,
                    numHeads,
                    numKvHeads,
                    headDim,
                    attentionTypes,
                    ropes,
                    normEps,
                    maxPositions,
                    tied,
                    first(bos),
                    first(eos),
                    first(pad),
                    architecture);
            return new Contents(type, config, eos, dtype, settings.inertKeys());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private int required(String key, int otherwise) {
        return otherwise == 0 ? settings.integer(key) : settings.integer(key, otherwise);
    }

    private void refuseUnimplemented() {
        settings.only("attention_dropout", p -> p.isNumber() && p.doubleValue() == 0, "0 (dropout is not implemented)");
        for (String kind : List.of("is_encoder_decoder", "add_cross_attention", "is_decoder")) {
            settings.only(kind, JsonSettings::isFalse, "false in a decoder-only model");
        }
        settings.only("quantization_config", _ -> false, "left out (quantized weights are not implemented)");
    }

    private int perHead(int hiddenSize, int numHeads) {
        if (numHeads < 1 || hiddenSize % numHeads != 0) {
            settings.problem("head_dim must be given where hidden_size is no multiple of num_attention_heads: got "
                    + hiddenSize + " and " + numHeads);
            return 2;
        }
        return hiddenSize / numHeads;
    }

    /// Reads one id or a list; null, negative or empty is none. Only a key that is not there has its default.
    private List<Integer> tokenIds(String key, int otherwise) {
        if (!settings.contains(key)) {
            settings.ignore(Set.of(key));
            return otherwise < 0 ? List.of() : List.of(otherwise);
        }
        JsonNode node = settings.node(key);
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : node == null ? List.<JsonNode>of() : node.isArray() ? settings.list(key) : List.of(node)) {
            if (!id.isInt()) {
                settings.problem(key + " must be a token id or a list of them: got " + node);
            } else if (id.intValue() >= 0) {
                ids.add(id.intValue());
            }
        }
        return List.copyOf(ids);
    }

    private @Nullable DType dtype() {
        String label = settings.string("dtype", settings.string("torch_dtype", ""));
        for (DType dtype : DType.values()) {
            if (dtype.label().equals(label)) {
                return dtype;
            }
        }
        return null; // the tensors' own types are what counts
    }

    private static int first(List<Integer> ids) {
        return ids.isEmpty() ? -1 : ids.getFirst();
    }

    private IllegalArgumentException refusal(List<String> problems) {
        return new IllegalArgumentException(
                problems.size() == 1
                        ? file + ": " + problems.getFirst()
                        : file + " cannot be used, for " + problems.size() + " reasons:\n  "
                                + String.join("\n  ", problems));
    }
}
