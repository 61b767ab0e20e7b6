package org.zebralm.checkpoint;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The language model within the weights of one that also sees, under the names it has when it stands alone.
///
/// transformers has stored it under `language_model.` until 4.52 and under `model.language_model.` since.
final class TextPart {
    private static final List<String> OTHER_PARTS = List.of(
            "vision_tower.", "vision_model.", "visual.", "multi_modal_projector.", "mm_projector.", "audio_tower.");

    private TextPart() {}

    /// Returns the text's weights of `source`, or all of them if they have no parts.
    static WeightSource of(WeightSource source) {
        boolean hasParts = source.names().stream()
                .anyMatch(name -> name.startsWith("language_model.") || name.startsWith("model.language_model."));
        return hasParts ? RenamedWeights.of(source, TextPart::name) : source;
    }

    private static @Nullable String name(String stored) {
        String inner = stored.startsWith("model.") ? stored.substring("model.".length()) : stored;
        if (OTHER_PARTS.stream().anyMatch(inner::startsWith)) {
            return null;
        }
        if (stored.startsWith("model.language_model.")) {
            return "model." + stored.substring("model.language_model.".length());
        }
        return stored.startsWith("language_model.") ? stored.substring("language_model.".length()) : stored;
    }
}
