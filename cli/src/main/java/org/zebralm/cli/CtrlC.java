package org.zebralm.cli;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Lets a verb finish in order when the user presses Ctrl-C, or the system sends SIGTERM.
///
/// ```
/// try (var stop = CtrlC.listen("saving the run")) {
///     while (!stop.pressed()) step();
///     save();
/// }
/// ```
///
/// The JVM then waits for `close()`, however long a step takes, and ends with exit code 130 (143 for
/// SIGTERM). A second signal ends it at once.
public final class CtrlC implements AutoCloseable {
    private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;
    private volatile boolean pressed;

    private CtrlC(String whatHappensNow) {
        hook = new Thread(
                () -> {
                    pressed = true;
                    haltAtNextSignal();
                    System.err.println(
                            System.lineSeparator() + "Stopping: " + whatHappensNow + "... (once more ends at once)");
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
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// The JVM itself ignores signals from here on.
    ///
    /// By reflection, for the compiler refuses to promise that the class will stay; without it, a second
    /// signal does nothing.
    private static void haltAtNextSignal() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    CtrlC.class.getClassLoader(), new Class<?>[] {handlerType}, (proxy, method, arguments) -> {
                        // Besides, its hash code is asked for.
                        if (method.getName().equals("handle")) {
                            Object number = signal.getMethod("getNumber").invoke(arguments[0]);
                            Runtime.getRuntime().halt(128 + (int) number);
                        }
                        return System.identityHashCode(proxy);
                    });
            var handle = signal.getMethod("handle", signal, handlerType);
            for (String name : SIGNALS) {
                install(handle, signal.getConstructor(String.class), name, handler);
            }
        } catch (ReflectiveOperationException _) {
            // A JVM without the class.
        }
    }

    private static void install(Method handle, Constructor<?> signal, String name, Object handler)
            throws ReflectiveOperationException {
        try {
            handle.invoke(null, signal.newInstance(name), handler);
        } catch (InvocationTargetException _) {
            // This system has no such signal, or the JVM keeps it for itself.
        }
    }
}
