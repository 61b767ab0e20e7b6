package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// The settings of a converted model as they will be written.
///
/// @param modelType what the result calls itself
/// @param json its `config.json`, without the type of the weights
/// @param config what that means
record ConvertedConfig(ConvertTarget target, String modelType, ObjectNode json, ZebraConfig config) {
    /// Says how a model is written, or refuses.
    ///
    /// Without a target it is the model's own family if that has the words, or else cwm.
    ///
    /// @throws IllegalArgumentException if the target cannot say what the result computes, or cannot be written
    static ConvertedConfig of(SourceModel source, Conversion conversion) {
        @Nullable ConvertTarget target = conversion.target();
        if (target != null) {
            return of(source, conversion, target);
        }
        try {
            return of(source, conversion, ConvertTarget.HF);
        } catch (IllegalArgumentException ownFamily) {
            try {
                return of(source, conversion, ConvertTarget.CWM);
            } catch (IllegalArgumentException cwm) {
                if (String.valueOf(cwm.getMessage()).equals(ownFamily.getMessage())) {
                    throw cwm; // what is wrong has nothing to do with the target
                }
                throw new IllegalArgumentException(
                        "no target can say this:\n  hf: " + ownFamily.getMessage() + "\n  cwm: " + cwm.getMessage(),
                        cwm);
            }
        }
    }

    /// The one place that knows which targets there are; what is left out here is refused everywhere.
    private static ConvertedConfig of(SourceModel source, Conversion conversion, ConvertTarget target) {
        return switch (target) {
            case HF -> FamilyConfig.of(source, conversion);
            case CWM -> cwm(source, conversion);
            case GGUF -> throw new IllegalArgumentException("writing gguf files is not built in yet");
        };
    }

    private static ConvertedConfig cwm(SourceModel source, Conversion conversion) {
        List<AttentionType> types = conversion.attentionTypes(source.config());
        ZebraConfig wanted = conversion.rotated(source.config().withAttentionTypes(types));
        ObjectNode json =
                ConfigWriter.config(wanted, DType.FLOAT32, source.contents().eosTokenIds());
        ConfigReader.Contents written = ConfigReader.read("the config.json to be written", json);
        if (!written.config().equals(wanted)) {
            throw new IllegalArgumentException("a " + written.type().label + " cannot say what the model computes: "
                    + wanted + " would become " + written.config());
        }
        return new ConvertedConfig(ConvertTarget.CWM, written.type().label, json, wanted);
    }

    /// Returns the `config.json` of weights of a type.
    ObjectNode json(DType dtype) {
        ObjectNode labelled = json.deepCopy();
        labelled.put("dtype", dtype.label());
        labelled.put("torch_dtype", dtype.label()); // the same for transformers 4
        return labelled;
    }
}
