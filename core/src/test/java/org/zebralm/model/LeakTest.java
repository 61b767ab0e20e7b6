package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.TinyModels;

class LeakTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(5));

    @Test
    void memoryStaysLevelOverHundredsOfSteps() {
        try (var lifetime = new Lifetime();
                var _ = Autograd.recording(false)) {
            Zebra model;
            try (var _ = Scope.open()) {
                model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT32, lifetime));
            }
            run(model, 4);
            long handles = Pointer.totalCount();
            long bytes = Pointer.physicalBytes();
            run(model, 20);
            assertThat(Pointer.totalCount()).as("native handles").isEqualTo(handles);
            // What libtorch holds without a handle of ours. The scores alone of these rounds come to some 80 MB,
            // while the Java heap, compiled code and the allocator's arenas move by a few MB.
            assertThat(Pointer.physicalBytes() - bytes).as("growth in bytes").isLessThan(32L << 20);
        }
    }

    private static void run(Zebra model, int rounds) {
        int[] prompt = ids(CONFIG, 300, 1);
        for (int round = 0; round < rounds; round++) {
            try (var _ = Scope.open()) {
                model.forward(prompt, CumulativeLengths.single(prompt.length));
            }
            try (var cache = new KvCache(CONFIG, DType.FLOAT32)) {
                try (var _ = Scope.open()) {
                    model.hidden(prompt, cache);
                }
                for (int i = 0; i < 30; i++) {
                    try (var _ = Scope.open()) {
                        model.logits(model.hidden(new int[] {i}, cache));
                    }
                }
            }
        }
    }
}
