package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SharesTest {
    @Test
    void coverAllPartsInOrder() {
        for (int parts : new int[] {1, 2, 3, 7, 88, 1000}) {
            for (long bytes : new long[] {1, 100_000, 400_000, 6_000_000, 1L << 32}) {
                for (int threads : new int[] {1, 2, 5, 64}) {
                    int[] cuts = Shares.cuts(parts, bytes, threads);
                    assertThat(cuts[0]).isZero();
                    assertThat(cuts[cuts.length - 1]).isEqualTo(parts);
                    assertThat(cuts).isSorted().doesNotHaveDuplicates();
                }
            }
        }
    }

    @Test
    void areLargeFirstAndSmallLast() {
        assertThat(Shares.cuts(100, 6_000_000, 2)).containsExactly(0, 35, 70, 80, 90, 95, 100);
        assertThat(Shares.cuts(100, 100_000, 2)).containsExactly(0, 100);
        assertThat(Shares.cuts(100, 200_000, 2)).containsExactly(0, 35, 100);
        assertThat(Shares.cuts(10, 6_000_000, 1)).containsExactly(0, 7, 9, 10);
    }
}
