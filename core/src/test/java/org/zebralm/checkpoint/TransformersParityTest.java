package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// Our logits against those of Hugging Face transformers, for checkpoints that `oracle/fixtures.py` wrote.
class TransformersParityTest {
    private static final double TOLERANCE = 1e-4;

    /// A checkpoint with `[batch, tokens]` ids and the logits expected of them.
    @SuppressWarnings("ArrayRecordComponent") // read, never compared
    record Fixture(Path folder, long[] shape, int[] ids, float[] logits) {
        static Fixture of(String name) {
            Path folder;
            try {
                folder = Path.of(Objects.requireNonNull(Fixture.class.getResource("/fixtures/" + name))
                        .toURI());
            } catch (URISyntaxException e) {
                throw new AssertionError(e);
            }
            try (var expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
                    var _ = Scope.open()) {
                assertThat(expected.metadata()).containsKeys("made_by", "torch", "transformers");
                long[] ids = expected.tensor("ids").toLongs();
                int[] narrow = new int[ids.length];
                for (int i = 0; i < ids.length; i++) {
                    narrow[i] = Math.toIntExact(ids[i]);
                }
                return new Fixture(
                        folder,
                        expected.shape("ids"),
                        narrow,
                        expected.tensor("logits").toFloats());
            }
        }

        /// The rows, packed as documents one after the other.
        CumulativeLengths lengths() {
            int[] bounds = new int[(int) shape[0] + 1];
            for (int i = 0; i < bounds.length; i++) {
                bounds[i] = i * (int) shape[1];
            }
            return CumulativeLengths.of(bounds);
        }

        double maxDifference(Zebra zebra) {
            try (var _ = Scope.open()) {
                float[] ours = zebra.forward(ids, lengths()).toFloats();
                assertThat(ours).hasSameSizeAs(logits);
                double max = 0;
                for (int i = 0; i < ours.length; i++) {
                    max = Math.max(max, Math.abs(ours[i] - logits[i]));
                }
                return max;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "cwm", "cwm-tied", "cwm-all-local"})
    void logitsAreThoseOfTransformers(String name) {
        Fixture fixture = Fixture.of(name);
        try (var model = LoadedModel.open(fixture.folder(), DType.FLOAT32, new PortableAttention())) {
            double difference = fixture.maxDifference(model.zebra());

            System.out.printf("%s: max |difference| %.2e%n", name, difference);
            assertThat(difference).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    /// The fixtures must be able to tell: one key more or fewer is far outside the tolerance.
    @Test
    void aWindowOffByOneIsSeen() {
        Fixture fixture = Fixture.of("cwm");
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
