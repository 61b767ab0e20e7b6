package org.zebralm.cache;

/// A page was needed that does not fit into the budget, though nothing kept for later is left to give up.
public final class CacheFullException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CacheFullException(String message) {
        super(message);
    }
}
