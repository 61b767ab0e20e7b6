package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.zebralm.train.PeakMemory;
import org.zebralm.train.SaveReport;
import org.zebralm.train.StepReport;
import org.zebralm.train.StepTimes;
import org.zebralm.train.TrainListener;
import org.zebralm.train.Validation;

/// A run's progress on the terminal: the bar with loss and speed, a line for each validation, checkpoint and
/// skipped step, and where the time went at the end.
final class TrainConsole implements TrainListener, AutoCloseable {
    /// Smooths the numbers shown over about ten steps.
    private static final double MEMORY = 0.9;
    /// From this width on there is room for what fewer people look at.
    private static final int WIDE = 110;

    private final ProgressBar bar;
    private final boolean wide;
    private final double gemmFlops;
    private double loss = Double.NaN;
    private double rate = Double.NaN;
    private double flops = Double.NaN;
    private StepTimes spent = new StepTimes(0, 0, 0, 0);
    private int skipped;

    /// @param gemmFlops of this machine, which MFU is a share of; NaN if nobody measured it
    TrainConsole(Terminal terminal, String label, int steps, double gemmFlops) {
        this.gemmFlops = gemmFlops;
        bar = new ProgressBar(terminal, label, steps);
        wide = !terminal.interactive() || terminal.width() >= WIDE;
    }

    /// Shows where a run stands before its first step.
    void start(int step) {
        bar.update(step, "");
    }

    @Override
    public void onStep(StepReport report) {
        StepTimes times = report.times();
        spent = new StepTimes(
                spent.data() + times.data(),
                spent.forward() + times.forward(),
                spent.backward() + times.backward(),
                spent.optimizer() + times.optimizer());
        StepReport.Skip skip = report.skip();
        if (skip != null) {
            skipped++;
            bar.println("step %d (%s) skipped: %s (%d so far)"
                    .formatted(report.step(), skip.batches(), skip.reason(), skipped));
            return;
        }
        loss = smooth(loss, report.loss());
        rate = smooth(rate, report.tokensPerSecond());
        flops = smooth(flops, report.flops() / report.seconds());
        bar.update(report.step(), words(report));
    }

    private String words(StepReport report) {
        List<String> words = new ArrayList<>();
        words.add("loss %.3f".formatted(loss));
        words.add(Units.count(rate) + " tok/s");
        if (gemmFlops > 0) {
            words.add("mfu " + Units.percent(flops / gemmFlops));
        }
        if (wide) {
            words.add("norm " + Units.count(report.gradientNorm()));
            words.add(String.format(Locale.ROOT, "lr %.1e", report.learningRate()));
            OptionalLong peak = PeakMemory.bytes();
            if (peak.isPresent()) {
                words.add(Units.bytes(peak.getAsLong()));
            }
        }
        return String.join("  ", words);
    }

    @Override
    public void onValidation(int step, Validation validation) {
        bar.println("step %d  held-out loss %.3f  perplexity %.1f"
                .formatted(step, validation.loss(), validation.perplexity()));
        if (validation.byPosition().size() > 1) {
            bar.println("  by position  "
                    + validation.byPosition().stream()
                            .map(range -> "%d+: %.1f".formatted(range.from(), range.perplexity()))
                            .collect(Collectors.joining("  ")));
        }
    }

    @Override
    public void onSaved(SaveReport report) {
        bar.println("step %d  saved  %s in %s"
                .formatted(report.step(), Units.bytes(report.bytes()), Units.seconds(report.seconds())));
    }

    @Override
    public void onNotSaved(int step, String reason) {
        bar.println("step %d  NOT saved: %s; the run goes on".formatted(step, reason));
    }

    /// Ends the bar with where the time went.
    @Override
    public void close() {
        bar.close();
        if (spent.total() > 0) {
            bar.println("time       data %s, forward %s, backward %s, optimizer %s"
                    .formatted(
                            share(spent.data()),
                            share(spent.forward()),
                            share(spent.backward()),
                            share(spent.optimizer())));
        }
    }

    private String share(double part) {
        return Units.percent(part / spent.total());
    }

    private static double smooth(double before, double now) {
        return Double.isNaN(before) ? now : MEMORY * before + (1 - MEMORY) * now;
    }
}
