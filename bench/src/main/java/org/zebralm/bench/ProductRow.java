package org.zebralm.bench;

/// A measured product.
///
/// @param seconds the median of a product's repetitions
/// @param readGigabytesPerSecond what memory gave during these, the median
public record ProductRow(
        ProductCase product, Implementation implementation, double seconds, double readGigabytesPerSecond) {
    /// Returns 1e9 bytes of weights a second.
    public double gigabytesPerSecond() {
        return product.weightBytes() / seconds / 1e9;
    }

    /// Returns the share of the rate of reading memory.
    public double bandwidthShare() {
        return gigabytesPerSecond() / readGigabytesPerSecond;
    }
}
