package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.NativeHeap;
import org.zebralm.testing.RandomWeights;

/// Native memory over many requests.
class EngineLeakTest {
    /// Keys and values of 4 kB a token: a lost page of a short request has 64 of them.
    private static final ZebraConfig CONFIG =
            new ZebraConfig(512, 16, 32, 2, 2, 128, List.of(GLOBAL, local(33)), 10_000, 1e-5, 8192, true, -1, -1, -1);

    private static final long BUDGET = 48 << 20;

    @Test
    void requestsLeaveNothingBehind() {
        run(300, 4);
    }

    @Test
    @Tag("slow")
    void tenThousandShortRequestsAndTwoHundredLongOnesLeaveNothingBehind() {
        run(10_000, 200);
    }

    private static void run(int numShort, int numLong) {
        try (var lifetime = new Lifetime()) {
            Zebra model;
            try (var _ = Scope.open()) {
                model = Zebra.load(
                        Params.of(new RandomWeights(1, DType.FLOAT32, lifetime)),
                        CONFIG,
                        AttentionKernels.forDevice(Device.CPU));
            }
            var settings =
                    new EngineConfig.Builder().cacheBytes(BUDGET).maxWaiting(64).build();
            try (var engine = new Engine(model, settings)) {
                requests(engine, 200, 2, 1); // the budget fills, and what is made once is made
                long before = NativeHeap.bytes();
                requests(engine, numShort, numLong, 2);
                EngineStats stats = engine.stats();
                assertThat(stats.failures()).isZero();
                assertThat(stats.pinnedBytes()).isZero();
                assertThat(stats.mostUsedBytes()).isLessThanOrEqualTo(BUDGET);
                // A page of each short request alone would be 256 kB.
                assertThat(NativeHeap.bytes() - before)
                        .as("growth in bytes")
                        .isLessThan(Math.max(64L << 20, numShort * 10_000L));
                engine.clearPrefixes();
                assertThat(engine.stats().usedBytes()).isZero();
            }
        }
    }

    private static void requests(Engine engine, int numShort, int numLong, long seed) {
        Deque<Submission> open = new ArrayDeque<>();
        int everyLong = Math.max(1, numShort / Math.max(1, numLong));
        for (int i = 0; i < numShort; i++) {
            open.add(engine.submit(GenerationRequest.of(SamplingConfig.greedy(2), ids(CONFIG, 5 + i % 60, seed + i))));
            if (i % everyLong == 0) {
                open.add(engine.submit(GenerationRequest.of(SamplingConfig.greedy(2), ids(CONFIG, 1500, seed + i))));
            }
            while (open.size() > 30) {
                open.removeFirst().await();
            }
        }
        open.forEach(Submission::await);
    }
}
