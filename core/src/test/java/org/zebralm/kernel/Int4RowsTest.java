package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class Int4RowsTest {
    @Test
    void thePlainLoopAndTheVectorsGiveTheSameRows() {
        for (int columns : new int[] {1, 31, 128, 300, 512, 1000, 1024}) {
            for (int group : new int[] {32, 64, 128}) {
                Int4Weight weight =
                        Quantizer.int4(Tensors.of(StoredWeights.values(23 * columns, columns), 23, columns), group);
                for (DType dtype : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT64}) {
                    assertThat(weight.rows(6, 11, dtype).toDoubles())
                            .as("%d columns in groups of %d as %s", columns, group, dtype)
                            .isEqualTo(Int4Rows.of(weight).rows(6, 11, dtype).toDoubles());
                }
            }
        }
    }
}
