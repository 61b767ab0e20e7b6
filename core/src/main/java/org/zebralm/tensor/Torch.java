package org.zebralm.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/// Loads libtorch, once, with the settings it needs in a long-running JVM.
///
/// Every class of this package that touches native code calls [#load] first, so a library user needs no set-up.
/// The environment variables that keep idle OpenMP and OpenBLAS workers from spinning for long
/// (`GOMP_SPINCOUNT=30000`, `OPENBLAS_THREAD_TIMEOUT=4`) must be set before the process starts; the launcher
/// does so.
public final class Torch {
    static {
        // JavaCPP's default limits stop a process that outgrows 4 x Xmx, after long garbage collections. Our memory
        // is
        // bounded by scopes instead, and without the limits a small operation costs 1.7 us in place of 3.0.
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        // Unreachable-but-unclosed pointers are leaks that the strict scopes already refuse; no finaliser thread is
        // needed.
        setDefault("org.bytedeco.javacpp.noPointerGC", "true");
    }

    private Torch() {}

    /// Makes sure that libtorch is loaded; cheap when it is.
    public static void load() {
        Holder.ensureLoaded();
    }

    /// Fails on a virtual thread.
    ///
    /// The grad mode is thread-local in native code: a thread that moved to another carrier would leave its
    /// mode behind and take up that carrier's.
    static void requirePlatformThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("tensors are for platform threads only; hand the work to one");
        }
    }

    /// Returns libtorch's version, with its binding's: `2.10.0-1.5.13`.
    public static String version() {
        return Holder.VERSION;
    }

    /// Returns the number of threads libtorch uses within one operation.
    public static int numThreads() {
        load();
        return torch.get_num_threads();
    }

    /// Sets the number of threads libtorch uses within one operation; results may differ in the last bits
    /// between counts.
    public static void setNumThreads(int numThreads) {
        if (numThreads < 1) {
            throw new IllegalArgumentException("numThreads must be at least 1: got " + numThreads);
        }
        load();
        torch.set_num_threads(numThreads);
    }

    /// Waits until a device has done what it was given; the CPU always has.
    ///
    /// CUDA runs behind the program: a timing must wait before it looks at the clock.
    public static void synchronize(Device device) {
        if (device.kind() == Device.Kind.CUDA) {
            load();
            torch.cuda_synchronize(device.index());
        }
    }

    /// Returns whether libtorch multiplies bfloat16 matrices on this CPU faster than float32 ones.
    ///
    /// oneDNN does with AVX-512; without it libtorch adds one product after the other.
    public static boolean hasFastBfloat16() {
        return Holder.FAST_BFLOAT16;
    }

    private static void setDefault(String key, String value) {
        if (System.getProperty(key) == null) {
            System.setProperty(key, value);
        }
    }

    private static final class Holder {
        static final String VERSION = loadedVersion();
        static final boolean FAST_BFLOAT16 =
                torch.get_cpu_capability().getString().startsWith("AVX512");

        static void ensureLoaded() {
            // Calling anything of this class runs its initialiser.
        }

        private static String loadedVersion() {
            Loader.load(torch.class);
            try {
                return Loader.getVersion("org.bytedeco", "pytorch");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
