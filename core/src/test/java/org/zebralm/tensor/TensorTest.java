package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class TensorTest {
    private static Tensor matrix() {
        return Tensors.of(new float[] {1, -2, 3, 4, 5, 6}, 2, 3);
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyTypeIsMadeConvertedAndNamed(DType dtype) {
        Tensor tensor = Tensors.zeros(dtype, 2, 3);
        assertThat(tensor.dtype()).isEqualTo(dtype);
        assertThat(tensor.memory().byteSize()).isEqualTo(6L * dtype.bytes());
        assertThat(DType.parse(dtype.label())).isEqualTo(dtype);
        assertThat(Tensors.of(new long[] {1, 0}, 2).to(dtype).toDoubles()).containsExactly(1, 0);
    }

    @Test
    void unknownTypesAndDevicesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DType.parse("bf16"))
                .withMessageContaining("bfloat16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Device.parse("gpu"))
                .withMessageContaining("cuda:N: got gpu");
        assertThatIllegalArgumentException().isThrownBy(() -> Device.parse("cuda:99"));
        assertThat(Device.parse("cpu")).isEqualTo(Device.CPU);
    }

    @Test
    void viewsShareMemoryAndCopiesDoNot() {
        Tensor x = matrix();
        Tensor view = x.transpose(0, 1).narrow(0, 1, 2);
        Tensor copy = x.copy();
        x.mulInPlace(10);
        assertThat(view.toDoubles()).containsExactly(-20, 50, 30, 60);
        assertThat(copy.toDoubles()).containsExactly(1, -2, 3, 4, 5, 6);
        assertThat(view.stride(0)).isEqualTo(1);
        assertThatIllegalStateException().isThrownBy(view::memory).withMessageContaining("contiguous");
        assertThat(view.contiguous().memory().getAtIndex(ValueLayout.JAVA_FLOAT, 1))
                .isEqualTo(50);
    }

    @Test
    void reductionsFollowTheirAxis() {
        Tensor x = matrix();
        assertThat(x.sum().item()).isEqualTo(17);
        assertThat(x.sum(1, false).toDoubles()).containsExactly(2, 15);
        assertThatTensor(x.max(1, true)).hasShape(2, 1).isCloseTo(new double[] {3, 6}, 0);
        assertThat(x.argmax(1).toLongs()).containsExactly(2, 2);
        assertThat(x.norm().item()).isCloseTo(Math.sqrt(91), org.assertj.core.data.Offset.offset(1e-6));
        assertThat(Tensors.of(new float[] {3, 7, 7}, 3).argmax(0).item()).isEqualTo(1);
    }

    @Test
    void rowsAreTakenAndAddedByIndex() {
        Tensor x = matrix();
        assertThat(x.rows(Tensors.ofIds(1, 1)).toDoubles()).containsExactly(4, 5, 6, 4, 5, 6);
        x.addRowsInPlace(Tensors.ofIds(0, 0), Tensors.full(1, DType.FLOAT32, 2, 3));
        assertThat(x.toDoubles()).containsExactly(3, 0, 5, 4, 5, 6);
    }

    @Test
    void crossEntropyEqualsPlainLoopsAndSkipsIgnoredTargets() {
        double[] logits = {1, 2, 3, 0.5, -1, 4};
        Tensor logits_TV = Tensors.of(logits, 2, 3);
        double first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 2;
        Tensor targets = Tensors.of(new long[] {1, Functional.IGNORED}, 2);
        assertThatTensor(Functional.crossEntropyEach(logits_TV, targets)).isCloseTo(new double[] {first, 0}, 1e-12);
        assertThatTensor(Functional.crossEntropySum(logits_TV, targets)).isCloseTo(new double[] {first}, 1e-12);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Functional.crossEntropySum(logits_TV, Tensors.ofIds(1)))
                .withMessageContaining("float64[2, 3] and int64[1]");
    }

    @Test
    void seededNormalsRepeatAndDiffer() {
        float[] a = Tensors.normal(2, 5, 1000).toFloats();
        assertThat(Tensors.normal(2, 5, 1000).toFloats()).isEqualTo(a);
        assertThat(Tensors.normal(2, 6, 1000).toFloats()).isNotEqualTo(a);
        double squares = 0;
        for (float value : a) {
            squares += value * value;
        }
        assertThat(squares / 1000).isBetween(3.4, 4.6);
    }

    @Test
    void memoryOfTheCallersIsUsedInPlace() {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(ValueLayout.JAVA_FLOAT, 4);
            Tensor x = Tensors.over(memory, DType.FLOAT32, 2, 2);
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, 3, 8);
            assertThat(x.toDoubles()).containsExactly(0, 0, 0, 8);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tensors.over(memory, DType.FLOAT32, 5))
                    .withMessageContaining("20 bytes does not fit 16");
        }
    }

    @Test
    void shapeErrorsNameTheOperationAndBothShapes() {
        Tensor x = matrix();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.matmul(x))
                .withMessage("matmul needs [.., m, k] and [.., k, n]: got float32[2, 3] and float32[2, 3]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> x.copyInPlace(x.transpose(0, 1)))
                .withMessageContaining("copy needs equal shapes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Functional.linear(x, x.to(DType.BFLOAT16), null))
                .withMessageContaining("of one dtype");
        assertThatIllegalArgumentException().isThrownBy(() -> Tensors.of(new float[3], 2, 2));
    }

    @Test
    void nothingIsATensorToo() {
        assertThat(Tensors.of(new float[0], 0, 4).toFloats()).isEmpty();
        assertThat(Tensors.cat(List.of(matrix(), Tensors.zeros(DType.FLOAT32, 0, 3)), 0)
                        .shape())
                .containsExactly(2, 3);
    }
}
