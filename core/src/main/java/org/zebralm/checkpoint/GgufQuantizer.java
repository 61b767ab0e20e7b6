package org.zebralm.checkpoint;

/// Makes the blocks of quantized GGUF tensors, rounded as ggml's reference does (`quantize_row_q8_0_ref`,
/// `quantize_row_q4_0_ref` in `ggml-quants.c`): in float32, without fused operations.
final class GgufQuantizer {
    private static final int BLOCK = 32;
    private static final float MOST_Q8 = 127;
    private static final float LEAST_Q4 = -8;

    private GgufQuantizer() {}

    /// Encodes whole blocks from the beginning of `floats` into the beginning of `bytes`.
    ///
    /// @throws IllegalArgumentException if a number is not finite, or a scale is too large for float16
    static void encode(GgufType type, float[] floats, int numBlocks, byte[] bytes) {
        for (int block = 0; block < numBlocks; block++) {
            int from = block * BLOCK;
            int to = block * type.blockBytes;
            switch (type) {
                case Q8_0 -> encodeQ8(floats, from, bytes, to);
                case Q4_0 -> encodeQ4(floats, from, bytes, to);
                case F32, F16, BF16, Q4_K, Q6_K ->
                    throw new IllegalArgumentException(type + " is not what numbers are quantized to");
            }
        }
    }

    /// Returns the number farthest from 0, the first of several.
    private static float farthest(float[] floats, int from) {
        float farthest = 0;
        for (int i = from; i < from + BLOCK; i++) {
            if (!Float.isFinite(floats[i])) {
                throw new IllegalArgumentException("numbers must be finite to be quantized: got " + floats[i]);
            }
            if (Math.abs(floats[i]) > Math.abs(farthest)) {
                farthest = floats[i];
            }
        }
        return farthest;
    }

    private static float putScale(float scale, byte[] bytes, int to) {
        short half = Float.floatToFloat16(scale);
        if (!Float.isFinite(Float.float16ToFloat(half))) {
            throw new IllegalArgumentException("numbers must have scales below 65520 to be quantized: got " + scale);
        }
        bytes[to] = (byte) half;
        bytes[to + 1] = (byte) (half >> 8);
        // Where it has no inverse, float16 has no such scale either: all of the block is 0.
        float inverse = 1 / scale;
        return Float.isInfinite(inverse) ? 0 : inverse;
    }

    private static void encodeQ8(float[] floats, int from, byte[] bytes, int to) {
        float inverse = putScale(Math.abs(farthest(floats, from)) / MOST_Q8, bytes, to);
        for (int i = 0; i < BLOCK; i++) {
            bytes[to + 2 + i] = (byte) roundAway(floats[from + i] * inverse);
        }
    }

    /// Rounds halves away from 0, as C's `roundf`.
    private static int roundAway(float number) {
        int whole = (int) number;
        return Math.abs(number - whole) >= 0.5f ? whole + (number < 0 ? -1 : 1) : whole;
    }

    private static void encodeQ4(float[] floats, int from, byte[] bytes, int to) {
        float inverse = putScale(farthest(floats, from) / LEAST_Q4, bytes, to);
        for (int i = 0; i < BLOCK / 2; i++) {
            int low = Math.min(15, (int) (floats[from + i] * inverse + 8.5f));
            int high = Math.min(15, (int) (floats[from + BLOCK / 2 + i] * inverse + 8.5f));
            bytes[to + 2 + i] = (byte) (low | (high << 4));
        }
    }
}
