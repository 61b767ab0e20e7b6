package org.zebralm.kernel;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.FlashAttention;

/// Decides which attention runs on this machine, once for each device; the decision is logged, and its
/// [AttentionKernel#name] says what was chosen.
public final class AttentionKernels {
    private static final System.Logger LOG = System.getLogger(AttentionKernels.class.getName());
    private static final Map<Device, AttentionKernel> ON_CUDA = new ConcurrentHashMap<>();

    private AttentionKernels() {}

    /// Returns the fastest kernel this process can run on the CPU, always the same: the Vector API's where its
    /// module was added, else libtorch's with one warning that names the flag
    /// (unless [LaunchSettings] has named it).
    public static AttentionKernel forThisMachine() {
        return Chosen.KERNEL;
    }

    /// Returns the fastest kernel this process can run on a device, always the same.
    ///
    /// On CUDA that is flash attention, tried with one token; where the card or the build refuses, libtorch's
    /// products with one warning that gives the reason.
    public static AttentionKernel forDevice(Device device) {
        return switch (device.kind()) {
            case CPU -> forThisMachine();
            case CUDA -> ON_CUDA.computeIfAbsent(device, cuda -> chooseOnCuda(cuda, FlashAttention.refusal(cuda)));
        };
    }

    static AttentionKernel choose(boolean vectorModule) {
        if (vectorModule) {
            return chosen(Device.CPU, new VectorAttention(CpuPool.shared()));
        }
        if (!LaunchSettings.haveBeenTold()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "attention runs several times slower without the Vector API: start java with --add-modules"
                            + " jdk.incubator.vector");
        }
        return chosen(Device.CPU, new PortableAttention());
    }

    /// Decides for a CUDA device, given why flash attention cannot run there, or null if it can.
    static AttentionKernel chooseOnCuda(Device device, @Nullable String refusal) {
        if (refusal == null) {
            return chosen(device, new CudaAttention(device));
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "attention on {0} runs several times slower without flash attention: {1}",
                device,
                refusal);
        return chosen(device, new PortableAttention());
    }

    private static AttentionKernel chosen(Device device, AttentionKernel kernel) {
        LOG.log(System.Logger.Level.DEBUG, "attention on {0}: {1}", device, kernel.name());
        return kernel;
    }

    private static final class Chosen {
        static final AttentionKernel KERNEL = choose(LaunchSettings.hasVectorModule());
    }
}
