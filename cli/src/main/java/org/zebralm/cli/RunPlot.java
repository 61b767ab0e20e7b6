package org.zebralm.cli;

import java.util.List;

/// The plot of a run's losses over the tokens it has read.
final class RunPlot {
    private RunPlot() {}

    static void write(RunFolder folder) {
        RunHistory history = RunHistory.read(folder.metrics());
        var plot = new LossPlot("Training loss", "tokens", "loss (nats per token)")
                .curve("training", history.tokens(), history.column(RunHistory.LOSS));
        List<RunHistory.Validated> validations = history.validations();
        if (!validations.isEmpty()) {
            plot.points(
                    "held out",
                    validations.stream()
                            .mapToDouble(RunHistory.Validated::tokens)
                            .toArray(),
                    validations.stream()
                            .mapToDouble(validated -> validated.validation().loss())
                            .toArray());
        }
        plot.write(folder.lossPlot());
    }
}
