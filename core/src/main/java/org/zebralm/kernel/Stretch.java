package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Consecutive query rows and the keys they look at in one line: all documents of a packed batch, or one
/// sequence with its cache.
///
/// Keys are numbered along the line. Row `i` sees the keys `first[i] .. own + i`; both ends ascend with the
/// row, so that what a block of rows sees is an interval, and what all of them see is one inside it: only the
/// keys between the two need a mask.
final class Stretch {
    private final int firstRow;
    private final int own;
    private final int[] first;
    private final List<KeyRange> keys;

    private Stretch(int firstRow, int own, int[] first, List<KeyRange> keys) {
        this.firstRow = firstRow;
        this.own = own;
        this.first = first;
        this.keys = keys;
    }

    /// Returns all documents as one stretch, so that short ones share blocks.
    static Stretch packed(Span span, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        int[] first = new int[lengths.total()];
        for (int document = 0; document < lengths.count(); document++) {
            int start = lengths.start(document);
            for (int i = 0; i < lengths.length(document); i++) {
                first[start + i] = start + (int) span.firstVisible(i);
            }
        }
        return new Stretch(0, 0, first, List.of(new KeyRange(k_TKH, v_TKH, 0)));
    }

    /// Returns a sequence with the keys that its queries reach.
    static Stretch of(Span span, Sequence sequence) {
        sequence.requireReach(span);
        long origin = sequence.keys().getFirst().position();
        int[] first = new int[sequence.numRows()];
        for (int i = 0; i < first.length; i++) {
            first[i] = (int) (span.firstVisible(sequence.position() + i) - origin);
        }
        return new Stretch(sequence.firstRow(), (int) (sequence.position() - origin), first, sequence.keys());
    }

    /// Cuts the rows into blocks of at most `size`.
    ///
    /// A block also ends before a document's start once it reaches back more than `size` keys: rows of the next
    /// document see none of those. Short documents share a block.
    List<Block> blocks(int size) {
        List<Block> blocks = new ArrayList<>();
        int start = 0;
        for (int row = 1; row <= first.length; row++) {
            boolean starts = row < first.length && first[row] == own + row;
            if (row == first.length || row - start == size || (starts && own + row - first[start] > size)) {
                blocks.add(new Block(start, row - start, first[start], own + row));
                start = row;
            }
        }
        return blocks;
    }

    /// Returns the keys `[from, to)` head-major, `[K, S, H]`: a view where one range of this type holds them,
    /// else a copy.
    Tensor keys(int from, int to, DType dtype) {
        return gather(from, to, range -> convert(range.k_SKH(), scale(range, true), dtype));
    }

    /// Returns the values `[from, to)` head-major, `[K, S, H]`.
    Tensor values(int from, int to, DType dtype) {
        return gather(from, to, range -> convert(range.v_SKH(), scale(range, false), dtype));
    }

    private Tensor gather(int from, int to, Function<KeyRange, Tensor> part) {
        long origin = keys.getFirst().position();
        List<Tensor> parts = new ArrayList<>();
        for (KeyRange range : keys) {
            long start = Math.max(origin + from, range.position());
            long end = Math.min(origin + to, range.end());
            if (start < end) {
                parts.add(part.apply(range.slice(start, end)));
            }
        }
        Tensor x_SKH = parts.size() == 1 ? parts.getFirst() : Tensors.cat(parts, 0);
        return x_SKH.transpose(0, 1);
    }

    private static @Nullable Tensor scale(KeyRange range, boolean ofKeys) {
        KeyScales scales = range.scales();
        return scales == null ? null : ofKeys ? scales.k_SK() : scales.v_SK();
    }

    private static Tensor convert(Tensor x_SKH, @Nullable Tensor scale_SK, DType dtype) {
        return scale_SK == null
                ? x_SKH.to(dtype)
                : x_SKH.to(DType.FLOAT32).mulInPlace(scale_SK.unsqueeze(2)).to(dtype);
    }

    /// Returns what masks are made of, on the device where they will be used.
    Edges edges(Device device) {
        if (first.length == 1) {
            return new Edges(null, null); // a query alone sees all that it reaches
        }
        boolean ascends = first[0] != first[first.length - 1];
        long[] longs = ascends ? Arrays.stream(first).asLongStream().toArray() : new long[0];
        return new Edges(
                Tensors.arange(device, first[first.length - 1] - first[0] + (long) first.length),
                ascends ? Tensors.of(longs, longs.length, 1).to(device) : null);
    }

    /// Numbers to compare: 0, 1, .. and each row's first key, as a column.
    record Edges(@Nullable Tensor count, @Nullable Tensor first_T1) {}

    /// Some rows of the stretch, from `row` on, and the keys `[from, to)` that any of them sees.
    final class Block {
        private final int row;
        private final int numRows;
        private final int from;
        private final int to;

        private Block(int row, int numRows, int from, int to) {
            this.row = row;
            this.numRows = numRows;
            this.from = from;
            this.to = to;
        }

        int numRows() {
            return numRows;
        }

        int from() {
            return from;
        }

        int to() {
            return to;
        }

        /// Returns the first row's number in the tensors of the call.
        int firstRow() {
            return firstRow + row;
        }

        /// Sets the scores of pairs that are not to be attended to minus infinity; `s_KRS` are those of the
        /// keys `[key, end)`.
        void mask(Tensor s_KRS, int key, int end, Edges edges) {
            if (edges.count == null) {
                return;
            }
            int allSeeFrom = Math.min(first[row + numRows - 1], end);
            if (edges.first_T1 != null && key < allSeeFrom) {
                Tensor first_R1 = edges.first_T1.narrow(0, row, numRows).add(-key);
                Tensor key_E = edges.count.narrow(0, 0, allSeeFrom - key);
                hide(s_KRS, 0, key_E.lessThan(first_R1));
            }
            int allSeeTo = Math.max(own + row + 1, key);
            if (allSeeTo < end) {
                Tensor own_R1 = edges.count.narrow(0, 0, numRows).unsqueeze(1).add(own + row - allSeeTo);
                Tensor key_E = edges.count.narrow(0, 0, end - allSeeTo);
                hide(s_KRS, allSeeTo - key, own_R1.lessThan(key_E));
            }
        }

        private void hide(Tensor s_KRS, int from, Tensor hidden_RE) {
            long groups = s_KRS.size(1) / numRows;
            s_KRS.reshape(s_KRS.size(0), groups, numRows, s_KRS.size(2))
                    .narrow(3, from, hidden_RE.size(1))
                    .maskedFillInPlace(hidden_RE, Double.NEGATIVE_INFINITY);
        }
    }
}
