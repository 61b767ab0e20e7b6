package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.zebralm.model.AttentionType;

/// What `config.json` says about each layer's attention, in transformers' words and in those of the published Zebra
/// code.
final class LayerTypes {
    static final String FULL = "full_attention";
    static final String SLIDING = "sliding_attention";

    private static final int NO_WINDOW = -1;

    /// Every so manieth layer is global where `layer_types` is missing: in a cwm the first of each group, elsewhere the
    /// last.
    private static final int CWM_GROUP = 4;

    private static final int GEMMA2_GROUP = 2;
    private static final int GEMMA3_GROUP = 6;
    private static final int OLMO3_GROUP = 4;
    private static final int COHERE2_GROUP = 4;
    private static final int GPT_OSS_GROUP = 2;

    private static final int CWM_WINDOW = 8192;
    private static final int GPT_OSS_WINDOW = 128;
    private static final int USUAL_WINDOW = 4096;

    /// From which layer on a qwen has windows, if it has any.
    private static final int QWEN_FULL_LAYERS = 28;

    private static final double ZEBRA_THETA = 10_000;
    static final Set<String> ZEBRA_KEYS = Set.of("self_attn_type", "window_size", "layer_group_size");

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
            case MISTRAL -> readMistral(settings, numLayers);
            case CWM -> {
                int window = settings.integer("sliding_window", CWM_WINDOW);
                yield named(settings, numLayers, window, i -> i % CWM_GROUP == 0);
            }
            case MINISTRAL -> {
                int window = nullableWindow(settings, USUAL_WINDOW);
                yield named(settings, numLayers, window, _ -> window == NO_WINDOW);
            }
            case QWEN2, QWEN3 -> readQwen(settings, numLayers);
            case GEMMA2 -> lastOfGroup(settings, numLayers, GEMMA2_GROUP, USUAL_WINDOW);
            case GEMMA3 -> lastOfGroup(settings, numLayers, pattern(settings, GEMMA3_GROUP), USUAL_WINDOW);
            case OLMO3 -> lastOfGroup(settings, numLayers, OLMO3_GROUP, USUAL_WINDOW);
            case COHERE2 -> lastOfGroup(settings, numLayers, pattern(settings, COHERE2_GROUP), USUAL_WINDOW);
            case GPT_OSS -> lastOfGroup(settings, numLayers, GPT_OSS_GROUP, GPT_OSS_WINDOW);
            case SMOLLM3 -> readSmolLm(settings, numLayers);
        };
    }

    /// Every layer has the window, if there is one.
    private static List<AttentionType> readMistral(JsonSettings settings, int numLayers) {
        int window = nullableWindow(settings, USUAL_WINDOW);
        if (settings.has("layer_types")) {
            List<AttentionType> named = named(settings, numLayers, window, _ -> true);
            AttentionType all = window == NO_WINDOW ? new AttentionType.Global() : new AttentionType.Local(window);
            if (!named.stream().allMatch(all::equals)) {
                settings.problem("layer_types must be left out in a mistral, whose layers are all alike (ministral has"
                        + " layers of both kinds): got " + settings.list("layer_types"));
            }
        }
        return named(settings, numLayers, window, _ -> window == NO_WINDOW);
    }

    private static List<AttentionType> readQwen(JsonSettings settings, int numLayers) {
        boolean hasWindow = settings.flag("use_sliding_window", false);
        int given = nullableWindow(settings, USUAL_WINDOW);
        int window = hasWindow ? given : NO_WINDOW;
        int full = settings.integer("max_window_layers", QWEN_FULL_LAYERS);
        return named(settings, numLayers, window, i -> window == NO_WINDOW || i < full);
    }

    /// Layers without rotation have the window, if there is one and `layer_types` does not say otherwise.
    private static List<AttentionType> readSmolLm(JsonSettings settings, int numLayers) {
        boolean hasWindow = settings.flag("use_sliding_window", false);
        int given = nullableWindow(settings, NO_WINDOW);
        settings.ignore(Set.of("max_window_layers"));
        // The switch decides what layer_types are where they are left out, and nothing else.
        List<Integer> rotates = RopeSettings.rotatingLayers(settings, numLayers);
        return named(settings, numLayers, given, i -> !hasWindow || given == NO_WINDOW || rotates.get(i) != 0);
    }

    private static List<AttentionType> lastOfGroup(JsonSettings settings, int numLayers, int group, int usualWindow) {
        int window = nullableWindow(settings, usualWindow);
        return named(settings, numLayers, window, i -> (i + 1) % group == 0);
    }

    private static int pattern(JsonSettings settings, int otherwise) {
        int pattern = settings.integer("sliding_window_pattern", otherwise);
        if (pattern < 1) {
            settings.problem("sliding_window_pattern must be at least 1: got " + pattern);
            return otherwise;
        }
        return pattern;
    }

    /// Reads a window for which null means none; only a missing key has its default.
    private static int nullableWindow(JsonSettings settings, int otherwise) {
        return settings.integer("sliding_window", settings.contains("sliding_window") ? NO_WINDOW : otherwise);
    }

    /// Reads `layer_types`; without it, `isGlobal` says which layers are global.
    private static List<AttentionType> named(JsonSettings settings, int numLayers, int window, IntPredicate isGlobal) {
        List<AttentionType> types = new ArrayList<>(numLayers);
        AttentionType local = new AttentionType.Local(Math.max(1, window));
        List<JsonNode> names = settings.list("layer_types");
        for (int i = 0; i < (names.isEmpty() ? numLayers : names.size()); i++) {
            String name = names.isEmpty()
                    ? isGlobal.test(i) ? FULL : SLIDING
                    : names.get(i).asText();
            switch (name) {
                case FULL -> types.add(new AttentionType.Global());
                case SLIDING -> types.add(local);
                default -> {
                    settings.problem(
                            "layer_types[" + i + "] must be " + FULL + " or " + SLIDING + ": got " + names.get(i));
                    types.add(local);
                }
            }
        }
        if (window < 1 && types.contains(local)) {
            settings.problem("sliding_window must be at least 1 where layers are local: got "
                    + (window == NO_WINDOW ? "none" : window));
        }
        if (types.size() != numLayers) {
            settings.problem("layer_types must name each of the " + numLayers + " layers of num_hidden_layers: got "
                    + types.size());
            return Collections.nCopies(numLayers, local);
        }
        return types;
    }

    private static List<AttentionType> readZebra(JsonSettings settings, int numLayers) {
        settings.ignore(Set.of("auto_map")); // the published folder brings its own code, which is what we are
        settings.only(
                "rope_theta",
                theta -> theta.isNumber() && theta.doubleValue() == ZEBRA_THETA,
                "10000 where self_attn_type, window_size or layer_group_size is given: the published code reads no other");
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

    /// Returns a layer's kind in transformers' words.
    static String name(AttentionType type) {
        return switch (type) {
            case AttentionType.Global _ -> FULL;
            case AttentionType.Local _ -> SLIDING;
        };
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
