package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TensorListsTest {
    @Test
    void normsAreThoseOfEachTensor() {
        try (var _ = Scope.open()) {
            List<Tensor> tensors =
                    List.of(Tensors.of(new float[] {3, 4}, 2), Tensors.of(new float[] {2, -2, 2, 2, 0, 0}, 2, 3));
            assertThat(TensorLists.norms(tensors)).containsExactly(5, 4);
            assertThat(TensorLists.norms(List.of())).isEmpty();
        }
    }

    @Test
    void aNormIsNotFiniteWhereAnElementIsNot() {
        try (var _ = Scope.open()) {
            double[] norms = TensorLists.norms(List.of(
                    Tensors.of(new float[] {1, Float.NaN}, 2), Tensors.of(new float[] {Float.NEGATIVE_INFINITY}, 1)));
            assertThat(norms[0]).isNaN();
            assertThat(norms[1]).isInfinite();
        }
    }

    @Test
    void allTensorsOfAListAreChangedInPlace() {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor a = Tensors.of(new float[] {1, 2}, 2);
            Tensor b = Tensors.of(new float[] {4}, 1);
            TensorLists.multiplyInPlace(List.of(a, b), 0.5);
            assertThat(a.toFloats()).containsExactly(0.5f, 1);
            assertThat(b.toFloats()).containsExactly(2);
            TensorLists.lerpInPlace(
                    List.of(a, b), List.of(Tensors.of(new float[] {4.5f, 1}, 2), Tensors.of(new float[] {0}, 1)), 0.25);
            assertThat(a.toFloats()).containsExactly(1.5f, 1);
            assertThat(b.toFloats()).containsExactly(1.5f);
            TensorLists.zeroInPlace(List.of(a, b));
            assertThat(a.toFloats()).containsExactly(0, 0);
            assertThat(b.toFloats()).containsExactly(0);
        }
    }
}
