package org.zebralm.train;

/// Ends a run in which too many steps in a row were skipped; the message is for the user.
public final class TrainingDiverged extends RuntimeException {
    private static final long serialVersionUID = 1;

    TrainingDiverged(String message) {
        super(message);
    }
}
