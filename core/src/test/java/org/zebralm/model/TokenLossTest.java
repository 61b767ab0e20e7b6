package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.ReferenceDecoder;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class TokenLossTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(5));

    @Test
    void eachTokensLossEqualsPlainLoops() {
        try (var lifetime = new Lifetime()) {
            var weights = new RandomWeights(1, DType.FLOAT64, lifetime);
            Zebra model = TinyModels.model(CONFIG, weights);
            var reference = new ReferenceDecoder(CONFIG, weights.values());
            int[] ids = ids(CONFIG, 300, 1); // longer than a chunk of the head
            double[] expected = reference.nll(ids);
            for (int count : new int[] {299, 290, 44, 1}) {
                float[] losses = TokenLoss.ofLast(model, count, ids);
                assertThatTensor(Tensors.of(losses, count))
                        .isCloseTo(Arrays.copyOfRange(expected, 299 - count, 299), 1e-6);
            }
        }
    }

    @Test
    void packedDocumentsAreScoredApartAndIgnoredTargetsNotAtAll() {
        try (var lifetime = new Lifetime()) {
            var weights = new RandomWeights(1, DType.FLOAT64, lifetime);
            Zebra model = TinyModels.model(CONFIG, weights);
            var reference = new ReferenceDecoder(CONFIG, weights.values());
            int[] a = ids(CONFIG, 8, 1);
            int[] b = ids(CONFIG, 12, 2);
            int[] inputs = new int[18];
            int[] targets = new int[18];
            System.arraycopy(a, 0, inputs, 0, 7);
            System.arraycopy(a, 1, targets, 0, 7);
            System.arraycopy(b, 0, inputs, 7, 11);
            System.arraycopy(b, 1, targets, 7, 11);
            targets[2] = Functional.IGNORED;
            double expected = Arrays.stream(reference.nll(a)).sum()
                    - reference.nll(a)[2]
                    + Arrays.stream(reference.nll(b)).sum();
            for (int chunk : new int[] {1, 5, 100}) {
                double sum = TokenLoss.sum(model, inputs, targets, CumulativeLengths.of(0, 7, 18), chunk);
                assertThat(sum).isCloseTo(expected, Offset.offset(1e-4));
            }
        }
    }

    @Test
    void aHeadOfZerosIsExactlyUniform() {
        try (var lifetime = new Lifetime()) {
            var weights = new RandomWeights(1, DType.FLOAT32, lifetime);
            Params.Source uniform = (name, init, shape) -> name.equals("lm_head.weight")
                    ? lifetime.keep(Tensors.zeros(DType.FLOAT32, shape))
                    : weights.get(name, init, shape);
            Zebra model = Zebra.load(Params.of(uniform), CONFIG, new PortableAttention());
            assertThat(TokenLoss.ofLast(model, 9, ids(CONFIG, 10, 1))).containsOnly((float) Math.log(61));
        }
    }

    @Test
    void whatCannotBeScoredIsRefused() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TokenLoss.ofLast(model, 3, 1, 2, 3))
                    .withMessageContaining("got 3 of 3");
            assertThatIllegalArgumentException()
                    .isThrownBy(() ->
                            TokenLoss.each(model, new int[] {1, 2}, new int[] {2}, CumulativeLengths.single(2), 8))
                    .withMessageContaining("got 2 ids and 1 targets");
        }
    }
}
