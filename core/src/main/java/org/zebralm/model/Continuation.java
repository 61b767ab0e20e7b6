package org.zebralm.model;

/// Ids that follow what a sequence's cache holds.
public final class Continuation {
    private final int[] ids;
    private final SequenceCache cache;

    /// Takes `ids` as they are, without a copy.
    public Continuation(SequenceCache cache, int... ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("a sequence is continued by at least one id: got none");
        }
        this.ids = ids;
        this.cache = cache;
    }

    int[] ids() {
        return ids;
    }

    SequenceCache cache() {
        return cache;
    }
}
