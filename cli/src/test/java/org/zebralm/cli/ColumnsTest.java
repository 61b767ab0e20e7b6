package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ColumnsTest {
    private static final int MOST = 100;

    @Test
    void ofALongSeriesEveryColumnKeepsItsLeastAndGreatestValue() {
        var random = new Random(3);
        double[] x = IntStream.rangeClosed(1, 100_000).asDoubleStream().toArray();
        double[] y = Arrays.stream(x).map(_ -> random.nextGaussian()).toArray();
        y[41_234] = 900;
        y[41_235] = -900;
        Scale axis = Axis.within(DoubleStream.of(x), 6);

        Columns columns = Columns.of(x, y, axis, MOST);

        assertThat(columns.rawValues.length).isLessThanOrEqualTo(4 * (MOST + 1));
        assertThat(columns.rawValues).contains(900, -900);
        for (int column = 0; column < MOST; column++) {
            double from = 1 + column * 99_999.0 / MOST;
            double to = 1 + (column + 1) * 99_999.0 / MOST;
            double[] all = IntStream.range(0, x.length)
                    .filter(i -> x[i] > from + 1e-6 && x[i] < to - 1e-6)
                    .mapToDouble(i -> y[i])
                    .toArray();
            assertThat(columns.rawValues)
                    .contains(
                            Arrays.stream(all).min().orElseThrow(),
                            Arrays.stream(all).max().orElseThrow());
        }
        assertThat(columns.rawShares).isSorted();
    }

    @Test
    void aShortSeriesIsKeptWhole() {
        double[] x = {1, 2, 3, 4, 5};
        double[] y = {5, 1, 4, 2, 3};

        Columns columns = Columns.of(x, y, new Axis(1, 5, 1), MOST);

        assertThat(columns.rawValues).containsExactly(y);
        assertThat(columns.rawShares).containsExactly(0, 0.25, 0.5, 0.75, 1);
        assertThat(columns.shares).containsExactly(0, 0.25, 0.5, 0.75, 1);
    }

    @Test
    void onALogAxisTheFirstStepsAreAsFineAsTheyAreWide() {
        double[] x = IntStream.rangeClosed(1, 10_000).asDoubleStream().toArray();
        double[] y = Arrays.stream(x).map(Math::log10).toArray();

        Columns columns = Columns.of(x, y, LogScale.within(DoubleStream.of(x)), MOST);

        // Ten steps to the first power of ten, a column each, and the line through them is straight.
        assertThat(columns.rawValues).startsWith(0, Math.log10(2), Math.log10(3));
        for (int i = 0; i < columns.shares.length; i++) {
            assertThat(columns.smooth[i]).isEqualTo(4 * columns.shares[i], within(0.05));
        }
    }

    @Test
    void valuesThatAreNotFiniteAndPlacesBeyondTheAxisAreLeftOut() {
        double[] x = {0, 1, 2, 3, 4};
        double[] y = {9, 1, Double.NaN, 3, Double.POSITIVE_INFINITY};

        Columns columns = Columns.of(x, y, new Axis(1, 4, 1), MOST);

        assertThat(columns.rawValues).containsExactly(1, 3);
        assertThat(columns.smooth).hasSize(2).doesNotContain(Double.NaN);
    }
}
