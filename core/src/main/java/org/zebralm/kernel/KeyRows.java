package org.zebralm.kernel;

/// One layer's keys and values of neighbouring tokens, as kernels read and write them: addresses.
///
/// Holds no tensor: whoever made it keeps the memory alive.
public final class KeyRows {
    /// One over the largest number of int8: symmetric, so -128 is left out.
    private static final float ONE_STEP = (float) (1 / 127d);

    private final RowView keys;
    private final RowView values;

    private KeyRows(RowView keys, RowView values) {
        this.keys = keys;
        this.values = values;
    }

    /// Looks at a range of keys in float32, bfloat16 or int8 on the CPU.
    public static KeyRows of(KeyRange range) {
        return new KeyRows(range.keys(), range.values());
    }

    /// Returns the first `count` tokens.
    public KeyRows first(int count) {
        return count == keys.tokens() ? this : new KeyRows(keys.first(count), values.first(count));
    }

    public int length() {
        return keys.tokens();
    }

    RowView keys() {
        return keys;
    }

    RowView values() {
        return values;
    }

    /// Writes a row's keys and values to a token, rounded as [KeyRange#quantize] and libtorch round.
    void write(int token, RowView k, RowView v, int row, float[] w) {
        write(keys, token, k, row, w);
        write(values, token, v, row, w);
    }

    static int floats(int width) {
        return Lanes.padded(width);
    }

    private static void write(RowView to, int token, RowView from, int row, float[] w) {
        int padded = Lanes.padded(from.width());
        for (int head = 0; head < from.heads(); head++) {
            from.read(row, 1, head, w, 0, padded);
            if (to.storage() == Storage.INT8) {
                writeInt8(to, token, head, w);
            } else {
                to.write(w, 0, padded, 1, token, 1, head);
            }
        }
    }

    private static void writeInt8(RowView to, int token, int head, float[] w) {
        float largest = 0;
        for (int d = 0; d < to.width(); d++) {
            largest = Math.max(largest, Math.abs(w[d]));
        }
        // A row of zeros keeps a scale it can be divided by.
        float scale = Math.max(largest * ONE_STEP, Float.MIN_NORMAL);
        long address = to.at(token, head);
        for (int d = 0; d < to.width(); d++) {
            Rows.writeByte(address + d, (byte) Math.rint(w[d] / scale));
        }
        to.writeScale(token, head, scale);
    }
}
