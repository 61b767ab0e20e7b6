package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;
import static org.zebralm.testing.TinyModels.tied;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.nn.Params;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.ReferenceDecoder;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

/// What holds of every kind of model: one contract, applied to all.
@ExtendWith(Scoped.class)
class ZebraTest {
    private static final int WINDOW = 5;

    static Stream<ZebraConfig> models() {
        return Stream.of(
                config(GLOBAL, GLOBAL),
                config(GLOBAL, local(WINDOW), local(WINDOW)),
                config(local(WINDOW), local(1), GLOBAL),
                config(local(WINDOW), local(2 * WINDOW)),
                tied(config(AttentionType.grouped(4, 2, WINDOW).toArray(AttentionType[]::new))));
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsEqualPlainLoops(ZebraConfig config) {
        int[] lengths = {1, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, 3 * WINDOW + 5};
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64)) {
            try (var lifetime = new Lifetime()) {
                var weights = new RandomWeights(1, dtype, lifetime);
                Zebra model = TinyModels.model(config, weights);
                var reference = new ReferenceDecoder(config, weights.values());
                for (int length : lengths) {
                    int[] ids = ids(config, length, length);
                    assertThatTensor(model.forward(ids, CumulativeLengths.single(length)))
                            .hasShape(length, config.vocabSize())
                            .isCloseTo(flat(reference.logits(ids)), dtype == DType.FLOAT64 ? 1e-11 : 1e-4);
                }
            }
        }
    }

    private static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }

    @ParameterizedTest
    @MethodSource("models")
    void aBatchOfTwoEqualsTwoBatchesOfOne(ZebraConfig config) {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(config, new RandomWeights(1, DType.FLOAT64, lifetime));
            int[] a = ids(config, 11, 1);
            int[] b = ids(config, 17, 2);
            int[] both = IntStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
            Tensor apart = Tensors.cat(
                    List.of(
                            model.forward(a, CumulativeLengths.single(a.length)),
                            model.forward(b, CumulativeLengths.single(b.length))),
                    0);
            assertThatTensor(model.forward(both, CumulativeLengths.of(0, 11, 28)))
                    .isCloseTo(apart, 1e-12);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void laterTokensChangeNothingBefore(ZebraConfig config) {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(config, lifetime);
            int[] ids = ids(config, 20, 3);
            int changed = 12;
            int[] others = ids.clone();
            others[changed] = (ids[changed] + 1) % config.vocabSize();
            float[] before = model.forward(ids, CumulativeLengths.single(20)).toFloats();
            float[] after = model.forward(others, CumulativeLengths.single(20)).toFloats();
            int end = changed * config.vocabSize();
            assertThat(Arrays.copyOf(after, end)).isEqualTo(Arrays.copyOf(before, end));
            assertThat(Arrays.copyOfRange(after, end, end + config.vocabSize()))
                    .isNotEqualTo(Arrays.copyOfRange(before, end, end + config.vocabSize()));
        }
    }

    @Test
    void localLayersAloneReachTheSumOfTheirWindows() {
        ZebraConfig config = config(local(WINDOW), local(3));
        int reach = WINDOW - 1 + 2; // each layer looks window - 1 tokens back
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(config, new RandomWeights(1, DType.FLOAT64, lifetime));
            int[] ids = ids(config, 24, 4);
            double[] last = lastLogits(model, ids);
            for (int back = 1; back <= 12; back++) {
                int[] others = ids.clone();
                int at = ids.length - 1 - back;
                others[at] = (ids[at] + 7) % config.vocabSize();
                assertThat(Arrays.equals(lastLogits(model, others), last))
                        .as("a token %s back is out of sight", back)
                        .isEqualTo(back > reach);
            }
        }
    }

    private static double[] lastLogits(Zebra model, int... ids) {
        return model.forward(ids, CumulativeLengths.single(ids.length))
                .narrow(0, ids.length - 1, 1)
                .toDoubles();
    }

    @Test
    void parametersHaveLlamasNamesAndTheCountThatCostTells() {
        for (ZebraConfig config : models().toList()) {
            Map<String, long[]> seen = new LinkedHashMap<>();
            Zebra.load(
                    Params.of((name, _, shape) -> {
                        seen.put(name, shape);
                        return Tensors.zeros(DType.FLOAT32, shape);
                    }),
                    config,
                    new PortableAttention());
            long total = seen.values().stream()
                    .mapToLong(shape -> Arrays.stream(shape).reduce(1, (a, b) -> a * b))
                    .sum();
            assertThat(new Cost(config).parameters()).isEqualTo(total);
            assertThat(seen.containsKey("lm_head.weight")).isEqualTo(!config.tieEmbeddings());
            assertThat(seen.get("model.layers.1.self_attn.k_proj.weight")).containsExactly(16, 24);
            assertThat(seen.get("model.layers.0.mlp.down_proj.weight")).containsExactly(24, 40);
            assertThat(seen)
                    .containsKeys(
                            "model.embed_tokens.weight",
                            "model.layers.0.input_layernorm.weight",
                            "model.layers.1.post_attention_layernorm.weight",
                            "model.norm.weight");
        }
    }

    @Test
    void aWholePassRecordsNoHistory() {
        ZebraConfig config = config(GLOBAL, local(WINDOW));
        try (var lifetime = new Lifetime();
                var _ = Autograd.recording(true)) {
            var weights = new RandomWeights(1, DType.FLOAT32, lifetime);
            Params.Source leaves = (name, init, shape) ->
                    lifetime.keep(weights.get(name, init, shape).asLeaf());
            Zebra model = Zebra.load(Params.of(leaves), config, new PortableAttention());
            Tensor hidden_TD = model.hidden(ids(config, 9, 1), CumulativeLengths.single(9));
            assertThat(hidden_TD.requiresGrad()).isFalse();
            assertThat(model.logits(hidden_TD).requiresGrad()).isTrue();
        }
    }

    @Test
    void idsThatDoNotFitAreRefused() {
        ZebraConfig config = config(GLOBAL);
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(config, lifetime);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.forward(new int[] {1, 61}, CumulativeLengths.single(2)))
                    .withMessageContaining("got 61 with a vocabulary of 61");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.forward(new int[] {1, -1}, CumulativeLengths.single(2)))
                    .withMessageContaining("got -1");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.forward(new int[] {1, 2}, CumulativeLengths.single(3)))
                    .withMessageContaining("got 3 and 2");
        }
    }
}
