package org.zebralm.train;

/// The exponential moving average of the weights.
///
/// @param decay how much of the average a step keeps, once some steps are done; 0 for no average
/// @param use whether validation and the exported model take the average instead of the weights
public record EmaConfig(double decay, boolean use) {
    public EmaConfig {
        Bounds.belowOne("decay", decay);
        if (use && decay == 0) {
            throw new IllegalArgumentException("use needs an average of the weights: give a decay above 0, got 0");
        }
    }

    public static EmaConfig none() {
        return new EmaConfig(0, false);
    }

    public boolean enabled() {
        return decay > 0;
    }
}
