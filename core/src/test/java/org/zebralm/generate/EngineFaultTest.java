package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.kernel.Sequence;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.testing.RandomWeights;

/// Native failures in the middle of a step that many sequences share.
class EngineFaultTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(20), local(7), GLOBAL);

    /// Attention that runs out of memory for sequences of more than some length, whoever else is in the call.
    private record Failing(int most) implements AttentionKernel {
        private static final PortableAttention SOUND = new PortableAttention();

        @Override
        public String name() {
            return "failing";
        }

        @Override
        public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
            for (Sequence sequence : sequences) {
                if (sequence.position() + sequence.numRows() > most) {
                    throw new IllegalStateException("not enough memory: you tried to allocate 12 bytes");
                }
            }
            return SOUND.forward(spec, q_TNH, sequences);
        }

        @Override
        public AttentionGradients backward(
                AttentionSpec spec,
                Tensor q_TNH,
                Tensor k_TKH,
                Tensor v_TKH,
                CumulativeLengths lengths,
                AttentionOutput output,
                Tensor dOut_TNH) {
            throw new IllegalStateException("nothing is trained here");
        }
    }

    @Test
    void aStepThatFailsForOneIsDoneForTheOthers() {
        try (var lifetime = new Lifetime()) {
            Zebra model;
            Zebra sound;
            try (var _ = Scope.open()) {
                model = Zebra.load(Params.of(new RandomWeights(1, DType.FLOAT32, lifetime)), CONFIG, new Failing(120));
                sound = Zebra.load(
                        Params.of(new RandomWeights(1, DType.FLOAT32, lifetime)), CONFIG, new PortableAttention());
            }
            EngineConfig settings = new EngineConfig.Builder()
                    .cacheBytes(64 << 20)
                    .invariance(EngineConfig.Invariance.OFF)
                    .build();
            SamplingConfig greedy = SamplingConfig.greedy(30);
            try (var engine = new Engine(model, settings)) {
                List<LiveOutput> good = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    good.add(engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 80 + i, i)))
                            .output());
                }
                // Within its prompt, and after some tokens.
                LiveOutput early = engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 130, 7)))
                        .output();
                LiveOutput late = engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 105, 8)))
                        .output();
                assertThatThrownBy(early::await)
                        .isInstanceOf(GenerationException.class)
                        .hasMessageContaining("the request failed: not enough memory");
                assertThatThrownBy(late::await).hasMessageContaining("not enough memory");
                for (int i = 0; i < 3; i++) {
                    assertThat(good.get(i).await().generation().tokens())
                            .isEqualTo(new Generator(sound)
                                    .stream(ids(CONFIG, 80 + i, i), greedy, _ -> true)
                                            .tokens());
                }
                assertThat(engine.stats().failures()).isEqualTo(2);
                assertThat(engine.stats().pinnedBytes()).isZero();
                engine.clearPrefixes();
                assertThat(engine.stats().usedBytes()).isZero();
            }
        }
    }
}
