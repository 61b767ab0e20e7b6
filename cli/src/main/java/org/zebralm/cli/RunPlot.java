package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.zebralm.train.MetricsLog;

/// The plot of a run's losses over the tokens it has read.
final class RunPlot {
    private RunPlot() {}

    static void write(RunFolder folder) {
        List<double[]> steps = new ArrayList<>();
        List<double[]> validations = new ArrayList<>();
        double tokens = 0;
        for (JsonNode line : MetricsLog.read(folder.metrics())) {
            if (line.has("loss")) {
                tokens += line.get("tokens").asDouble();
                steps.add(new double[] {tokens, line.get("loss").asDouble()});
            } else if (line.has("validationLoss")) {
                validations.add(new double[] {tokens, line.get("validationLoss").asDouble()});
            }
        }
        var plot = new LossPlot("Training loss", "tokens", "loss (nats per token)")
                .curve("training", column(steps, 0), column(steps, 1));
        if (!validations.isEmpty()) {
            plot.points("held out", column(validations, 0), column(validations, 1));
        }
        plot.write(folder.lossPlot());
    }

    private static double[] column(List<double[]> rows, int index) {
        return rows.stream().mapToDouble(row -> row[index]).toArray();
    }
}
