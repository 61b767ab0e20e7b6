package org.zebralm.kernel;

/// Rounds one group of weights to 4 bits.
final class Int4Group {
    /// How far the scales that are tried lie from the one that takes a group's extreme to -8.
    private static final float[] TRIED = {1f, 0.82f, 0.86f, 0.9f, 0.94f, 0.97f, 1.03f, 1.07f, 1.12f};

    private Int4Group() {}

    /// Rounds `count` weights of a row from column `from` on, those beyond its end left out; returns their scale, a
    /// bfloat16 number.
    static float round(float[] row, int from, int count, int[] numbers) {
        int end = Math.min(row.length, from + count);
        float extreme = 0;
        for (int i = from; i < end; i++) {
            if (Math.abs(Quantizer.finite(row[i])) > Math.abs(extreme)) {
                extreme = row[i];
            }
        }
        if (extreme == 0) {
            return 0; // numbers are 8 already: nothing
        }
        float best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (float tried : TRIED) {
            float scale = bfloat16(extreme / -8 * tried);
            double error = error(row, from, end, scale);
            if (error < least) {
                least = error;
                best = scale;
            }
        }
        for (int i = from; i < end; i++) {
            numbers[i] = number(row[i], best);
        }
        return best;
    }

    private static double error(float[] row, int from, int end, float scale) {
        double error = 0;
        for (int i = from; i < end; i++) {
            double difference = row[i] - (double) (number(row[i], scale) - Int4Layout.ZERO) * scale;
            error += difference * difference;
        }
        return error;
    }

    private static int number(float weight, float scale) {
        return scale == 0 ? Int4Layout.ZERO : Math.clamp((int) Math.rint(weight / scale) + Int4Layout.ZERO, 0, 15);
    }

    /// Returns the nearest bfloat16 number, ties to even.
    static float bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000);
    }
}
