package org.zebralm.checkpoint;

/// Decodes the blocks of quantized GGUF tensors, in float32 and in the order of operations of ggml's `ggml-quants.c`.
final class GgufBlocks {
    private GgufBlocks() {}

    /// Decodes whole blocks from the beginning of `bytes` into the beginning of `floats`.
    static void decode(GgufType type, byte[] bytes, int numBlocks, float[] floats) {
        for (int block = 0; block < numBlocks; block++) {
            int from = block * type.blockBytes;
            int to = block * type.blockElements;
            switch (type) {
                case Q4_0 -> decodeQ4(bytes, from, floats, to);
                case Q8_0 -> decodeQ8(bytes, from, floats, to);
                case Q4_K -> decodeQ4K(bytes, from, floats, to);
                case Q6_K -> decodeQ6K(bytes, from, floats, to);
                case F32, F16, BF16 -> throw new IllegalArgumentException(type + " has no blocks to decode");
            }
        }
    }

    private static float half(byte[] bytes, int at) {
        return Float.float16ToFloat((short) ((bytes[at] & 0xFF) | (bytes[at + 1] << 8)));
    }

    /// A scale and 32 numbers of 4 bits, each byte holding the one of the first half below that of the second.
    private static void decodeQ4(byte[] bytes, int from, float[] floats, int to) {
        float scale = half(bytes, from);
        for (int i = 0; i < 16; i++) {
            int pair = bytes[from + 2 + i];
            floats[to + i] = ((pair & 0xF) - 8) * scale;
            floats[to + 16 + i] = (((pair >> 4) & 0xF) - 8) * scale;
        }
    }

    /// A scale and 32 bytes.
    private static void decodeQ8(byte[] bytes, int from, float[] floats, int to) {
        float scale = half(bytes, from);
        for (int i = 0; i < 32; i++) {
            floats[to + i] = bytes[from + 2 + i] * scale;
        }
    }

    /// Two scales, eight pairs of a factor and an offset in 6 bits each, and 256 numbers of 4 bits.
    private static void decodeQ4K(byte[] bytes, int from, float[] floats, int to) {
        float scale = half(bytes, from);
        float minScale = half(bytes, from + 2);
        for (int part = 0; part < 8; part++) {
            float factor = scale * factor(bytes, from + 4, part);
            float offset = minScale * offset(bytes, from + 4, part);
            int numbers = from + 16 + part / 2 * 32;
            int shift = part % 2 * 4;
            for (int i = 0; i < 32; i++) {
                floats[to + 32 * part + i] = factor * ((bytes[numbers + i] >> shift) & 0xF) - offset;
            }
        }
    }

    /// The first four factors have a byte each; two of its bits are the upper ones of the last four's.
    private static int factor(byte[] bytes, int at, int part) {
        return part < 4
                ? bytes[at + part] & 63
                : (bytes[at + part + 4] & 0xF) | (((bytes[at + part - 4] >> 6) & 3) << 4);
    }

    private static int offset(byte[] bytes, int at, int part) {
        return part < 4
                ? bytes[at + part + 4] & 63
                : ((bytes[at + part + 4] >> 4) & 0xF) | (((bytes[at + part] >> 6) & 3) << 4);
    }

    /// 256 numbers of 6 bits, the lower four and the upper two apart, a factor for each 16, and a scale.
    private static void decodeQ6K(byte[] bytes, int from, float[] floats, int to) {
        float scale = half(bytes, from + 208);
        for (int half = 0; half < 2; half++) {
            int low = from + 64 * half;
            int high = from + 128 + 32 * half;
            int factors = from + 192 + 8 * half;
            for (int quarter = 0; quarter < 4; quarter++) {
                int lowBytes = low + quarter % 2 * 32;
                int lowShift = quarter / 2 * 4;
                int first = to + 128 * half + 32 * quarter;
                for (int i = 0; i < 32; i++) {
                    int number =
                            ((bytes[lowBytes + i] >> lowShift) & 0xF) | (((bytes[high + i] >> (2 * quarter)) & 3) << 4);
                    floats[first + i] = scale * bytes[factors + 2 * quarter + i / 16] * (number - 32);
                }
            }
        }
    }
}
