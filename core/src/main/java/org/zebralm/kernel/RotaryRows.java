package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Rotation of heads in place: elements `i` and `i + H / 2` of each turn by the angle `i` of their token.
final class RotaryRows {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private final RowView x;
    private final RowView cos;
    private final RowView sin;
    private final float sign;
    private final int half;
    private final int padded;

    RotaryRows(RowView x, RowView cos, RowView sin, float sign) {
        this.x = x;
        this.cos = cos;
        this.sin = sin;
        this.sign = sign;
        half = cos.width();
        padded = Lanes.padded(half);
    }

    int floats() {
        return 2 * padded + 2 * padded;
    }

    void rotate(int from, int to, float[] w) {
        int sines = padded;
        int a = 2 * padded;
        int b = 3 * padded;
        for (int t = from; t < to; t++) {
            cos.read(t, 1, 0, w, 0, padded);
            sin.read(t, 1, 0, w, sines, padded);
            Rows.multiply(w, sines, padded, sign);
            for (int head = 0; head < x.heads(); head++) {
                long first = x.at(t, head);
                long second = first + (long) half * x.storage().bytes();
                Rows.read(first, 0, 1, half, x.storage(), w, a, padded);
                Rows.read(second, 0, 1, half, x.storage(), w, b, padded);
                turn(w, a, b, sines, padded);
                Rows.write(w, a, padded, 1, half, 1, x.storage(), first, 0);
                Rows.write(w, b, padded, 1, half, 1, x.storage(), second, 0);
            }
        }
    }

    private static void turn(float[] w, int a, int b, int sines, int count) {
        for (int i = 0; i < count; i += L) {
            FloatVector c = FloatVector.fromArray(S, w, i);
            FloatVector s = FloatVector.fromArray(S, w, sines + i);
            FloatVector x = FloatVector.fromArray(S, w, a + i);
            FloatVector y = FloatVector.fromArray(S, w, b + i);
            x.mul(c).sub(y.mul(s)).intoArray(w, a + i);
            y.mul(c).add(x.mul(s)).intoArray(w, b + i);
        }
    }
}
