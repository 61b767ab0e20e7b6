package org.zebralm.kernel;

/// Decides which attention runs on this machine.
public final class AttentionKernels {
    private static final String MODULE = "jdk.incubator.vector";

    private AttentionKernels() {}

    /// Returns the fastest kernel this process can run on the CPU, always the same: the Vector API's where its
    /// module was added, else libtorch's with one warning that names the flag.
    public static AttentionKernel forThisMachine() {
        return Chosen.KERNEL;
    }

    static AttentionKernel choose(boolean vectorModule) {
        if (vectorModule) {
            return new VectorAttention(CpuPool.shared());
        }
        System.getLogger(AttentionKernels.class.getName())
                .log(
                        System.Logger.Level.WARNING,
                        "attention runs several times slower without the Vector API: start java with --add-modules {0}",
                        MODULE);
        return new PortableAttention();
    }

    private static final class Chosen {
        static final AttentionKernel KERNEL =
                choose(ModuleLayer.boot().findModule(MODULE).isPresent());
    }
}
