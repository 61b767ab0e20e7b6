package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The rows that weights are multiplied with, made ready once for all threads: float32, columns padded with zeros.
///
/// For weights of 4 bits they lie as [Int4Layout] has the columns, by block, group of `L` lanes, number and lane, each
/// divided by what its number counts in, and each lane has the sum to begin with.
final class ProductInputs {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    /// What a number's weight counts in, inverted; the last is shifted down.
    private static final float[] UNITS = {1, 1 / 16f, 1 / 256f, 1 / 4096f, 1 / 65536f, 1 / 1048576f, 1 / 16777216f, 1};

    /// Returns one over what number `t` of a lane counts in.
    static float unit(int t) {
        return UNITS[t % 8];
    }

    private float[] read = new float[0];
    private float[] ordered = new float[0];
    private float[] begin = new float[0];
    private int rows;
    private int apart;
    private int lanes;

    /// Reads rows for weights whose columns lie in order.
    void read(RowView x) {
        rows = x.tokens();
        apart = Lanes.padded(x.width());
        lanes = 0;
        read = reserve(read, rows * apart);
        x.read(0, rows, 0, read, 0, apart);
    }

    /// Reads rows for weights of 4 bits.
    void read(RowView x, Int4Layout layout) {
        rows = x.tokens();
        apart = layout.paddedInputs();
        lanes = layout.blocks() * Int4Layout.LANES;
        read = reserve(read, rows * apart);
        ordered = reserve(ordered, rows * apart);
        begin = reserve(begin, rows * lanes);
        x.read(0, rows, 0, read, 0, apart);
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < layout.blocks(); block++) {
                for (int lane = 0; lane < Int4Layout.LANES; lane += L) {
                    order(row, block, lane, layout);
                }
            }
        }
    }

    // Number by number: a gather of vectors takes several times as long.
    private void order(int row, int block, int lane, Int4Layout layout) {
        int numbers = layout.laneInputs();
        int from = row * apart + block * layout.blockInputs() + lane * numbers;
        for (int l = 0; l < L; l++) {
            for (int t = 0; t < numbers; t++) {
                ordered[from + t * L + l] = read[from + l * numbers + t];
            }
        }
        FloatVector sum = FloatVector.zero(S);
        for (int t = 0; t < numbers; t++) {
            FloatVector v = FloatVector.fromArray(S, ordered, from + t * L);
            v.mul(unit(t)).intoArray(ordered, from + t * L);
            sum = sum.add(v);
        }
        sum.mul(-Int4Layout.ZERO).intoArray(begin, row * lanes + block * Int4Layout.LANES + lane);
    }

    private static float[] reserve(float[] floats, int count) {
        return floats.length < count ? new float[count] : floats;
    }

    int rows() {
        return rows;
    }

    /// Returns the floats from one row to the next.
    int apart() {
        return apart;
    }

    /// Returns the rows as the weights need them.
    float[] floats() {
        return lanes == 0 ? read : ordered;
    }

    /// Returns the sums that a block's lanes begin with, `lanesApart` floats from one row to the next.
    float[] begin() {
        return begin;
    }

    int lanesApart() {
        return lanes;
    }
}
