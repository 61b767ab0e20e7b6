package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Turns weights of 4 bits back into floating-point numbers, one after the other; needs no Vector module.
final class Int4Rows {
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

    /// Returns rows as `dtype`.
    Tensor rows(long from, long count, DType dtype) {
        Tensor rows = Tensors.empty(DType.FLOAT32, count, layout.inputs());
        MemorySegment memory = rows.memory();
        int eights = (int) (count + 7) / 8;
        List<CpuPool.Task> tasks = new ArrayList<>();
        for (int i = 0; i < eights; i++) {
            long first = from + 8L * i;
            long end = Math.min(from + count, first + 8);
            tasks.add(_ -> {
                for (long row = first; row < end; row++) {
                    decode((int) row, memory, (row - from) * layout.inputs());
                }
            });
        }
        CpuPool.shared().run(tasks, 0);
        return rows.to(dtype);
    }

    private void decode(int row, MemorySegment to, long at) {
        int numbers = layout.laneInputs();
        for (int column = 0; column < layout.inputs(); column += numbers) {
            int lane = column / numbers % Int4Layout.LANES;
            int block = column / layout.blockInputs();
            float scale = scale(row, column / layout.group());
            for (int t = 0; t < numbers && column + t < layout.inputs(); t++) {
                int word = words.getAtIndex(WORD, layout.word(row, block, t / 8, lane));
                int number = (word >>> (4 * (t % 8))) & 15;
                to.setAtIndex(FLOAT, at + column + t, (number - Int4Layout.ZERO) * scale);
            }
        }
    }

    private float scale(int row, int group) {
        return Float.intBitsToFloat(scales.getAtIndex(HALF, (long) row * layout.groups() + group) << 16);
    }
}
