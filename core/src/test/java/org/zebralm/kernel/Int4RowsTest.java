package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

/// Against the numbers that [StoredWeights] reads, which are exact in float32.
@ExtendWith(Scoped.class)
class Int4RowsTest {
    private static final int OUTPUTS = 87;

    @Test
    void thePlainLoopAndTheVectorsGiveTheRowsThatTheFormatSays() {
        for (int columns : new int[] {1, 100, 128, 130, 300}) {
            for (int group : new int[] {32, 64, 128}) {
                Int4Weight weight = Quantizer.int4(
                        Tensors.of(StoredWeights.values(OUTPUTS * columns, columns), OUTPUTS, columns), group);
                Tensor all = Tensors.of(StoredWeights.read(weight), OUTPUTS, columns);
                for (DType dtype : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT64}) {
                    for (int[] part :
                            new int[][] {{0, OUTPUTS}, {0, 32}, {16, 71}, {32, 3}, {32, 55}, {80, 7}, {6, 11}}) {
                        double[] expected = all.narrow(0, part[0], part[1])
                                .to(DType.FLOAT32)
                                .to(dtype)
                                .toDoubles();
                        String what = "%d columns in groups of %d as %s, %d rows from %d on"
                                .formatted(columns, group, dtype, part[1], part[0]);
                        Tensor rows = weight.rows(part[0], part[1], dtype);
                        assertThat(rows.dtype()).isEqualTo(dtype);
                        assertThat(rows.toDoubles()).as("rows: " + what).containsExactly(expected);
                        Tensor block = weight.block(part[0], part[1], dtype);
                        assertThat(block.dtype()).isEqualTo(dtype);
                        assertThat(block.shape()).containsExactly(part[1], columns);
                        assertThat(block.toDoubles()).as("block: " + what).containsExactly(expected);
                    }
                }
            }
        }
    }

    @Test
    void blocksThatBeginAPanelLieTransposed() {
        Int4Weight weight = Quantizer.int4(Tensors.of(StoredWeights.values(64 * 96, 1), 64, 96), 32);
        Tensor block = weight.block(32, 24, DType.BFLOAT16);
        assertThat(block.stride(0)).isEqualTo(1);
        assertThat(block.stride(1)).isEqualTo(24);
    }

    @Test
    void rowsThatAreNotThereAreRefused() {
        Int4Weight weight = Quantizer.int4(Tensors.of(StoredWeights.values(20 * 32, 1), 20, 32), 32);
        assertThatThrownBy(() -> weight.rows(16, 5, DType.FLOAT32)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> weight.block(16, 5, DType.FLOAT32)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> weight.rows(new long[] {20}, DType.FLOAT32))
                .hasRootCauseInstanceOf(IndexOutOfBoundsException.class);
    }
}
