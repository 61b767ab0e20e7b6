package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.zebralm.model.Architecture;
import org.zebralm.model.ArchitectureText;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;
import org.zebralm.tensor.DType;

/// Writes `config.json` and `generation_config.json` so that transformers and vLLM run the model without code
/// of ours.
///
/// A model with local layers is a `cwm`, one without a `llama`. Every key is written: what a missing one means
/// differs between the two, and cwm's defaults are those of one 32 B model.
final class ConfigWriter {
    /// Only says how further training would start new weights.
    private static final double INITIALIZER_RANGE = 0.02;

    private ConfigWriter() {}

    /// @throws IllegalArgumentException if neither type can say what the model computes
    static ObjectNode config(ZebraConfig config, DType dtype) {
        return config(config, dtype, List.of());
    }

    /// @param eosTokenIds all ids that end a text; the config's own where there is at most one
    static ObjectNode config(ZebraConfig config, DType dtype, List<Integer> eosTokenIds) {
        if (!config.architecture().equals(Architecture.LLAMA)) {
            throw new IllegalArgumentException(
                    "only a model of Llama's architecture can be written as llama or cwm: got "
                            + String.join("; ", ArchitectureText.differences(config.architecture())));
        }
        int window = LayerTypes.sharedWindow(config.attentionTypes());
        ModelType type = window == 0 ? ModelType.LLAMA : ModelType.CWM;
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putArray("architectures").add(type.architecture);
        json.put("model_type", type.label);
        json.put("vocab_size", config.vocabSize());
        json.put("hidden_size", config.hiddenSize());
        json.put("intermediate_size", config.intermediateSize());
        json.put("num_hidden_layers", config.numLayers());
        json.put("num_attention_heads", config.numHeads());
        json.put("num_key_value_heads", config.numKvHeads());
        json.put("head_dim", config.headDim());
        if (type == ModelType.CWM) {
            json.put("sliding_window", window);
            ArrayNode layers = json.putArray("layer_types");
            config.attentionTypes().forEach(layer -> layers.add(LayerTypes.name(layer)));
        }
        putRope(json, config);
        json.put("max_position_embeddings", config.maxPositions());
        json.put("rms_norm_eps", config.normEps());
        json.put("tie_word_embeddings", config.tieEmbeddings());
        json.put("hidden_act", "silu");
        json.put("attention_bias", false);
        json.put("attention_dropout", 0.0);
        json.put("mlp_bias", false);
        json.put("initializer_range", INITIALIZER_RANGE);
        json.put("use_cache", true);
        putTokenIds(json, config, type);
        putMoreEnds(json, eosTokenIds);
        json.put("dtype", dtype.label());
        json.put("torch_dtype", dtype.label()); // the same for transformers 4
        return json;
    }

    private static void putRope(ObjectNode json, ZebraConfig config) {
        RopeConfig shared = config.sharedRope()
                .orElseThrow(() -> new IllegalArgumentException(
                        "all layers must know positions the same way to be written as llama or cwm: got "
                                + config.ropes()));
        if (!(shared instanceof RopeConfig.Rotary rotary)) {
            throw new IllegalArgumentException("a model without positions cannot be written as llama or cwm");
        }
        if (rotary.scaling() instanceof RopeScaling.DynamicNtk(double _, int originalPositions, int _)
                && originalPositions != config.maxPositions()) {
            throw new IllegalArgumentException("dynamic scaling must start at max_position_embeddings to be written as"
                    + " llama or cwm: got " + originalPositions + " and " + config.maxPositions());
        }
        RopeJson.put(json, rotary);
    }

    /// Writes null for an id the model does not have, where cwm's reader in transformers allows it.
    ///
    /// There, a null bos is a type error, and a null eos stands for three ids beyond most vocabularies; -1 and
    /// an empty list are taken as none.
    private static void putTokenIds(ObjectNode json, ZebraConfig config, ModelType type) {
        boolean cwm = type == ModelType.CWM;
        if (cwm && config.bosTokenId() < 0) {
            json.put("bos_token_id", -1);
        } else {
            putId(json, "bos_token_id", config.bosTokenId());
        }
        if (cwm && config.eosTokenId() < 0) {
            json.putArray("eos_token_id");
        } else {
            putId(json, "eos_token_id", config.eosTokenId());
        }
        putId(json, "pad_token_id", config.padTokenId());
    }

    static ObjectNode generationConfig(ZebraConfig config) {
        return generationConfig(config, List.of());
    }

    static ObjectNode generationConfig(ZebraConfig config, List<Integer> eosTokenIds) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        putId(json, "bos_token_id", config.bosTokenId());
        putId(json, "eos_token_id", config.eosTokenId());
        putId(json, "pad_token_id", config.padTokenId());
        putMoreEnds(json, eosTokenIds);
        return json;
    }

    private static void putMoreEnds(ObjectNode json, List<Integer> eosTokenIds) {
        if (eosTokenIds.size() > 1) {
            ArrayNode ends = json.putArray("eos_token_id");
            eosTokenIds.forEach(ends::add);
        }
    }

    private static void putId(ObjectNode json, String key, int id) {
        if (id < 0) {
            json.putNull(key);
        } else {
            json.put(key, id);
        }
    }
}
