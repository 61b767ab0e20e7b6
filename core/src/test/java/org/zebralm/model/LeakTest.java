package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.ids;
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
    /// Narrow, but with activations of 4 MB (feed-forward) and 5 MB (logits) for a chunk, made in a few milliseconds.
    private static final ZebraConfig CONFIG = new ZebraConfig(
            20_000, 16, 16_384, 2, 1, 8, List.of(GLOBAL, local(5)), 10_000, 1e-5, 4096, true, -1, -1, -1);

    private static final int CHUNK = 64;
    private static final int STEPS = 80;

    /// A quarter of what one large activation a step adds up to. The Java heap of a whole test run moves by some 20 MB.
    private static final long ALLOWED = (long) STEPS << 20;

    @Test
    void memoryStaysLevelOverManyStepsWithACache() {
        assertLevel((model, steps) -> {
            try (var cache = new KvCache(CONFIG, DType.FLOAT32)) {
                for (int i = 0; i < steps; i++) {
                    try (var _ = Scope.open()) {
                        model.logits(model.hidden(ids(CONFIG, CHUNK, i), cache));
                    }
                    try (var _ = Scope.open()) {
                        model.logits(model.hidden(new int[] {i}, cache));
                    }
                }
            }
        });
    }

    @Test
    void memoryStaysLevelOverManyWholePasses() {
        assertLevel((model, steps) -> {
            for (int i = 0; i < steps; i++) {
                try (var _ = Scope.open()) {
                    model.forward(ids(CONFIG, CHUNK, i), CumulativeLengths.single(CHUNK));
                }
            }
        });
    }

    private interface Work {
        void on(Zebra model, int steps);
    }

    private static void assertLevel(Work work) {
        try (var lifetime = new Lifetime()) {
            Zebra model;
            try (var _ = Scope.open()) {
                model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT32, lifetime));
            }
            work.on(model, 20);
            long before = Pointer.physicalBytes();
            work.on(model, STEPS);
            assertThat(Pointer.physicalBytes() - before).as("growth in bytes").isLessThan(ALLOWED);
        }
    }
}
