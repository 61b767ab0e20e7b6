package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;
import static org.zebralm.testing.TinyModels.tied;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.cache.PagePool;
import org.zebralm.cache.PagedCache;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.nn.Activation;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Lifetime;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.ReferenceDecoder;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class DecodePassTest {
    private static final long PLENTY = 1L << 30;

    /// Logits of tiny models are of the order of 1.
    private static final double TOLERANCE = 5e-5;

    /// Norms whose weight is added to one double the residual line at each part.
    private static final double FAMILY_TOLERANCE = 3e-4;

    private static ZebraConfig with(Architecture kind) {
        return TinyModels.of(config(GLOBAL, local(5), local(20), GLOBAL), kind);
    }

    static Stream<ZebraConfig> llamas() {
        return Stream.of(
                config(GLOBAL, GLOBAL), config(GLOBAL, local(5), local(20)), tied(config(local(3), GLOBAL, local(7))));
    }

    static Stream<Architecture> families() {
        return Stream.of(
                new Architecture.Builder()
                        .norm(Norm.Kind.OFFSET_RMS, NormPlacement.AROUND)
                        .build(),
                new Architecture.Builder()
                        .norm(Norm.Kind.RMS, NormPlacement.AFTER)
                        .build(),
                new Architecture.Builder()
                        .norm(Norm.Kind.RMS, NormPlacement.PARALLEL)
                        .build(),
                new Architecture.Builder().queryKeyNorm(QueryKeyNorm.HEAD).build(),
                new Architecture.Builder().queryKeyNorm(QueryKeyNorm.PROJECTION).build(),
                new Architecture.Builder()
                        .attentionBias(true, true)
                        .feedForwardBias(true)
                        .build(),
                new Architecture.Builder()
                        .attentionSoftCap(5)
                        .logitSoftCap(3)
                        .attentionScale(0.2)
                        .build(),
                new Architecture.Builder()
                        .sinks()
                        .embeddingScale(5)
                        .logitScale(0.3)
                        .build());
    }

    private static Zebra model(ZebraConfig config, RandomWeights weights) {
        return Zebra.load(Params.of(weights), config, AttentionKernels.forDevice(Device.CPU));
    }

    private static PagedCache cache(ZebraConfig config, DType dtype) {
        return new PagedCache(new PagePool(PageLayout.of(config, dtype), PLENTY));
    }

    private static float[] decode(DecodePass pass, PagedCache cache, int id) {
        cache.prepare(1);
        return pass.logits(List.of(new Continuation(cache, id)));
    }

    @ParameterizedTest
    @MethodSource("llamas")
    void logitsAreThoseOfPlainLoops(ZebraConfig config) {
        int[] ids = ids(config, 100, 3);
        try (var lifetime = new Lifetime();
                var cache = cache(config, DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            var weights = new RandomWeights(1, DType.FLOAT32, lifetime);
            Zebra model = model(config, weights);
            double[][] expected = new ReferenceDecoder(config, weights.values()).logits(ids);
            try (DecodePass pass = DecodePass.of(model, 4, false).orElseThrow()) {
                for (int t = 0; t < ids.length; t++) {
                    assertClose(decode(pass, cache, ids[t]), expected[t], TOLERANCE);
                }
            }
            assertThat(cache.length()).isEqualTo(ids.length);
        }
    }

    /// The model's own passes are compared with transformers family by family elsewhere.
    @ParameterizedTest
    @MethodSource("families")
    void familiesAreComputedAsByTheModel(Architecture kind) {
        ZebraConfig config = with(kind);
        int[] ids = ids(config, 80, 4);
        try (var lifetime = new Lifetime();
                var own = cache(config, DType.FLOAT32);
                var theirs = cache(config, DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            Zebra model = model(config, new RandomWeights(2, DType.FLOAT32, lifetime));
            try (DecodePass pass = DecodePass.of(model, 4, false).orElseThrow()) {
                for (int id : ids) {
                    theirs.prepare(1);
                    double[] expected =
                            model.logits(model.hidden(new int[] {id}, theirs)).toDoubles();
                    assertClose(decode(pass, own, id), expected, FAMILY_TOLERANCE);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16", "INT8"})
    void goesOnFromWhatTheModelCached(DType stored) {
        ZebraConfig config = config(GLOBAL, local(5), local(20), GLOBAL);
        DType computed = stored == DType.INT8 ? DType.FLOAT32 : stored;
        int[] ids = ids(config, 300, 5);
        int cut = 280;
        try (var lifetime = new Lifetime();
                var own = cache(config, stored);
                var theirs = cache(config, stored);
                var _ = Autograd.recording(false)) {
            Zebra model = model(config, new RandomWeights(3, computed, lifetime));
            int[] prompt = Arrays.copyOf(ids, cut);
            for (PagedCache cache : List.of(own, theirs)) {
                cache.prepare(cut);
                model.hidden(prompt, cache);
            }
            try (DecodePass pass = DecodePass.of(model, 4, false).orElseThrow()) {
                for (int t = cut; t < ids.length; t++) {
                    theirs.prepare(1);
                    double[] expected = model.logits(model.hidden(new int[] {ids[t]}, theirs))
                            .toDoubles();
                    // The model rounds after every operation; a number of int8 may fall to the other side.
                    double tolerance = stored == DType.FLOAT32 ? TOLERANCE : stored == DType.INT8 ? 5e-3 : 0.12;
                    assertClose(decode(pass, own, ids[t]), expected, tolerance);
                }
            }
        }
    }

    @Test
    void aRowHasTheSameBitsWhateverTheOthersAre() {
        ZebraConfig config = config(GLOBAL, local(5), local(20));
        try (var lifetime = new Lifetime();
                var _ = Autograd.recording(false)) {
            Zebra model = model(config, new RandomWeights(4, DType.FLOAT32, lifetime));
            for (int rows : new int[] {2, 3, 7, 16}) {
                List<PagedCache> together = new ArrayList<>();
                List<PagedCache> alone = new ArrayList<>();
                for (int row = 0; row < rows; row++) {
                    for (List<PagedCache> caches : List.of(together, alone)) {
                        PagedCache cache = cache(config, DType.FLOAT32);
                        caches.add(cache);
                        int length = 1 + 13 * row;
                        cache.prepare(length);
                        model.hidden(ids(config, length, row), cache);
                    }
                }
                try (DecodePass pass = DecodePass.of(model, 16, false).orElseThrow()) {
                    for (int step = 0; step < 3; step++) {
                        List<Continuation> continuations = new ArrayList<>();
                        for (PagedCache cache : together) {
                            cache.prepare(1);
                            continuations.add(new Continuation(cache, step));
                        }
                        assertThat(pass.accepts(continuations)).isTrue();
                        float[] all = pass.logits(continuations);
                        for (int row = 0; row < rows; row++) {
                            float[] one =
                                    Arrays.copyOfRange(all, row * config.vocabSize(), (row + 1) * config.vocabSize());
                            assertThat(decode(pass, alone.get(row), step)).isEqualTo(one);
                        }
                    }
                } finally {
                    together.forEach(PagedCache::close);
                    alone.forEach(PagedCache::close);
                }
            }
        }
    }

    @Test
    void theFastestPassTakesNoMoreRowsThanItIsFastestFor() {
        ZebraConfig config = config(GLOBAL);
        try (var lifetime = new Lifetime();
                var cache = cache(config, DType.BFLOAT16)) {
            Zebra model = model(config, new RandomWeights(10, DType.BFLOAT16, lifetime));
            cache.prepare(1);
            var one = new Continuation(cache, 1);
            try (DecodePass pass = DecodePass.of(model, 16, true).orElseThrow()) {
                assertThat(pass.accepts(List.of(one, one))).isTrue();
                assertThat(pass.accepts(List.of(one, one, one))).isFalse();
            }
            try (DecodePass pass = DecodePass.of(model, 16, false).orElseThrow()) {
                assertThat(pass.accepts(List.of(one, one, one))).isTrue();
            }
        }
    }

    @Test
    void aStepThatFailsLeavesTheCacheAsItWas() {
        ZebraConfig config = config(GLOBAL, local(5));
        int[] ids = ids(config, 20, 6);
        try (var lifetime = new Lifetime();
                var cache = cache(config, DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            var weights = new RandomWeights(5, DType.FLOAT32, lifetime);
            Zebra model = model(config, weights);
            double[][] expected = new ReferenceDecoder(config, weights.values()).logits(ids);
            try (DecodePass pass = DecodePass.of(model, 4, false).orElseThrow()) {
                for (int t = 0; t < ids.length; t++) {
                    assertThatIllegalArgumentException()
                            .isThrownBy(() -> decode(pass, cache, config.vocabSize()))
                            .withMessageContaining("vocabSize");
                    assertThat(cache.length()).isEqualTo(t);
                    assertClose(decode(pass, cache, ids[t]), expected[t], TOLERANCE);
                }
            }
        }
    }

    @Test
    void whatItDoesNotComputeIsLeftToTheModel() {
        List<Architecture> others = List.of(
                new Architecture.Builder()
                        .norm(Norm.Kind.LAYER, NormPlacement.PARALLEL)
                        .build(),
                new Architecture.Builder().activation(Activation.GELU_TANH).build(),
                new Architecture.Builder().rotaryPairs(Rope.Pairs.NEIGHBOURS).build(),
                new Architecture.Builder().sinks().experts(new Experts(4, 2)).build());
        try (var lifetime = new Lifetime()) {
            for (Architecture kind : others) {
                Zebra model = model(with(kind), new RandomWeights(6, DType.FLOAT32, lifetime));
                assertThat(DecodePass.of(model, 4, false)).isEmpty();
            }
            ZebraConfig llama = config(GLOBAL);
            assertThat(DecodePass.of(model(llama, new RandomWeights(7, DType.FLOAT64, lifetime)), 4, false))
                    .isEmpty();
            var portable = Zebra.load(
                    Params.of(new RandomWeights(8, DType.FLOAT32, lifetime)), llama, new PortableAttention());
            assertThat(DecodePass.of(portable, 4, false)).isEmpty();
            Zebra model = model(llama, new RandomWeights(9, DType.FLOAT32, lifetime));
            try (DecodePass pass = DecodePass.of(model, 1, false).orElseThrow();
                    var paged = cache(llama, DType.FLOAT32);
                    var growing = new KvCache(llama, DType.FLOAT32)) {
                paged.prepare(2);
                assertThat(pass.accepts(List.of(new Continuation(paged, 1)))).isTrue();
                assertThat(pass.accepts(List.of(new Continuation(paged, 1, 2)))).isFalse();
                assertThat(pass.accepts(List.of(new Continuation(paged, 1), new Continuation(paged, 1))))
                        .isFalse();
                assertThat(pass.accepts(List.of(new Continuation(growing, 1)))).isFalse();
            }
        }
    }

    private static void assertClose(float[] actual, double[] expected, double tolerance) {
        assertThat(actual).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) actual[i]).isCloseTo(expected[i], within(tolerance));
        }
    }
}
