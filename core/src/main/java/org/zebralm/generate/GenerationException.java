package org.zebralm.generate;

/// One request failed; others go on.
public final class GenerationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public GenerationException(String message, Throwable cause) {
        super(message, cause);
    }

    public GenerationException(String message) {
        super(message);
    }
}
