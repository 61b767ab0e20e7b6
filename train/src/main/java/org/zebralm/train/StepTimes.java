package org.zebralm.train;

/// Where a step's time went, in seconds of wall time.
///
/// @param data waiting for batches
/// @param forward layers and, where nothing is recomputed, all that the way back keeps
/// @param backward loss, its gradient, layers on the way back, recomputation included
/// @param optimizer clipping, update, and bringing the leaves up to date
public record StepTimes(double data, double forward, double backward, double optimizer) {
    public double total() {
        return data + forward + backward + optimizer;
    }
}
