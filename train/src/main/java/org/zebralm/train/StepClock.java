package org.zebralm.train;

/// Sums up what the phases of a step take; each lasts until the next begins.
final class StepClock {
    private final double[] seconds = new double[4];
    private long since;
    private int running = -1;

    void data() {
        begin(0);
    }

    void forward() {
        begin(1);
    }

    void backward() {
        begin(2);
    }

    void optimizer() {
        begin(3);
    }

    private void begin(int phase) {
        long now = System.nanoTime();
        if (running >= 0) {
            seconds[running] += (now - since) / 1e9;
        }
        running = phase;
        since = now;
    }

    /// Ends the running phase and returns the sums.
    StepTimes stop() {
        begin(-1);
        return new StepTimes(seconds[0], seconds[1], seconds[2], seconds[3]);
    }
}
