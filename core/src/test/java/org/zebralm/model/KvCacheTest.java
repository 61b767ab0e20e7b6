package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class KvCacheTest {
    private static final int WINDOW = 5;
    private static final ZebraConfig CONFIG = config(GLOBAL, local(WINDOW), local(1), local(2 * WINDOW + 1));

    /// Chunks of 1 are cached decoding; the others are prefill in chunks below, at and above the window and the whole.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW, 31, 100})
    void cachedChunksEqualTheUncachedWhole(int chunk) {
        int[] ids = ids(CONFIG, 43, 1);
        try (var lifetime = new Lifetime();
                var cache = new KvCache(CONFIG, DType.FLOAT64)) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT64, lifetime));
            assertThatTensor(inChunks(model, cache, ids, chunk))
                    .isCloseTo(model.hidden(ids, CumulativeLengths.single(ids.length)), 1e-11);
            assertThat(cache.length()).isEqualTo(ids.length);
        }
    }

    @Test
    void aCacheGrowsOverThePagesOfGlobalLayers() {
        int[] ids = ids(CONFIG, 2 * GrowingCache.LARGE_PAGE + 9, 1);
        try (var lifetime = new Lifetime();
                var cache = new KvCache(CONFIG, DType.FLOAT64)) {
            Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, DType.FLOAT64, lifetime));
            // 250 does not divide a page: chunks cross from small pages and from large ones to the next.
            assertThatTensor(inChunks(model, cache, ids, 250))
                    .isCloseTo(model.hidden(ids, CumulativeLengths.single(ids.length)), 1e-11);
        }
    }

    @Test
    void aFilledCacheHandsOutTheKeysThatAQueryMaySee() {
        try (var cache = new KvCache(CONFIG, DType.FLOAT32)) {
            Tensor keys = Tensors.normal(1, 1, 301, CONFIG.numKvHeads(), CONFIG.headDim());
            cache.fill(new KeyRange(keys.narrow(0, 0, 300), keys.narrow(0, 0, 300), 0));
            KeyRange fresh = new KeyRange(keys.narrow(0, 300, 1), keys.narrow(0, 300, 1), 300);
            assertThat(cache.length()).isEqualTo(300);
            for (int layer = 0; layer < CONFIG.numLayers(); layer++) {
                List<Tensor> held =
                        cache.keys(layer, fresh).stream().map(KeyRange::k_SKH).toList();
                long first = CONFIG.attentionTypes().get(layer).span().firstVisible(300);
                assertThatTensor(Tensors.cat(held, 0)).isCloseTo(keys.narrow(0, first, 301 - first), 0);
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> cache.fill(new KeyRange(fresh.k_SKH(), fresh.v_SKH(), 17)))
                    .withMessageContaining("got position 17 after 300 tokens");
        }
    }

    private static Tensor inChunks(Zebra model, KvCache cache, int[] ids, int chunk) {
        List<Tensor> parts = new ArrayList<>();
        for (int from = 0; from < ids.length; from += chunk) {
            parts.add(model.hidden(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + chunk)), cache));
        }
        return Tensors.cat(parts, 0);
    }

    @Test
    void bytesAreWhatCostTellsAtEveryLength() {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            try (var lifetime = new Lifetime();
                    var cache = new KvCache(CONFIG, dtype)) {
                Zebra model = TinyModels.model(CONFIG, new RandomWeights(1, dtype, lifetime));
                Cost cost = new Cost(CONFIG);
                assertThat(cache.bytes()).isEqualTo(cost.kvBytes(0, dtype));
                for (int[] chunk : List.of(
                        ids(CONFIG, 1, 1),
                        ids(CONFIG, 255, 1),
                        ids(CONFIG, 1, 1),
                        ids(CONFIG, 300, 1),
                        ids(CONFIG, 467, 1),
                        ids(CONFIG, 1, 1))) {
                    model.hidden(chunk, cache);
                    assertThat(cache.bytes()).isEqualTo(cost.kvBytes(cache.length(), dtype));
                }
            }
        }
        // By hand: 557 tokens take three pages of 256; 2 key-value heads of 8, keys and values, 2 bytes each.
        assertThat(new Cost(CONFIG).kvBytes(557, DType.BFLOAT16)).isEqualTo((768 + 4 + 0 + 10) * 2 * 2 * 8 * 2);
        // From 1024 tokens on pages take 1024 each.
        assertThat(new Cost(CONFIG).kvBytes(1025, DType.BFLOAT16)).isEqualTo((2048 + 4 + 0 + 10) * 2 * 2 * 8 * 2);
    }

    @Test
    void aCacheOfAnotherTypeThanTheModelsIsRefusedAtOnce() {
        try (var lifetime = new Lifetime();
                var cache = new KvCache(CONFIG, DType.BFLOAT16)) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.hidden(new int[] {1}, cache))
                    .withMessageContaining("got bfloat16 and float32");
        }
    }

    @Test
    void aRefusedChunkLeavesTheCacheAsItWas() {
        try (var lifetime = new Lifetime();
                var cache = new KvCache(CONFIG, DType.FLOAT32)) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            model.hidden(new int[] {1, 2}, cache);
            assertThatIllegalArgumentException().isThrownBy(() -> model.hidden(new int[] {3, 61}, cache));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.hidden(new int[0], cache))
                    .withMessageContaining("at least one");
            assertThat(cache.length()).isEqualTo(2);
            assertThatTensor(model.hidden(new int[] {3}, cache))
                    .isCloseTo(
                            model.hidden(new int[] {1, 2, 3}, CumulativeLengths.single(3))
                                    .narrow(0, 2, 1),
                            1e-5);
        }
    }
}
