package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.local;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.TinyModels;

/// Native memory over many steps, measured on the process: nothing counts the tensors that are alive.
class LeakTest {
    /// Narrow but with wide activations: steps are fast, and one that is not freed is 64 KiB (the feed-forward's) or
    /// 80.
    private static final ZebraConfig CONFIG = new ZebraConfig(
            20_000, 16, 16_384, 2, 1, 8, List.of(GLOBAL, local(5)), 10_000, 1e-5, 512, true, -1, -1, -1);

    /// Heap, compiled code and the allocator's arenas move by 2 to 5 MB. What one activation a step would add: 25 MB.
    private static final long ALLOWED = 12L << 20;

    private static final int STEPS = 400;

    @Test
    void memoryStaysLevelOverManyDecodedTokens() {
        assertLevel(model -> {
            try (var cache = new KvCache(CONFIG, DType.FLOAT32)) {
                for (int i = 0; i < STEPS / 4; i++) {
                    try (var _ = Scope.open()) {
                        model.logits(model.hidden(new int[] {i}, cache));
                    }
                }
            }
        });
    }

    @Test
    void memoryStaysLevelOverManyPasses() {
        int[] ids = {1, 2, 3};
        assertLevel(model -> {
            for (int i = 0; i < STEPS / 4; i++) {
                try (var _ = Scope.open()) {
                    model.forward(ids, CumulativeLengths.single(ids.length));
                }
            }
        });
    }

    private interface Work {
        void on(Zebra model);
    }

    private static void assertLevel(Work work) {
        try (var lifetime = new Lifetime()) {
            Zebra model;
            try (var _ = Scope.open()) {
                model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT32, lifetime));
            }
            work.on(model);
            long before = Pointer.physicalBytes();
            for (int i = 0; i < 4; i++) {
                work.on(model);
            }
            assertThat(Pointer.physicalBytes() - before).as("growth in bytes").isLessThan(ALLOWED);
        }
    }
}
