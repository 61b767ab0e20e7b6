package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// A rotation in the words of `rope_parameters`: what [RopeParameters] reads.
final class RopeJson {
    private RopeJson() {}

    /// Writes the one rotation of all layers, also in the words of transformers 4, which knows no `rope_parameters`.
    static void put(ObjectNode config, RopeConfig.Rotary rotary) {
        ObjectNode parameters = of(rotary);
        config.set("rope_parameters", parameters);
        config.put("rope_theta", rotary.theta());
        if (!(rotary.scaling() instanceof RopeScaling.None)) {
            ObjectNode scaling = parameters.deepCopy();
            scaling.remove("rope_theta");
            config.set("rope_scaling", scaling);
        }
    }

    /// Returns the object; a dynamic scaling starts at the config's own `max_position_embeddings`, which is not in it.
    static ObjectNode of(RopeConfig.Rotary rotary) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        switch (rotary.scaling()) {
            case RopeScaling.None _ -> json.put("rope_type", "default");
            case RopeScaling.Linear(double factor) ->
                json.put("rope_type", "linear").put("factor", factor);
            case RopeScaling.DynamicNtk(double factor, int _, int _) ->
                json.put("rope_type", "dynamic").put("factor", factor);
            case RopeScaling.Yarn yarn ->
                json.put("rope_type", "yarn")
                        .put("factor", yarn.factor())
                        .put("original_max_position_embeddings", yarn.originalPositions())
                        .put("beta_fast", yarn.betaFast())
                        .put("beta_slow", yarn.betaSlow())
                        .put("truncate", yarn.truncate())
                        .put("attention_factor", yarn.attentionFactor());
            case RopeScaling.Llama3 llama3 ->
                json.put("rope_type", "llama3")
                        .put("factor", llama3.factor())
                        .put("low_freq_factor", llama3.lowFreqFactor())
                        .put("high_freq_factor", llama3.highFreqFactor())
                        .put("original_max_position_embeddings", llama3.originalPositions());
        }
        return json.put("rope_theta", rotary.theta());
    }
}
