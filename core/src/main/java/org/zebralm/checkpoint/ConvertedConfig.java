package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// The settings of a converted model as they will be written.
///
/// @param modelType what the result calls itself
/// @param json its `config.json`, without the type of the weights; empty for a GGUF file, which has none
/// @param config what that means
record ConvertedConfig(ConvertTarget target, String modelType, ObjectNode json, ZebraConfig config) {
    /// Says how a model is written, or refuses.
    ///
    /// Without a target it is the model's own family if that has the words, or else cwm.
    ///
    /// @throws IllegalArgumentException if the target cannot say what the result computes, or cannot be written
    static ConvertedConfig of(SourceModel source, Conversion conversion) {
        @Nullable ConvertTarget target = conversion.target();
        return target == null ? folder(source, conversion) : of(source, conversion, target);
    }

    private static ConvertedConfig folder(SourceModel source, Conversion conversion) {
        try {
            return FamilyConfig.of(source, conversion);
        } catch (IllegalArgumentException ownFamily) {
            try {
                return cwm(source, conversion);
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
            case GGUF -> gguf(source, conversion);
        };
    }

    private static ConvertedConfig cwm(SourceModel source, Conversion conversion) {
        ZebraConfig wanted = wanted(source, conversion);
        ObjectNode json =
                ConfigWriter.config(wanted, DType.FLOAT32, source.contents().eosTokenIds());
        ConfigReader.Contents written = ConfigReader.read("the config.json to be written", json);
        if (!written.config().equals(wanted)) {
            throw new IllegalArgumentException("a " + written.type().label + " cannot say what the model computes: "
                    + wanted + " would become " + written.config());
        }
        return new ConvertedConfig(ConvertTarget.CWM, written.type().label, json, wanted);
    }

    /// What a folder would mean, where llama.cpp computes that, or what a Llama with windows has no folder for.
    private static ConvertedConfig gguf(SourceModel source, Conversion conversion) {
        ZebraConfig wanted;
        try {
            wanted = folder(source, conversion).config();
        } catch (IllegalArgumentException noFolder) {
            wanted = wanted(source, conversion);
            requireGguf(wanted); // what llama.cpp has against it is more to the point
            // Where all layers rotate alike, nothing depends on a folder's words: of Llamas, one with windows and
            // biases has none.
            if (GgufTarget.of(wanted) != GgufTarget.GRANITE_SWA) {
                throw noFolder;
            }
        }
        requireGguf(wanted);
        return new ConvertedConfig(
                ConvertTarget.GGUF, GgufTarget.of(wanted).label, JsonNodeFactory.instance.objectNode(), wanted);
    }

    /// Makes a GGUF file of it ready to be written.
    ///
    /// @param usual the type that most of its weights have, of which there may be several
    /// @throws IllegalArgumentException if llama.cpp would encode texts otherwise, or weights do not fit the type
    GgufWriter gguf(SourceModel source, Conversion conversion, DType usual) {
        ModelFolder model = source.folder();
        GgufOutput.@Nullable Type quantized = conversion.quantized();
        return GgufWriter.of(
                new ModelFolder(model.path(), config, model.stopTokenIds(), model.storedDType(), null),
                quantized == null ? GgufOutput.Type.of(usual) : quantized,
                conversion.hasTokenizer());
    }

    private static void requireGguf(ZebraConfig wanted) {
        GgufWriter.refusal(wanted).ifPresent(refusal -> {
            boolean isGlobal = wanted.equals(wanted.allGlobal());
            boolean wouldDo =
                    !isGlobal && GgufWriter.refusal(wanted.allGlobal()).isEmpty();
            throw new IllegalArgumentException(refusal
                    + (wouldDo
                            ? "; with global layers only (--layers G) it is another model, which can be written"
                            : ""));
        });
    }

    private static ZebraConfig wanted(SourceModel source, Conversion conversion) {
        List<AttentionType> types = conversion.attentionTypes(source.config());
        return conversion.rotated(source.config().withAttentionTypes(types));
    }

    /// Returns the `config.json` of weights of a type.
    ObjectNode json(DType dtype) {
        ObjectNode labelled = json.deepCopy();
        labelled.put("dtype", dtype.label());
        labelled.put("torch_dtype", dtype.label()); // the same for transformers 4
        return labelled;
    }
}
