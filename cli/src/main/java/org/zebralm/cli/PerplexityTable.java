package org.zebralm.cli;

import org.zebralm.eval.PerplexityByLength;

/// Perplexity by context length, as people read it.
final class PerplexityTable {
    private PerplexityTable() {}

    static String of(PerplexityByLength result) {
        double first = result.rows().getFirst().meanLoss();
        var table = new Table("context", "perplexity", "loss", "standard error", "against the shortest");
        for (PerplexityByLength.Row row : result.rows()) {
            table.row(
                    row.length(),
                    "%.2f".formatted(row.perplexity()),
                    "%.4f".formatted(row.meanLoss()),
                    "%.4f".formatted(row.standardError()),
                    "%+.1f%%".formatted(100 * Math.expm1(row.meanLoss() - first)));
        }
        return table
                + "\n(the same last %d tokens of %d stretches of text at every length)"
                        .formatted(result.targets(), result.numWindows());
    }
}
