package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/// What a JVM is to be started with so that models run at full speed, and whether it was.
///
/// Zebra's launcher sets all of it. A program of one's own sets it on its command line, or for any JVM in the variable
/// `JDK_JAVA_OPTIONS`; without it everything works, more slowly and with warnings of the JDK's.
public final class LaunchSettings {
    private static final System.Logger LOG = System.getLogger(LaunchSettings.class.getName());
    private static final String MODULE = "jdk.incubator.vector";
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private LaunchSettings() {}

    /// Whether the module of the Vector API was added.
    static boolean hasVectorModule() {
        return ModuleLayer.boot().findModule(MODULE).isPresent();
    }

    /// Logs one warning that names what is missing, the first time it is called; nothing if all is there.
    ///
    /// To be called before libraries are loaded: when the first is, the JDK allows native access, with a warning of
    /// its own.
    public static void warnOnce() {
        if (TOLD.getAndSet(true)) {
            return;
        }
        List<String> missing = missing(
                hasVectorModule(),
                LaunchSettings.class.getModule().isNativeAccessEnabled(),
                System.getProperty("os.name", "").startsWith("Linux"),
                System.getenv());
        if (!missing.isEmpty()) {
            LOG.log(System.Logger.Level.WARNING, "start java with what is missing: " + String.join("; ", missing));
        }
    }

    /// Whether [#warnOnce] has been called, so that nothing needs to be said again.
    static boolean haveBeenTold() {
        return TOLD.get();
    }

    static List<String> missing(
            boolean hasVectorModule, boolean hasNativeAccess, boolean isLinux, Map<String, String> environment) {
        List<String> missing = new ArrayList<>();
        if (!hasVectorModule) {
            missing.add("--add-modules " + MODULE + " (attention runs several times slower without the Vector API)");
        }
        if (!hasNativeAccess) {
            missing.add("--enable-native-access=ALL-UNNAMED (a later JDK will refuse to load libtorch without it)");
        }
        if (isLinux) {
            List<String> variables = new ArrayList<>();
            if (!environment.containsKey("OMP_WAIT_POLICY") && !environment.containsKey("GOMP_SPINCOUNT")) {
                variables.add("GOMP_SPINCOUNT=30000");
            }
            if (!environment.containsKey("OPENBLAS_THREAD_TIMEOUT")) {
                variables.add("OPENBLAS_THREAD_TIMEOUT=4");
            }
            if (!variables.isEmpty()) {
                missing.add("in the environment " + String.join(" ", variables)
                        + " (waiting threads spin on the cores that others need)");
            }
        }
        return missing;
    }
}
