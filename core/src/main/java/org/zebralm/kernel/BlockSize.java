package org.zebralm.kernel;

import org.zebralm.tensor.Device;
import org.zebralm.tensor.Tensor;

/// How many queries and keys [PortableAttention] takes at a time.
///
/// More rows waste more keys at the two edges of a window, fewer make small products and many calls. Scores of
/// one tile should stay in the CPU's cache; a GPU needs far more of them to be busy.
record BlockSize(int rows, int keys) {
    private static final int CPU_ROWS = 128;
    private static final int CPU_SCORES = 1 << 21;
    private static final int CUDA_ROWS = 1024;
    private static final int CUDA_SCORES = 1 << 26;

    static BlockSize of(Tensor q_TNH) {
        boolean cpu = q_TNH.device().kind() == Device.Kind.CPU;
        long rows = Math.min(cpu ? CPU_ROWS : CUDA_ROWS, q_TNH.size(0));
        long keys = (cpu ? CPU_SCORES : CUDA_SCORES) / (q_TNH.size(1) * rows);
        return new BlockSize((int) rows, (int) Math.max(256, keys / 64 * 64));
    }
}
