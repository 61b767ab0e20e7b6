package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.train.TrainConfig.Recompute;

/// Native memory over many training steps, measured on the process.
class TrainLeakTest {
    /// Narrow, with activations of 1.5 MB per layer and batch in the feed-forward, made in a few milliseconds.
    private static final ZebraConfig MODEL = new ZebraConfig(
            Runs.VOCAB, 16, 4096, 2, 1, 8, AttentionType.grouped(2, 2, 9), 10_000, 1e-5, 64, true, -1, -1, -1);

    private static final int STEPS = 20;

    @Test
    void memoryStaysLevelWithEitherRecomputation() {
        for (Recompute recompute : Recompute.values()) {
            TrainConfig config = Runs.config(1000, DType.FLOAT32, recompute);
            try (var _ = Scope.open();
                    var initial = new Lifetime();
                    var trainer = new Trainer(MODEL, config, new FreshParams(1, initial), new PortableAttention())) {
                run(trainer, 5);
                long before = Pointer.physicalBytes();
                run(trainer, 5 + STEPS);
                // A step makes over 10 MB of activations: leaking one of them would show as 1.5 MB a step.
                assertThat(Pointer.physicalBytes() - before)
                        .as("growth in bytes with " + recompute)
                        .isLessThan((long) STEPS << 19);
            }
        }
    }

    private static void run(Trainer trainer, int until) {
        trainer.run(until, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
    }
}
