package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Scope;

class ProductsBenchTest {
    /// libtorch rounds sums, and the scales of int8, to bfloat16: relative errors of 2^-8 and so on, of sums near one.
    @ParameterizedTest
    @EnumSource(ProductCase.Stored.class)
    void contendersComputeTheSame(ProductCase.Stored stored) {
        var product = new ProductCase(stored, 48, 128, 3);
        try (var ours = new ProductContender(product, Implementation.ZEBRA, 20_000);
                var torch = new ProductContender(product, Implementation.TORCH, 20_000);
                var _ = Autograd.recording(false);
                var _ = Scope.open()) {
            float[] one = ours.once().toFloats();
            float[] other = torch.once().toFloats();
            assertThat(one).hasSize(3 * 48);
            for (int i = 0; i < one.length; i++) {
                assertThat(Math.abs(one[i] - other[i])).isLessThan(0.03f * Math.max(1, Math.abs(one[i])));
            }
            assertThat(ours.count()).isEqualTo(torch.count()).isGreaterThanOrEqualTo(1);
            ours.run();
            torch.run();
        }
    }

    @Test
    void everyCombinationHasARowOfEachImplementation() {
        List<ProductRow> rows = new ArrayList<>();
        new ProductsBench(
                        List.of(ProductCase.Stored.INT8, ProductCase.Stored.INT4),
                        List.of(new int[] {32, 64}),
                        List.of(1, 2),
                        2,
                        0,
                        1)
                .run(rows::add);
        assertThat(rows).hasSize(8).allSatisfy(row -> {
            assertThat(row.seconds()).isPositive();
            assertThat(row.bandwidthShare()).isPositive();
        });
        assertThat(rows.getFirst().product()).isEqualTo(new ProductCase(ProductCase.Stored.INT8, 32, 64, 1));
    }
}
