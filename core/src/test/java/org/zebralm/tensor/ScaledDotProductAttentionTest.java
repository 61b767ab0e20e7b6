package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.testing.ReferenceAttention;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

/// libtorch's attention, through our binding, against float64 loops.
@ExtendWith(Scoped.class)
class ScaledDotProductAttentionTest {
    private static final int HEADS = 3;
    private static final int WIDTH = 16;
    private static final int TOKENS = 40;

    private static Tensor tokenMajor(double[] values) {
        return Tensors.of(values, TOKENS, HEADS, WIDTH).to(DType.FLOAT32);
    }

    private static Tensor headMajor(Tensor x_TNH) {
        return x_TNH.transpose(0, 1).unsqueeze(0);
    }

    private static double[] tokenMajorValues(Tensor x_1NTH) {
        return x_1NTH.reshape(HEADS, TOKENS, WIDTH).transpose(0, 1).toDoubles();
    }

    /// Zero for pairs within a window, minus infinity for others.
    private static Tensor mask(int window) {
        float[] mask = new float[TOKENS * TOKENS];
        for (int i = 0; i < mask.length; i++) {
            int distance = i / TOKENS - i % TOKENS;
            mask[i] = distance >= 0 && distance < window ? 0 : Float.NEGATIVE_INFINITY;
        }
        return Tensors.of(mask, TOKENS, TOKENS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void equalsTheDefinitionForwardAndBackward(int window) {
        double[] q = TinyModels.normal(1, TOKENS * HEADS * WIDTH);
        double[] k = TinyModels.normal(2, TOKENS * HEADS * WIDTH);
        double[] v = TinyModels.normal(3, TOKENS * HEADS * WIDTH);
        double[] dOut = TinyModels.normal(4, TOKENS * HEADS * WIDTH);
        var reference = new ReferenceAttention(HEADS, HEADS, WIDTH, 0.3, window);
        Tensor qLeaf = tokenMajor(q).asLeaf();
        Tensor kLeaf = tokenMajor(k).asLeaf();
        Tensor vLeaf = tokenMajor(v).asLeaf();
        try (var _ = Autograd.recording(true)) {
            Tensor out = Functional.scaledDotProductAttention(
                    headMajor(qLeaf),
                    headMajor(kLeaf),
                    headMajor(vLeaf),
                    window == 0 ? null : mask(window),
                    window == 0,
                    0.3);
            Autograd.backward(List.of(out), List.of(headMajor(tokenMajor(dOut))));
            assertThatTensor(Tensors.of(tokenMajorValues(out.detach()), TOKENS * HEADS * WIDTH))
                    .isCloseTo(reference.forward(q, k, v, 0, TOKENS).out(), 1e-5);
        }
        var gradients = reference.backward(q, k, v, dOut, 0, TOKENS);
        assertThatTensor(Objects.requireNonNull(qLeaf.grad())).isCloseTo(gradients.dq(), 1e-5);
        assertThatTensor(Objects.requireNonNull(kLeaf.grad())).isCloseTo(gradients.dk(), 1e-5);
        assertThatTensor(Objects.requireNonNull(vLeaf.grad())).isCloseTo(gradients.dv(), 1e-5);
    }

    @Test
    void whatWouldCrashOrMisleadIsRefused() {
        Tensor x = Tensors.zeros(DType.FLOAT32, 1, 2, 3, 4);
        Tensor ofBooleans = Tensors.zeros(DType.BOOL, 3, 3);
        Tensor ofFloats = Tensors.zeros(DType.FLOAT32, 3, 3);
        Tensor fewerHeads = Tensors.zeros(DType.FLOAT32, 1, 1, 3, 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Functional.scaledDotProductAttention(x, x, x, ofBooleans, false, 1))
                .withMessageContaining("a mask must be of floats and stand alone: got bool[3, 3]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Functional.scaledDotProductAttention(x, x, x, ofFloats, true, 1))
                .withMessageContaining("with causal");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Functional.scaledDotProductAttention(x, fewerHeads, fewerHeads, null, true, 1))
                .withMessageContaining("[B, N, S, H]: got float32[1, 2, 3, 4]");
    }
}
