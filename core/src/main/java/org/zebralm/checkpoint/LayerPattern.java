package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;

/// Which layers of a model are to be global: as they are, in groups, or by a list.
///
/// @param globals whether each layer is global; repeated where the model has more, empty for layers as they are
/// @param isCut whether the last repetition may be a part of one
/// @param window what local layers see, their own token included; null for the window that the model has already
public record LayerPattern(
        List<Boolean> globals, boolean isCut, @Nullable Integer window) {
    private static final String KEEP = "keep";

    public LayerPattern {
        globals = List.copyOf(globals);
        if (window != null) {
            new AttentionType.Local(window); // the rule on windows stands there
        }
    }

    /// Layers as they are, local ones with another window unless it is null.
    public static LayerPattern keep(@Nullable Integer window) {
        return new LayerPattern(List.of(), false, window);
    }

    /// Zebra's groups: the first layer of each is global, the others are local; the last group may be shorter.
    public static LayerPattern grouped(int groupSize, @Nullable Integer window) {
        if (groupSize < 1) {
            throw new IllegalArgumentException("a group must have at least 1 layer: got " + groupSize);
        }
        List<Boolean> group = new ArrayList<>();
        for (int i = 0; i < groupSize; i++) {
            group.add(i == 0);
        }
        return new LayerPattern(group, true, window);
    }

    /// Reads `keep`, names parted by commas (`global,local,local`) or a letter for each (`GLLL`).
    ///
    /// A list shorter than the model is repeated; the number of layers must be a multiple of its length.
    public static LayerPattern parse(String text, @Nullable Integer window) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        if (lower.equals(KEEP)) {
            return keep(window);
        }
        String[] names = lower.matches("[gl]+") ? lower.split("") : lower.split(",", -1);
        return new LayerPattern(
                Arrays.stream(names).map(name -> isGlobal(text, name.strip())).toList(), false, window);
    }

    private static boolean isGlobal(String text, String name) {
        return switch (name) {
            case "g", "global", LayerTypes.FULL -> true;
            case "l", "local", LayerTypes.SLIDING -> false;
            default ->
                throw new IllegalArgumentException(
                        "layers must be keep, a list of global and local (global,local,local)"
                                + " or of letters (GLL): got \"" + name + "\" in \"" + text + '"');
        };
    }

    /// Returns what the layers of a model become that are `types` now.
    ///
    /// @throws IllegalArgumentException if the pattern does not fit them, or no window is known
    List<AttentionType> apply(List<AttentionType> types) {
        int numLayers = types.size();
        if (globals.isEmpty()) {
            return window == null ? types : windowed(types, window);
        }
        if (globals.size() > numLayers || (!isCut && numLayers % globals.size() != 0)) {
            throw new IllegalArgumentException(
                    isCut
                            ? "a group must have at most the model's " + numLayers + " layers: got " + globals.size()
                            : "the model's " + numLayers + " layers must be as many as the pattern names, or a multiple"
                                    + " of it: got " + globals.size());
        }
        List<AttentionType> changed = new ArrayList<>();
        for (int i = 0; i < numLayers; i++) {
            changed.add(
                    globals.get(i % globals.size())
                            ? new AttentionType.Global()
                            : new AttentionType.Local(window == null ? windowOf(types) : window));
        }
        return List.copyOf(changed);
    }

    private static List<AttentionType> windowed(List<AttentionType> types, int window) {
        windowOf(types); // there must be one to change
        return types.stream()
                .map(type -> switch (type) {
                    case AttentionType.Global global -> global;
                    case AttentionType.Local _ -> (AttentionType) new AttentionType.Local(window);
                })
                .toList();
    }

    private static int windowOf(List<AttentionType> types) {
        int shared = LayerTypes.sharedWindow(types);
        if (shared == 0) {
            throw new IllegalArgumentException(
                    "the model has no local layers yet: state their window and which they are, such as --group 4"
                            + " --window 513");
        }
        return shared;
    }
}
