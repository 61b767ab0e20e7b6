package org.zebralm.cli;

import org.zebralm.train.StepReport;
import org.zebralm.train.TrainListener;

/// A run's progress on the terminal: the bar with loss and speed, and a line for each validation.
final class TrainConsole implements TrainListener, AutoCloseable {
    /// Smooths the loss shown over about ten steps.
    private static final double MEMORY = 0.9;

    private final ProgressBar bar;
    private double smoothedLoss = Double.NaN;
    private double smoothedRate = Double.NaN;

    TrainConsole(Terminal terminal, String label, int steps) {
        bar = new ProgressBar(terminal, label, steps);
    }

    /// Shows where a run stands before its first step.
    void start(int step) {
        bar.update(step, "");
    }

    @Override
    public void onStep(StepReport report) {
        if (report.skipped()) {
            bar.println("step %d skipped: its gradient was not finite".formatted(report.step()));
            return;
        }
        smoothedLoss = smooth(smoothedLoss, report.loss());
        smoothedRate = smooth(smoothedRate, report.tokens() / report.seconds());
        bar.update(report.step(), "loss %.3f  %s tok/s".formatted(smoothedLoss, Units.count(smoothedRate)));
    }

    @Override
    public void onValidation(int step, double loss) {
        bar.println("step %d  validation loss %.3f  perplexity %.1f".formatted(step, loss, Math.exp(loss)));
    }

    @Override
    public void close() {
        bar.close();
    }

    private static double smooth(double before, double now) {
        return Double.isNaN(before) ? now : MEMORY * before + (1 - MEMORY) * now;
    }
}
