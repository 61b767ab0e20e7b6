package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.zebralm.model.AttentionType;

/// What `config.json` says about each layer's attention, in transformers' words and in those of the published Zebra
/// code.
final class LayerTypes {
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";

    /// cwm's pattern and window where its keys are missing.
    private static final int CWM_GROUP = 4;

    private static final int CWM_WINDOW = 8192;

    private static final Set<String> ZEBRA_KEYS = Set.of("self_attn_type", "window_size", "layer_group_size");

    private LayerTypes() {}

    /// Returns the window, self included, of the published Zebra code's `window_size`.
    ///
    /// A query at `p` sees keys `p - window_size .. p` there: one more than the number says.
    static int windowOfZebra(int windowSize) {
        return Math.addExact(windowSize, 1);
    }

    static List<AttentionType> read(JsonSettings settings, ModelType type, int numLayers) {
        if (ZEBRA_KEYS.stream().anyMatch(settings::has)) {
            return readZebra(settings, numLayers);
        }
        return switch (type) {
            case LLAMA -> readLlama(settings, numLayers);
            case CWM -> readCwm(settings, numLayers);
        };
    }

    private static List<AttentionType> readZebra(JsonSettings settings, int numLayers) {
        settings.ignore(Set.of("auto_map")); // the published folder brings its own code, which is what we are
        for (String key : List.of("layer_types", "sliding_window")) {
            settings.only(key, _ -> false, "left out where self_attn_type, window_size or layer_group_size is given");
        }
        String kind = settings.string("self_attn_type", "full");
        // Both are known keys whatever the kind; `full` uses neither and `sparse` no groups.
        int windowSize = settings.integer("window_size", -1);
        int groupSize = settings.integer("layer_group_size", -1);
        return switch (kind) {
            case "full" -> Collections.nCopies(numLayers, new AttentionType.Global());
            case "sparse" ->
                Collections.nCopies(numLayers, new AttentionType.Local(zebraWindow(settings, kind, windowSize)));
            case "mix" -> {
                int window = zebraWindow(settings, kind, windowSize);
                if (groupSize < 1 || groupSize > numLayers) {
                    settings.problem(
                            "layer_group_size must be from 1 to num_hidden_layers where self_attn_type is mix: got "
                                    + groupSize + " and " + numLayers);
                    groupSize = 1;
                }
                yield AttentionType.grouped(numLayers, groupSize, window);
            }
            default -> {
                settings.problem("self_attn_type must be full, sparse or mix: got \"" + kind + '"');
                yield Collections.nCopies(numLayers, new AttentionType.Global());
            }
        };
    }

    private static int zebraWindow(JsonSettings settings, String kind, int windowSize) {
        if (windowSize < 0 || windowSize == Integer.MAX_VALUE) {
            settings.problem(
                    "window_size must be from 0 to 2^31 - 2 where self_attn_type is " + kind + ": got " + windowSize);
            return 1;
        }
        return windowOfZebra(windowSize);
    }

    /// Llama in transformers ignores both keys; a file that has them was meant for something else.
    private static List<AttentionType> readLlama(JsonSettings settings, int numLayers) {
        settings.only("sliding_window", _ -> false, "null in a llama, which has no local layers (cwm has them)");
        for (JsonNode layer : settings.list("layer_types")) {
            if (!layer.asText().equals(FULL)) {
                settings.problem(
                        "layer_types must be " + FULL + " throughout in a llama (cwm has local layers): got " + layer);
                break;
            }
        }
        return Collections.nCopies(numLayers, new AttentionType.Global());
    }

    private static List<AttentionType> readCwm(JsonSettings settings, int numLayers) {
        int window = settings.integer("sliding_window", CWM_WINDOW);
        if (window < 1) {
            settings.problem("sliding_window must be at least 1: got " + window);
            window = 1;
        }
        var local = new AttentionType.Local(window);
        if (!settings.has("layer_types")) {
            return AttentionType.grouped(numLayers, Math.min(CWM_GROUP, numLayers), window);
        }
        List<AttentionType> types = new ArrayList<>(numLayers);
        for (JsonNode layer : settings.list("layer_types")) {
            switch (layer.asText()) {
                case FULL -> types.add(new AttentionType.Global());
                case SLIDING -> types.add(local);
                default -> {
                    settings.problem(
                            "layer_types[" + types.size() + "] must be " + FULL + " or " + SLIDING + ": got " + layer);
                    types.add(local);
                }
            }
        }
        if (types.size() != numLayers) {
            settings.problem("layer_types must name each of the " + numLayers + " layers of num_hidden_layers: got "
                    + types.size());
            return Collections.nCopies(numLayers, local);
        }
        return types;
    }

    /// Returns the window all local layers share, or 0 if there are none.
    ///
    /// @throws IllegalArgumentException if windows differ: the format has one number for all layers
    static int sharedWindow(List<AttentionType> types) {
        int shared = 0;
        for (AttentionType type : types) {
            if (type instanceof AttentionType.Local(int window)) {
                if (shared != 0 && shared != window) {
                    throw new IllegalArgumentException(
                            "local layers must share one window, since config.json has a single "
                                    + "sliding_window: got " + shared + " and " + window);
                }
                shared = window;
            }
        }
        return shared;
    }
}
