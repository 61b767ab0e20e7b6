package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Turns weights of 4 bits back into rows of floating-point numbers, one after the other; needs no Vector module.
final class Int4Rows {
    /// Rows of a task.
    private static final int ROWS = 8;

    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final Int4Layout layout;
    private final MemorySegment words;
    private final MemorySegment scales;

    private Int4Rows(Int4Weight weight) {
        layout = weight.layout();
        words = weight.words().contiguous().memory();
        scales = weight.scales().contiguous().memory();
    }

    static Int4Rows of(Int4Weight weight) {
        return new Int4Rows(weight);
    }

    /// Returns `count` rows as `dtype`: the `i`th is the matrix's row `row(i)`.
    Tensor rows(int count, IntUnaryOperator row, DType dtype) {
        Tensor rows = Tensors.empty(DType.FLOAT32, count, layout.inputs());
        if (count > 0) {
            MemorySegment memory = rows.memory();
            List<CpuPool.Task> tasks = new ArrayList<>();
            for (int from = 0; from < count; from += ROWS) {
                int first = from;
                int end = Math.min(count, first + ROWS);
                tasks.add(_ -> {
                    for (int i = first; i < end; i++) {
                        decode(row.applyAsInt(i), memory, (long) i * layout.inputs());
                    }
                });
            }
            CpuPool.shared().run(tasks, 0);
        }
        return rows.to(dtype);
    }

    private void decode(int row, MemorySegment to, long at) {
        float scale = 0;
        for (int column = 0; column < layout.inputs(); column += Int4Layout.COLUMNS) {
            if (column % layout.group() == 0) {
                scale = Float.intBitsToFloat(scales.getAtIndex(HALF, layout.scale(row, column / layout.group())) << 16);
            }
            int word = words.getAtIndex(WORD, layout.word(row, column));
            int end = Math.min(Int4Layout.COLUMNS, layout.inputs() - column);
            for (int j = 0; j < end; j++) {
                int number = (word >>> (4 * j)) & 15;
                to.setAtIndex(FLOAT, at + column + j, (number - Int4Layout.ZERO) * scale);
            }
        }
    }
}
