package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// Native memory over many training steps, measured on the process.
class TrainLeakTest {
    /// Narrow, with activations of 1.5 MB per layer and batch in the feed-forward, made in a few milliseconds.
    private static final ZebraConfig MODEL = new ZebraConfig(
            Runs.VOCAB, 16, 4096, 2, 1, 8, AttentionType.grouped(2, 2, 9), 10_000, 1e-5, 64, true, -1, -1, -1);

    /// The JVM compiles and sizes its heap meanwhile.
    private static final int WARM = 25;

    private static final int STEPS = 40;

    @Test
    void memoryStaysLevelWithEitherRecomputation() {
        for (AttentionKernel kernel : List.of(new PortableAttention(), AttentionKernels.forThisMachine())) {
            for (Recompute recompute : List.of(Recompute.NONE, Recompute.ATTENTION)) {
                requireLevel(kernel, recompute);
            }
        }
    }

    private static void requireLevel(AttentionKernel kernel, Recompute recompute) {
        TrainConfig config = Runs.config(1000, DType.FLOAT32, recompute);
        try (var _ = Scope.open();
                var initial = new Lifetime();
                var trainer = new Trainer(MODEL, config, new FreshParams(1, initial), kernel)) {
            run(trainer, WARM);
            long before = Pointer.physicalBytes();
            run(trainer, WARM + STEPS);
            // A step makes over 10 MB of activations: leaking one of them would show as 1.5 MB a step.
            assertThat(Pointer.physicalBytes() - before)
                    .as("growth in bytes with " + recompute + " and " + kernel.name())
                    .isLessThan((long) STEPS << 19);
        }
    }

    private static void run(Trainer trainer, int until) {
        trainer.run(until, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
    }
}
