package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A matrix of 4 bits a weight, `(number - 8) * scale`: numbers from 0 to 15, a bfloat16 scale for each group of
/// neighbouring columns of a row.
///
/// The product of scale and number is exact in float32.
///
/// @param words int32, in the order of the format ([docs/quantization.md](../docs/quantization.md))
/// @param scales bfloat16, in the order of the format, negative where a group's extreme is positive
/// @param rows the outputs, of which padding is none
/// @param columns the inputs, of which padding is none
public record Int4Weight(Tensor words, Tensor scales, int rows, int columns, int group) implements Weight {
    public Int4Weight {
        Int4Layout layout = new Int4Layout(rows, columns, group);
        if (words.dtype() != DType.INT32
                || !Arrays.equals(words.shape(), layout.wordsShape())
                || scales.dtype() != DType.BFLOAT16
                || !Arrays.equals(scales.shape(), layout.scalesShape())) {
            throw new IllegalArgumentException("a matrix of 4 bits of " + rows + " x " + columns + " in groups of "
                    + group + " is int32" + Arrays.toString(layout.wordsShape()) + " and bfloat16"
                    + Arrays.toString(layout.scalesShape()) + ": got " + words + " and " + scales);
        }
    }

    /// Returns the shape of the words of a matrix.
    public static long[] wordsShape(long out, long in, int group) {
        return new Int4Layout((int) out, (int) in, group).wordsShape();
    }

    /// Returns the shape of the scales of a matrix.
    public static long[] scalesShape(long out, long in, int group) {
        return new Int4Layout((int) out, (int) in, group).scalesShape();
    }

    /// Returns the bytes of a matrix, scales included.
    public static long bytes(long out, long in, int group) {
        var layout = new Int4Layout((int) out, (int) in, group);
        return (4L * layout.vectors() + 2L * layout.groups()) * Int4Layout.LANES * layout.panels();
    }

    Int4Layout layout() {
        return new Int4Layout(rows, columns, group);
    }

    @Override
    public long outputs() {
        return rows;
    }

    @Override
    public long inputs() {
        return columns;
    }

    @Override
    public SequencedMap<String, Tensor> tensors() {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("", words);
        tensors.put(SCALE, scales);
        return tensors;
    }

    @Override
    public Tensor rows(long from, long count, DType dtype) {
        Objects.checkFromIndexSize(from, count, rows);
        return Int4Rows.of(this).rows((int) count, i -> (int) from + i, dtype);
    }

    @Override
    public Tensor rows(long[] ids, DType dtype) {
        return Int4Rows.of(this).rows(ids.length, i -> Objects.checkIndex((int) ids[i], rows), dtype);
    }

    /// Returns rows as [#rows] does, transposed in memory: outputs lie side by side here, too.
    @Override
    public Tensor block(long from, long count, DType dtype) {
        if (!LaunchSettings.hasVectorModule() || from % Int4Layout.LANES != 0 || count == 0) {
            return rows(from, count, dtype);
        }
        Objects.checkFromIndexSize(from, count, rows);
        Tensor block_IB = Tensors.empty(dtype == DType.BFLOAT16 ? dtype : DType.FLOAT32, columns, count);
        Int4Layout layout = layout();
        long address = words.contiguous().address();
        long factors = scales.contiguous().address();
        RowView to = RowView.ofRows(block_IB);
        List<Int4Expansion> tasks = new ArrayList<>();
        for (long panels = 0; panels < count; panels += Int4Expansion.OUTPUTS) {
            tasks.add(new Int4Expansion(layout, address, factors, to, (int) from, (int) panels));
        }
        CpuPool.shared().run(tasks, Int4Expansion.floats(layout));
        return block_IB.to(dtype).transpose(0, 1);
    }
}
