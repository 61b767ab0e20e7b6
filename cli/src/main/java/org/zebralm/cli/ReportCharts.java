package org.zebralm.cli;

import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.zebralm.train.Validation;

/// The charts of a report, as parts of a page. What no run has reported has none.
record ReportCharts(List<ReportRun> runs) {
    private static final int NUM_TICKS = 6;
    private static final double GIB = 1 << 30;
    /// Validations drawn besides the last where the report has one run only.
    private static final int EARLIER = 3;

    private static final double FAR_APART = 8;

    /// How a column of the metrics is shown.
    private enum Look {
        /// Pale with a smooth line over it.
        SMOOTHED,
        /// The same, from 0 on.
        SMOOTHED_FROM_ZERO,
        /// The same, the y axis logarithmic.
        SMOOTHED_LOG,
        /// As it is, from 0 on.
        EXACT_FROM_ZERO;

        Scale scale(DoubleStream values) {
            return switch (this) {
                case SMOOTHED -> Axis.around(values, NUM_TICKS);
                case SMOOTHED_LOG -> LogScale.within(values);
                case SMOOTHED_FROM_ZERO, EXACT_FROM_ZERO ->
                    Axis.around(DoubleStream.concat(DoubleStream.of(0), values), NUM_TICKS);
            };
        }
    }

    /// Returns the figures, one after the other.
    String html() {
        return String.join(
                "",
                column("Training loss", "nats per token; ticks below mark skipped steps", "loss", 1, Look.SMOOTHED),
                heldOut(),
                byPosition(),
                column("Gradient norm", "before clipping", "gradientNorm", 1, Look.SMOOTHED_LOG),
                column("Learning rate", "", "learningRate", 1, Look.EXACT_FROM_ZERO),
                column("Speed", "tokens per second", "tokensPerSecond", 1, Look.SMOOTHED_FROM_ZERO),
                column(
                        "MFU",
                        "% of the machine's matrix product rate, no credit for recomputation",
                        "mfu",
                        100,
                        Look.SMOOTHED_FROM_ZERO),
                column("Memory", "GiB, the most resident so far", "peakBytes", 1 / GIB, Look.EXACT_FROM_ZERO));
    }

    private String column(String title, String unit, String name, double factor, Look look) {
        DoubleStream values = runs.stream().flatMapToDouble(run -> Arrays.stream(column(run, name, factor)));
        double[] finite = values.filter(Double::isFinite).toArray();
        if (finite.length == 0) {
            return "";
        }
        return figure(title, unit, look.scale(DoubleStream.of(finite)), (along, chart) -> {
            for (int i = 0; i < runs.size(); i++) {
                double[] xs = along.of(runs.get(i).history());
                double[] ys = column(runs.get(i), name, factor);
                if (look == Look.EXACT_FROM_ZERO) {
                    chart.exact(i, xs, ys);
                } else {
                    chart.smoothed(i, xs, ys);
                }
                if (name.equals(RunHistory.LOSS)) {
                    chart.marks(i, skipped(runs.get(i).history(), xs));
                }
            }
        });
    }

    private static double[] column(ReportRun run, String name, double factor) {
        return Arrays.stream(run.history().column(name))
                .map(value -> value * factor)
                .toArray();
    }

    private static double[] skipped(RunHistory history, double... xs) {
        return history.skipped().stream()
                .mapToDouble(step -> xs[Arrays.binarySearch(history.steps(), step)])
                .toArray();
    }

    private String heldOut() {
        List<RunHistory.Validated> all = runs.stream()
                .flatMap(run -> run.history().validations().stream())
                .toList();
        if (all.isEmpty()) {
            return "";
        }
        Scale y = Axis.around(DoubleStream.of(losses(all)), NUM_TICKS);
        return figure("Held-out loss", "nats per token", y, (along, chart) -> {
            for (int i = 0; i < runs.size(); i++) {
                List<RunHistory.Validated> validations = runs.get(i).history().validations();
                chart.points(i, "", validations.stream().mapToDouble(along::of).toArray(), losses(validations));
            }
        });
    }

    private static double[] losses(List<RunHistory.Validated> validations) {
        return validations.stream()
                .mapToDouble(validated -> validated.validation().loss())
                .toArray();
    }

    /// The last validation of each run; of a single one also some before it.
    private String byPosition() {
        int earlier = runs.size() == 1 ? EARLIER : 0;
        List<List<Validation>> shown = runs.stream()
                .map(run -> spread(run.history().validations(), earlier))
                .toList();
        List<Validation.Range> ranges = shown.stream()
                .flatMap(List::stream)
                .flatMap(validation -> validation.byPosition().stream())
                .toList();
        if (ranges.isEmpty()) {
            return "";
        }
        Scale x = new PositionScale(
                ranges.stream().map(Validation.Range::from).distinct().sorted().toList());
        Scale y = perplexities(
                ranges.stream().mapToDouble(Validation.Range::perplexity).toArray());
        String title = "Perplexity by position";
        var chart = new Chart("", title, x, y, "tokens of its document before a token, from", "position");
        for (int i = 0; i < shown.size(); i++) {
            List<Validation> validations = shown.get(i);
            for (int j = 0; j < validations.size(); j++) {
                List<Validation.Range> byPosition = validations.get(j).byPosition();
                chart.points(
                        i,
                        j + 1 < validations.size() ? "earlier" : "",
                        byPosition.stream().mapToDouble(Validation.Range::from).toArray(),
                        byPosition.stream()
                                .mapToDouble(Validation.Range::perplexity)
                                .toArray());
            }
        }
        return figure(
                title, "held out, last validation" + (earlier == 0 ? "" : "; earlier ones pale"), chart.toString());
    }

    /// Runs far apart would press each other flat on a linear axis.
    private static Scale perplexities(double... values) {
        var range = DoubleStream.of(values).filter(Double::isFinite).summaryStatistics();
        return range.getMax() > FAR_APART * range.getMin()
                ? LogScale.within(DoubleStream.of(values))
                : Axis.around(DoubleStream.of(values), NUM_TICKS);
    }

    /// Returns the last validation and up to `earlier` before it, at even distances from the first on.
    private static List<Validation> spread(List<RunHistory.Validated> validations, int earlier) {
        if (validations.isEmpty()) {
            return List.of();
        }
        int last = validations.size() - 1;
        return Stream.iterate(0, i -> i + 1)
                .limit(earlier + 1L)
                .map(i -> earlier == 0 ? last : i * last / earlier)
                .distinct()
                .map(i -> validations.get(i).validation())
                .toList();
    }

    /// A figure has the same chart along each of the axes; the page shows one of them.
    private String figure(String title, String unit, Scale y, BiConsumer<Along, Chart> draw) {
        var charts = new StringBuilder();
        for (Along along : Along.values()) {
            Scale x = along.scale(runs.stream().flatMapToDouble(run -> Arrays.stream(along.of(run.history()))));
            var chart = new Chart("along " + along.id(), title, x, y, along.title(), along.unit());
            draw.accept(along, chart);
            charts.append(chart);
        }
        return figure(title, unit, charts.toString());
    }

    private static String figure(String title, String unit, String charts) {
        return """
                <figure>
                <h2>%s</h2>
                <p class="unit">%s</p>
                %s</figure>
                """.formatted(title, unit, charts);
    }
}
