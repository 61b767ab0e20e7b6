package org.zebralm.cli;

import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// A model's layers as stripes: how far back its last token sees in each.
record StripesPicture(ZebraConfig config) {
    private static final int CELLS = 48;

    /// Draws a line per layer, the oldest position to the left.
    @Override
    public String toString() {
        var picture = new StringBuilder();
        int width = Integer.toString(config.numLayers() - 1).length();
        for (int i = 0; i < config.numLayers(); i++) {
            AttentionType type = config.attentionTypes().get(i);
            int seen = (int) (config.maxPositions() - type.span().firstVisible(config.maxPositions() - 1L));
            int cells = Math.max(1, Math.round((float) CELLS * seen / config.maxPositions()));
            String kind = switch (type) {
                case AttentionType.Global _ -> "global  all " + seen;
                case AttentionType.Local _ -> "local   last " + seen;
            };
            picture.append(
                    ("  %" + width + "d  %s%s  %s%n").formatted(i, "·".repeat(CELLS - cells), "█".repeat(cells), kind));
        }
        return picture.toString();
    }
}
