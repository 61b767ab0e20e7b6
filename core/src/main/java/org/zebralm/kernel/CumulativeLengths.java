package org.zebralm.kernel;

/// Where packed documents begin and end: `[0, l0, l0 + l1, .., total]`.
///
/// Immutable. Documents have at least one token.
public final class CumulativeLengths {
    private final int[] bounds;

    private CumulativeLengths(int[] bounds) {
        this.bounds = bounds;
    }

    /// Returns documents with these bounds.
    ///
    /// @throws IllegalArgumentException unless `bounds` starts at 0 and ascends strictly
    public static CumulativeLengths of(int... bounds) {
        if (bounds.length < 2 || bounds[0] != 0) {
            throw new IllegalArgumentException("cumulative lengths must start at 0 and name at least one end: got "
                    + (bounds.length == 0 ? "none" : "first " + bounds[0] + " of " + bounds.length));
        }
        for (int i = 1; i < bounds.length; i++) {
            if (bounds[i] <= bounds[i - 1]) {
                throw new IllegalArgumentException("cumulative lengths must ascend strictly: got " + bounds[i - 1]
                        + " then " + bounds[i] + " at index " + i);
            }
        }
        return new CumulativeLengths(bounds.clone());
    }

    /// Returns one document of `length` tokens.
    public static CumulativeLengths single(int length) {
        return of(0, length);
    }

    /// Returns the number of documents.
    public int count() {
        return bounds.length - 1;
    }

    public int start(int document) {
        return bounds[document];
    }

    public int length(int document) {
        return bounds[document + 1] - bounds[document];
    }

    /// Returns the bounds, 0 first and the number of tokens last.
    int[] bounds() {
        return bounds.clone();
    }

    /// Returns the number of tokens of all documents.
    public int total() {
        return bounds[bounds.length - 1];
    }

    /// Returns each token's position within its document.
    public int[] positions() {
        int[] positions = new int[total()];
        for (int i = 0; i < count(); i++) {
            for (int j = 0; j < length(i); j++) {
                positions[start(i) + j] = j;
            }
        }
        return positions;
    }

    /// Returns the number of (query, key) pairs attended within the documents.
    public long pairs(Span span) {
        long pairs = 0;
        for (int i = 0; i < count(); i++) {
            pairs += span.pairs(0, length(i));
        }
        return pairs;
    }
}
