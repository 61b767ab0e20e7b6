package org.zebralm.generate;

/// As many requests wait as may; a server answers 429 or 503.
public final class EngineBusyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public EngineBusyException(String message) {
        super(message);
    }
}
