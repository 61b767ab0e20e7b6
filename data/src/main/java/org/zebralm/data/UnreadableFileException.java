package org.zebralm.data;

import java.io.IOException;

/// A file that is left out; the message is the reason.
final class UnreadableFileException extends IOException {

    private static final long serialVersionUID = 1;

    UnreadableFileException(String reason) {
        super(reason);
    }

    UnreadableFileException(String reason, Exception cause) {
        super(reason, cause);
    }

    static UnreadableFileException of(IOException e) {
        return e instanceof UnreadableFileException unreadable
                ? unreadable
                : new UnreadableFileException("unreadable: " + e, e);
    }
}
