package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// SwiGLU of rows, `silu(gate) * up`, and its gradients.
///
/// With `s = 1 / (1 + exp(-gate))`: `dUp = dy * gate * s`, `dGate = dy * up * s * (1 + gate * (1 - s))`. The
/// exponential
/// is [TileSoftmax]'s.
final class SwigluRows {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final int STEP = RowSteps.FLOATS;
    private static final float MINUS_LOG2_E = (float) (-1 / Math.log(2));

    /// Beyond, the sigmoid is 0 or 1 in float32.
    private static final float MOST = 125;

    static final int FLOATS = 3 * STEP;

    private final RowView gate;
    private final RowView up;
    private final RowView y;

    SwigluRows(RowView gate, RowView up, RowView y) {
        this.gate = gate;
        this.up = up;
        this.y = y;
    }

    void forward(int from, int to, float[] w) {
        walk(from, to, w, false);
    }

    void backward(int from, int to, float[] w) {
        walk(from, to, w, true);
    }

    private void walk(int from, int to, float[] w, boolean back) {
        int width = gate.width();
        Storage storage = gate.storage();
        for (int t = from; t < to; t++) {
            long gates = gate.at(t, 0);
            long ups = up.at(t, 0);
            long ys = y.at(t, 0);
            for (int d = 0; d < width; d += STEP) {
                int n = Math.min(STEP, width - d);
                int padded = Lanes.padded(n);
                long offset = (long) d * storage.bytes();
                Rows.read(gates + offset, 0, 1, n, storage, w, 0, padded);
                Rows.read(ups + offset, 0, 1, n, storage, w, STEP, padded);
                if (back) {
                    Rows.read(ys + offset, 0, 1, n, storage, w, 2 * STEP, padded);
                    gradients(w, padded);
                    Rows.write(w, 0, padded, 1, n, 1, storage, gates + offset, 0);
                    Rows.write(w, STEP, padded, 1, n, 1, storage, ups + offset, 0);
                } else {
                    products(w, padded);
                }
                Rows.write(w, 2 * STEP, padded, 1, n, 1, storage, ys + offset, 0);
            }
        }
    }

    private static void products(float[] w, int count) {
        for (int i = 0; i < count; i += L) {
            FloatVector g = FloatVector.fromArray(S, w, i);
            FloatVector x = g.mul(MINUS_LOG2_E).max(-MOST).min(MOST);
            FloatVector whole = x.add(TileSoftmax.ROUND);
            FloatVector part = x.sub(whole.sub(TileSoftmax.ROUND));
            FloatVector power = TileSoftmax.E5
                    .fma(part, TileSoftmax.E4)
                    .fma(part, TileSoftmax.E3)
                    .fma(part, TileSoftmax.E2)
                    .fma(part, TileSoftmax.E1)
                    .fma(part, TileSoftmax.E0);
            power = power.reinterpretAsInts()
                    .add(whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
            g.div(power.add(1)).mul(FloatVector.fromArray(S, w, STEP + i)).intoArray(w, 2 * STEP + i);
        }
    }

    private static void gradients(float[] w, int count) {
        for (int i = 0; i < count; i += L) {
            FloatVector g = FloatVector.fromArray(S, w, i);
            FloatVector x = g.mul(MINUS_LOG2_E).max(-MOST).min(MOST);
            FloatVector whole = x.add(TileSoftmax.ROUND);
            FloatVector part = x.sub(whole.sub(TileSoftmax.ROUND));
            FloatVector power = TileSoftmax.E5
                    .fma(part, TileSoftmax.E4)
                    .fma(part, TileSoftmax.E3)
                    .fma(part, TileSoftmax.E2)
                    .fma(part, TileSoftmax.E1)
                    .fma(part, TileSoftmax.E0);
            power = power.reinterpretAsInts()
                    .add(whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
            FloatVector s = FloatVector.broadcast(S, 1).div(power.add(1));
            FloatVector silu = g.mul(s);
            FloatVector u = FloatVector.fromArray(S, w, STEP + i);
            FloatVector dy = FloatVector.fromArray(S, w, 2 * STEP + i);
            // 1 - s would cancel for large gates: it is power * s.
            FloatVector slope = s.add(silu.mul(power.mul(s)));
            dy.mul(u).mul(slope).intoArray(w, i);
            dy.mul(silu).intoArray(w, STEP + i);
            silu.mul(u).intoArray(w, 2 * STEP + i);
        }
    }
}
