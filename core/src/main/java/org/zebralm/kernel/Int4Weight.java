package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
/// @param scales bfloat16 `[out, groups]`, negative where a group's extreme is positive
/// @param columns the inputs, of which padding is none
public record Int4Weight(Tensor words, Tensor scales, int columns, int group) implements Weight {
    public Int4Weight {
        Int4Layout layout = new Int4Layout((int) scales.size(0), columns, group);
        if (words.dtype() != DType.INT32
                || !Arrays.equals(words.shape(), layout.wordsShape())
                || scales.dtype() != DType.BFLOAT16
                || !Arrays.equals(scales.shape(), layout.scalesShape())) {
            throw new IllegalArgumentException("a matrix of 4 bits with " + columns + " columns in groups of " + group
                    + " is int32" + Arrays.toString(layout.wordsShape()) + " and bfloat16"
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
        return 4L * layout.rowBlocks() * layout.rowBlockWords() + 2L * layout.outputs() * layout.groups();
    }

    Int4Layout layout() {
        return new Int4Layout((int) scales.size(0), columns, group);
    }

    @Override
    public long outputs() {
        return scales.size(0);
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
        if (!LaunchSettings.hasVectorModule()) {
            return Int4Rows.of(this).rows(from, count, dtype);
        }
        boolean half = dtype == DType.BFLOAT16;
        Tensor rows = Tensors.empty(half ? dtype : DType.FLOAT32, count, columns);
        if (count > 0) {
            expand((int) from, rows);
        }
        return rows.to(dtype);
    }

    private void expand(int from, Tensor rows) {
        Int4Layout layout = layout();
        Tensor contiguous = words.contiguous();
        RowView to = RowView.of(rows.unsqueeze(1));
        RowView factors = RowView.of(scales.unsqueeze(1));
        List<Int4Expansion> tasks = new ArrayList<>();
        int end = from + to.tokens();
        for (int four = from / Int4Layout.ROWS; four * Int4Layout.ROWS < end; four++) {
            tasks.add(new Int4Expansion(layout, contiguous.address(), factors, to, from, four));
        }
        CpuPool.shared().run(tasks, Int4Expansion.floats(layout));
    }

    @Override
    public Tensor rows(long[] ids, DType dtype) {
        Tensor rows = Tensors.empty(dtype, ids.length, columns);
        for (int i = 0; i < ids.length; i++) {
            rows.narrow(0, i, 1).copyInPlace(rows(ids[i], 1, dtype));
        }
        return rows;
    }
}
