package org.zebralm.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ArchitectureText;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;
import org.zebralm.tensor.DType;
import org.zebralm.tokenizer.Tokenizer;

/// What can be said of a model without its numbers: of its settings, the names of its weights and its tokenizer.
///
/// @param family what the model calls itself
/// @param form what its files are, in words
/// @param elementsByType how many numbers are stored as each type, none if there are no weights that fit
/// @param unusual in what it differs from a Llama, and what in its files is worth knowing, in words
/// @param ignoredKeys keys of its settings that change nothing in what it computes
/// @param exports what each target would make of it
public record ModelInspection(
        ModelFolder folder,
        String family,
        String form,
        Map<String, Long> elementsByType,
        List<String> unusual,
        List<String> ignoredKeys,
        List<Export> exports) {
    public ModelInspection {
        elementsByType = Collections.unmodifiableMap(new LinkedHashMap<>(elementsByType));
        unusual = List.copyOf(unusual);
        ignoredKeys = List.copyOf(ignoredKeys);
        exports = List.copyOf(exports);
    }

    /// What becomes of a model as it is.
    ///
    /// @param refusal why it cannot be written so, or null if it can
    /// @param family what the result calls itself, or nothing if there is none
    /// @param losses what it would not have any more
    public record Export(ConvertTarget target, @Nullable String refusal, String family, List<String> losses) {
        public Export {
            losses = List.copyOf(losses);
        }
    }

    /// Looks at a model of any form that [ModelFolder#read] reads.
    ///
    /// @throws IllegalArgumentException naming every setting that we do not implement, or that makes no sense
    public static ModelInspection of(Path model) {
        SourceModel source = SourceModel.read(model);
        List<String> unusual = new ArrayList<>();
        if (source.isPart()) {
            unusual.add("the language model of one that also sees");
        }
        unusual.addAll(ArchitectureText.differences(source.config().architecture()));
        addSettings(source, unusual);
        @Nullable StoredWeights stored = weights(source, unusual);
        addTokenizer(source, unusual);
        return new ModelInspection(
                source.folder(),
                source.type().label,
                source.files().form(),
                stored == null ? Map.of() : stored.elementsByType(),
                unusual,
                source.contents().inertKeys(),
                Arrays.stream(ConvertTarget.values())
                        .map(target -> export(source, stored, target))
                        .toList());
    }

    private static Export export(SourceModel source, @Nullable StoredWeights stored, ConvertTarget target) {
        try {
            ConvertedConfig converted = ConvertedConfig.of(source, Conversion.unchanged(target));
            return new Export(
                    target, null, converted.modelType(), ConversionLosses.of(source, converted, stored, null));
        } catch (IllegalArgumentException e) {
            return new Export(target, String.valueOf(e.getMessage()), "", List.of());
        }
    }

    private static void addSettings(SourceModel source, List<String> unusual) {
        ZebraConfig config = source.config();
        if (source.isPublishedZebra()) {
            int windowSize = source.root().path("window_size").asInt(-1);
            unusual.add("settings of the published Zebra code"
                    + (LayerTypes.sharedWindow(config.attentionTypes()) == 0
                            ? ""
                            : ": window_size " + windowSize + " is a window of " + LayerTypes.windowOfZebra(windowSize)
                                    + ", a token's own included"));
        }
        long without = config.ropes().stream()
                .filter(RopeConfig.None.class::isInstance)
                .count();
        if (without > 0) {
            unusual.add(without + " of " + config.numLayers() + " layers know no positions");
        }
        long rotations = config.ropes().stream()
                .filter(RopeConfig.Rotary.class::isInstance)
                .distinct()
                .count();
        if (rotations > 1) {
            unusual.add("layers rotate in " + rotations + " ways");
        }
        if (config.ropes().stream()
                .anyMatch(rope -> rope instanceof RopeConfig.Rotary(double _, RopeScaling.DynamicNtk _))) {
            unusual.add("dynamic scaling, which is frozen for a stated length (--positions)");
        }
        if (config.numHeads() * config.headDim() != config.hiddenSize()) {
            unusual.add("heads that are " + config.numHeads() * config.headDim() + " wide together, where the model is "
                    + config.hiddenSize());
        }
        if (source.folder().stopTokenIds().size() > 1) {
            unusual.add("a text ends at any of the tokens " + source.folder().stopTokenIds());
        }
    }

    private static @Nullable StoredWeights weights(SourceModel source, List<String> unusual) {
        try (WeightSource weights = source.folder().weights()) {
            StoredWeights stored = StoredWeights.of(source.folder(), weights);
            DType stated = source.contents().dtype();
            Map<String, Long> types = stored.elementsByType();
            if (stated != null && !types.containsKey(stated.label()) && source.files() instanceof HuggingFaceFiles) {
                unusual.add("weights stored as " + String.join(", ", types.keySet()) + ", though the config says "
                        + stated.label());
            }
            if (weights.names().stream().anyMatch(LoadedModel::isLeftover)) {
                unusual.add("rotary frequencies stored with the weights, which are not needed");
            }
            return stored;
        } catch (IllegalArgumentException e) {
            unusual.add(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static void addTokenizer(SourceModel source, List<String> unusual) {
        try (Tokenizer tokenizer = source.files().tokenizer()) {
            int rows = source.config().vocabSize();
            if (tokenizer == null) {
                unusual.add("no tokenizer");
            } else if (tokenizer.vocabSize() != rows) {
                unusual.add("a tokenizer of " + tokenizer.vocabSize() + " tokens for a vocabulary of " + rows
                        + (tokenizer.vocabSize() > rows ? "" : ": the last rows are padding"));
                tokenizer.requireFit(rows);
            }
        } catch (IllegalArgumentException e) {
            unusual.add(String.valueOf(e.getMessage()));
        }
    }
}
