package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;

/// `quantization_config` in `config.json`: of our own method; all others are refused by name.
final class QuantizationJson {
    static final String KEY = "quantization_config";
    private static final String METHOD = "zebra";
    /// Of the format of the words: another order would be another number.
    private static final int VERSION = 2;

    private static final Set<String> KEYS =
            Set.of("quant_method", "version", "layers", "embeddings", "head", "group_size");

    private QuantizationJson() {}

    static ObjectNode of(QuantizationConfig config) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("quant_method", METHOD);
        json.put("version", VERSION);
        json.put("layers", config.layers().label());
        json.put("embeddings", config.embeddings().label());
        json.put("head", config.head().label());
        json.put("group_size", config.group());
        return json;
    }

    /// Reads what the settings say; nothing where the weights are dense. What cannot be used becomes a problem.
    static @Nullable QuantizationConfig read(JsonSettings settings) {
        settings.ignore(Set.of(KEY));
        JsonNode node = settings.node(KEY);
        if (node == null) {
            return null;
        }
        String method = node.path("quant_method").asText("none");
        if (!method.equals(METHOD)) {
            settings.problem(KEY + " must be left out or have quant_method \"" + METHOD + "\" (weights quantized by"
                    + " other methods are not implemented): got " + node);
            return null;
        }
        for (var property : node.properties()) {
            if (!KEYS.contains(property.getKey())) {
                settings.problem(KEY + "." + property.getKey() + " is not known here");
                return null;
            }
        }
        if (node.path("version").asInt(-1) != VERSION) {
            settings.problem(KEY + ".version must be " + VERSION + ": got " + node.path("version")
                    + ", the order of another version of Zebra; quantize the model again");
            return null;
        }
        try {
            return new QuantizationConfig(
                    WeightFormat.parse(node.path("layers").asText()),
                    WeightFormat.parse(node.path("embeddings").asText()),
                    WeightFormat.parse(node.path("head").asText()),
                    node.path("group_size").asInt(-1));
        } catch (IllegalArgumentException e) {
            settings.problem(KEY + ": " + e.getMessage());
            return null;
        }
    }
}
