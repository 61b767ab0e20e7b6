package org.zebralm.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Lets a verb finish in order when the user presses Ctrl-C, or the system sends SIGTERM.
///
/// ```
/// try (var stop = CtrlC.listen("saving the run")) {
///     while (!stop.pressed()) step();
///     save();
/// }
/// ```
///
/// The JVM then waits for `close()`, at most a minute, and ends with exit code 130 (143 for SIGTERM).
public final class CtrlC implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean pressed;

    private CtrlC(String whatHappensNow) {
        hook = new Thread(
                () -> {
                    pressed = true;
                    System.err.println(System.lineSeparator() + "Stopping: " + whatHappensNow + "...");
                    awaitClose();
                },
                "ctrl-c");
    }

    /// Listens from now until `close()`.
    ///
    /// @param whatHappensNow what the user is told, such as "saving the run"
    public static CtrlC listen(String whatHappensNow) {
        var stop = new CtrlC(whatHappensNow);
        Runtime.getRuntime().addShutdownHook(stop.hook);
        return stop;
    }

    /// Whether the user wants the verb to stop; ask once per step.
    public boolean pressed() {
        return pressed;
    }

    @Override
    public void close() {
        closed.countDown();
        if (!pressed) {
            removeHook();
        }
    }

    private void removeHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // Ctrl-C came between the two lines above: the hook runs, finds the latch open, and ends.
            pressed = true;
        }
    }

    private void awaitClose() {
        try {
            if (!closed.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                System.err.println("zebra: gave up waiting after " + Units.duration(PATIENCE));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
