package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// Our logits against those of Hugging Face transformers, for checkpoints that `oracle/fixtures.py` wrote.
///
/// When they were made, the largest differences were 4e-6 (llama) to 3e-5 (cwm-tied), for logits up to 4 and 9.
class TransformersParityTest {
    private static final double TOLERANCE = 1e-4;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "cwm", "cwm-tied", "cwm-all-local"})
    void logitsAreThoseOfTransformers(String name) {
        TransformersFixture fixture = TransformersFixture.of(name);
        try (var model = LoadedModel.open(fixture.folder(), DType.FLOAT32, new PortableAttention())) {
            assertThat(fixture.maxDifference(model.zebra())).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    /// The fixtures must be able to tell: one key more or fewer is far outside the tolerance.
    @Test
    void aWindowOffByOneIsSeen() {
        TransformersFixture fixture = TransformersFixture.of("cwm");
        try (var model = LoadedModel.open(fixture.folder(), DType.FLOAT32, new PortableAttention());
                var weights = FolderWeights.open(fixture.folder());
                var _ = Scope.open()) {
            for (int window : new int[] {8, 10}) {
                List<AttentionType> types = model.zebra().config().attentionTypes().stream()
                        .map(type -> type instanceof AttentionType.Local ? new AttentionType.Local(window) : type)
                        .toList();
                Params params = Params.of((name, _, _) -> weights.tensor(name));
                Zebra zebra =
                        Zebra.load(params, model.zebra().config().withAttentionTypes(types), new PortableAttention());

                assertThat(fixture.maxDifference(zebra)).isGreaterThan(100 * TOLERANCE);
            }
        }
    }
}
