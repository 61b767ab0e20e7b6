package org.zebralm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Continuation;
import org.zebralm.model.Cost;
import org.zebralm.model.KvCache;
import org.zebralm.model.PageLayout;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class PagedCacheTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(5), local(1), GLOBAL, local(40));
    private static final long PLENTY = 1L << 30;

    private static PagePool pool(ZebraConfig config, DType dtype) {
        return new PagePool(PageLayout.of(config, dtype), PLENTY);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16, 17, 64, 100, 400})
    void cachedChunksEqualTheUncachedWhole(int chunk) {
        int[] ids = ids(CONFIG, 357, 1);
        try (var lifetime = new Lifetime();
                var cache = new PagedCache(pool(CONFIG, DType.FLOAT64))) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT64, lifetime));
            assertThatTensor(inChunks(model, cache, ids, chunk))
                    .isCloseTo(model.hidden(ids, CumulativeLengths.single(ids.length)), 1e-11);
            assertThat(cache.length()).isEqualTo(ids.length);
        }
    }

    private static Tensor inChunks(Zebra model, PagedCache cache, int[] ids, int chunk) {
        List<Tensor> parts = new ArrayList<>();
        for (int from = 0; from < ids.length; from += chunk) {
            int to = Math.min(ids.length, from + chunk);
            cache.prepare(to - from);
            parts.add(model.hidden(Arrays.copyOfRange(ids, from, to), cache));
        }
        return Tensors.cat(parts, 0);
    }

    @Test
    void theVectorKernelReadsPagesAsTheOracleDoes() {
        int[] ids = ids(CONFIG, 1400, 1); // over all lengths of pages
        try (var lifetime = new Lifetime();
                var cache = new PagedCache(pool(CONFIG, DType.FLOAT32))) {
            Zebra model = Zebra.load(
                    Params.of(new RandomWeights(1, DType.FLOAT32, lifetime)),
                    CONFIG,
                    AttentionKernels.forDevice(Device.CPU));
            Tensor expected = model.hidden(ids, CumulativeLengths.single(ids.length));
            Tensor chunks = inChunks(model, cache, Arrays.copyOf(ids, 1390), 190);
            assertThatTensor(chunks).isCloseTo(expected.narrow(0, 0, 1390), 1e-4);
            for (int i = 1390; i < 1400; i++) {
                cache.prepare(1);
                assertThatTensor(model.hidden(new int[] {ids[i]}, cache)).isCloseTo(expected.narrow(0, i, 1), 1e-4);
            }
        }
    }

    @Test
    void sequencesOfOneStepEqualEachAlone() {
        int[] first = ids(CONFIG, 90, 1);
        int[] second = ids(CONFIG, 31, 2);
        PagePool pool = pool(CONFIG, DType.FLOAT64);
        try (var lifetime = new Lifetime();
                var one = new PagedCache(pool);
                var two = new PagedCache(pool)) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT64, lifetime));
            Tensor expected = model.hidden(first, CumulativeLengths.single(first.length));
            Tensor other = model.hidden(second, CumulativeLengths.single(second.length));
            one.prepare(70);
            model.hidden(Arrays.copyOf(first, 70), one);
            one.prepare(20);
            two.prepare(31);
            Tensor both = model.hidden(
                    List.of(new Continuation(one, Arrays.copyOfRange(first, 70, 90)), new Continuation(two, second)));
            assertThatTensor(both.narrow(0, 0, 20)).isCloseTo(expected.narrow(0, 70, 20), 1e-11);
            assertThatTensor(both.narrow(0, 20, 31)).isCloseTo(other, 1e-11);
        }
    }

    @Test
    void int8KeysStayWithinTheirRounding() {
        int[] ids = ids(CONFIG, 150, 1);
        try (var lifetime = new Lifetime();
                var cache = new PagedCache(pool(CONFIG, DType.INT8));
                var inOne = new PagedCache(pool(CONFIG, DType.INT8))) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT32, lifetime));
            Tensor chunks = inChunks(model, cache, ids, 40);
            // 127 steps to the largest element of a row: about 0.4% of it, over five layers.
            Tensor exact = model.hidden(ids, CumulativeLengths.single(ids.length));
            assertThat(chunks.sub(exact).norm().item() / exact.norm().item()).isBetween(1e-5, 0.02);
            assertThatTensor(chunks).isCloseTo(inChunks(model, inOne, ids, 150), 1e-5);
        }
    }

    @Test
    void bytesAreWhatCostTellsAtEveryLength() {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16, DType.INT8)) {
            PagePool pool = pool(CONFIG, dtype);
            var cost = new Cost(CONFIG);
            try (var cache = new PagedCache(pool)) {
                for (int length = 1; length <= 1300; length++) {
                    cache.prepare(1);
                    cache.advance(1);
                    assertThat(cache.bytes())
                            .isEqualTo(cost.pagedBytes(length, dtype))
                            .isEqualTo(pool.used());
                }
            }
            assertThat(pool.used()).isZero();
        }
        // By hand, 1300 tokens: global pages up to 2048, local ones of 16 that 39 tokens before the last touch.
        int globalTokens = 2 * 2048;
        int localTokens = 3 * 16 * (1300 / 16 + 1 - (1299 - 39) / 16);
        assertThat(new Cost(CONFIG).pagedBytes(1300, DType.BFLOAT16))
                .isEqualTo((long) (globalTokens + localTokens) * 2 * 2 * 8 * 2);
    }

    @Test
    void aLongContextTakesWhatTheArchitecturePromises() {
        List<AttentionType> layers = new ArrayList<>(Collections.nCopies(16, local(513)));
        for (int i = 0; i < 16; i += 4) {
            layers.set(i, GLOBAL);
        }
        ZebraConfig zebra = config(layers.toArray(AttentionType[]::new));
        assertThat(bytesAt32k(zebra.allGlobal()) / (double) bytesAt32k(zebra)).isBetween(3.82 * 0.99, 3.82 * 1.01);
        double theory = (4 * 32_768L + 12 * 512L) * 2.0 * 2 * 8 * 2;
        assertThat(bytesAt32k(zebra) / theory).isBetween(0.99, 1.01);
    }

    private static long bytesAt32k(ZebraConfig config) {
        PagePool pool = pool(config, DType.BFLOAT16);
        try (var cache = new PagedCache(pool)) {
            for (int length = 0; length < 32_768; length += 512) {
                cache.prepare(512);
                cache.advance(512);
            }
            cache.prepare(0);
            return pool.used();
        }
    }

    @Test
    void pagesThatDoNotFitAreRefusedAndNothingIsLost() {
        PageLayout layout = PageLayout.of(CONFIG, DType.FLOAT32);
        var pool = new PagePool(layout, layout.bytes(64) + layout.localBytes());
        int[] ids = ids(CONFIG, 66, 1);
        try (var lifetime = new Lifetime();
                var cache = new PagedCache(pool)) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            inChunks(model, cache, Arrays.copyOf(ids, 60), 4);
            assertThatThrownBy(() -> cache.prepare(10))
                    .isInstanceOf(CacheFullException.class)
                    .hasMessageContaining("within a budget of");
            assertThat(cache.length()).isEqualTo(60);
            cache.prepare(1);
            assertThatTensor(model.hidden(new int[] {ids[60]}, cache))
                    .isCloseTo(
                            model.hidden(Arrays.copyOf(ids, 61), CumulativeLengths.single(61))
                                    .narrow(0, 60, 1),
                            1e-5);
        }
    }

    @Test
    void keysOfAnotherTypeAreRefused() {
        try (var lifetime = new Lifetime();
                var cache = new PagedCache(pool(CONFIG, DType.BFLOAT16))) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.hidden(new int[] {1}, cache))
                    .withMessageContaining("got bfloat16 and float32");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PageLayout.of(CONFIG, DType.INT64))
                    .withMessageContaining("got int64");
        }
    }

    /// The simple cache is this one's oracle in longer runs.
    @Test
    void decodingEqualsTheSimpleCache() {
        int[] ids = ids(CONFIG, 400, 3);
        try (var lifetime = new Lifetime();
                var simple = new KvCache(CONFIG, DType.FLOAT64);
                var cache = new PagedCache(pool(CONFIG, DType.FLOAT64))) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(2, DType.FLOAT64, lifetime));
            for (int id : ids) {
                cache.prepare(1);
                assertThatTensor(model.hidden(new int[] {id}, cache))
                        .isCloseTo(model.hidden(new int[] {id}, simple), 1e-12);
            }
        }
    }
}
