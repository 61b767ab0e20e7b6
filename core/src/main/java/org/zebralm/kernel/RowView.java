package org.zebralm.kernel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Tensor;

/// A `[tokens, heads, width]` tensor as workers see it: addresses, which they may compute for every token and
/// head of its shape.
///
/// Holds no tensor: whoever made it keeps the memory alive.
///
/// @param scales where the first factor of int8 rows lies, else 0
/// @param scaleTokenBytes how far apart the factors of neighbouring tokens are
record RowView(
        long address,
        long tokenBytes,
        long headBytes,
        int tokens,
        int heads,
        int width,
        Storage storage,
        long scales,
        long scaleTokenBytes,
        long scaleHeadBytes) {
    /// Looks at `x`, or at a copy where a head's width does not lie in one piece.
    static RowView of(Tensor x) {
        return of(x, null);
    }

    /// Looks at the rows of `[tokens, width]`: no other tensor is made for it, as each decoded token has hundreds.
    static RowView ofRows(Tensor x_TD) {
        if (!x_TD.isCpu() || (x_TD.stride(1) != 1 && x_TD.size(1) > 1)) {
            return of(x_TD.unsqueeze(1));
        }
        long tokenBytes = x_TD.stride(0) * x_TD.dtype().bytes();
        return new RowView(
                x_TD.address(),
                tokenBytes,
                tokenBytes,
                (int) x_TD.size(0),
                1,
                (int) x_TD.size(1),
                Storage.of(x_TD),
                0,
                0,
                0);
    }

    /// Looks at a vector as one row.
    static RowView ofRow(Tensor x_D) {
        if (!x_D.isCpu() || (x_D.stride(0) != 1 && x_D.size(0) > 1)) {
            return of(x_D.reshape(1, 1, x_D.size(0)));
        }
        int width = (int) x_D.size(0);
        long bytes = (long) width * x_D.dtype().bytes();
        return new RowView(x_D.address(), bytes, bytes, 1, 1, width, Storage.of(x_D), 0, 0, 0);
    }

    /// Returns whether [#of] looks at the tensor itself, not at a copy.
    static boolean isOf(Tensor x) {
        return x.stride(2) == 1 || x.size(2) == 1;
    }

    /// Looks at `x`, whose int8 rows have the factors `scales_SK`.
    static RowView of(Tensor x, @Nullable Tensor scales_SK) {
        if (!x.isCpu()) {
            throw new IllegalArgumentException("the CPU kernel needs tensors on the CPU: got " + x);
        }
        Tensor rows = isOf(x) ? x : x.contiguous();
        int bytes = rows.dtype().bytes();
        return new RowView(
                rows.address(),
                rows.stride(0) * bytes,
                rows.stride(1) * bytes,
                (int) rows.size(0),
                (int) rows.size(1),
                (int) rows.size(2),
                Storage.of(rows),
                scales_SK == null ? 0 : scales_SK.address(),
                scales_SK == null ? 0 : scales_SK.stride(0) * 4,
                scales_SK == null ? 0 : scales_SK.stride(1) * 4);
    }

    /// Returns the address of a token's head.
    long at(int token, int head) {
        Objects.checkIndex(token, tokens);
        Objects.checkIndex(head, heads);
        return address + token * tokenBytes + head * headBytes;
    }

    /// Returns whether `next` lies right behind this view, in memory of the same layout.
    boolean isFollowedBy(RowView next) {
        return next.address == address + tokens * tokenBytes
                && next.tokenBytes == tokenBytes
                && next.headBytes == headBytes
                && next.heads == heads
                && next.storage == storage
                && storage != Storage.INT8;
    }

    /// Returns this view with `more` tokens behind it.
    RowView extended(int more) {
        return new RowView(
                address,
                tokenBytes,
                headBytes,
                tokens + more,
                heads,
                width,
                storage,
                scales,
                scaleTokenBytes,
                scaleHeadBytes);
    }

    /// Returns the first `count` tokens.
    RowView first(int count) {
        Objects.checkFromIndexSize(0, count, tokens);
        return extended(count - tokens);
    }

    /// Returns the address of a token's head, given that `count` tokens from there on are to be read.
    long at(int token, int count, int head) {
        Objects.checkFromIndexSize(token, count, tokens);
        return at(token, head);
    }

    /// Returns the factor of an int8 row.
    float scale(int token, int head) {
        Objects.checkIndex(token, tokens);
        Objects.checkIndex(head, heads);
        return Rows.read(scales + token * scaleTokenBytes + head * scaleHeadBytes);
    }

    /// Writes the factor of an int8 row.
    void writeScale(int token, int head, float scale) {
        Objects.checkIndex(token, tokens);
        Objects.checkIndex(head, heads);
        Rows.write(scales + token * scaleTokenBytes + head * scaleHeadBytes, scale);
    }

    /// Brings `count` tokens of a head into the cache, see [ReadAhead#rows].
    int readAhead(int token, int count, int head) {
        return ReadAhead.rows(at(token, count, head), tokenBytes, count, (long) width * storage.bytes());
    }

    /// Reads tokens `[from, from + count)` of a head to rows of `padded` floats at `to`.
    void read(int from, int count, int head, float[] w, int to, int padded) {
        if (count > 0) {
            Objects.checkFromIndexSize(from, count, tokens);
            for (int i = 0; i < count; i += Lanes.BLOCK) {
                int n = Math.min(Lanes.BLOCK, count - i);
                Rows.read(at(from + i, head), tokenBytes, n, width, storage, w, to + i * padded, padded);
            }
            if (storage == Storage.INT8) {
                for (int i = 0; i < count; i++) {
                    Rows.multiply(w, to + i * padded, padded, scale(from + i, head));
                }
            }
        }
    }

    /// Writes rows, `apart` floats apart at `from` and multiplied by `factor`, to tokens `[to, to + count)` of
    /// a head.
    void write(float[] w, int from, int apart, float factor, int to, int count, int head) {
        writeColumns(w, from, apart, factor, to, count, head, 0, width);
    }

    /// Writes rows as [#write] does, but only columns `[column, column + columns)`, of which `from` is the
    /// first.
    void writeColumns(
            float[] w, int from, int apart, float factor, int to, int count, int head, int column, int columns) {
        if (count > 0) {
            Objects.checkFromIndexSize(to, count, tokens);
            Objects.checkFromIndexSize(column, columns, width);
            long address = at(to, head) + (long) column * storage.bytes();
            Rows.write(w, from, apart, count, columns, factor, storage, address, tokenBytes);
        }
    }
}
