package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.stream.LongStream;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.Scope;

/// A checkpoint with ids and the logits that transformers computes for them, written by `oracle/fixtures.py`.
final class TransformersFixture {
    private final Path folder;
    private final int rows;
    private final int[] ids;
    private final float[] logits;

    private TransformersFixture(Path folder, int rows, int[] ids, float[] logits) {
        this.folder = folder;
        this.rows = rows;
        this.ids = ids;
        this.logits = logits;
    }

    static TransformersFixture of(String name) {
        return of(Fixtures.path(name), Fixtures.path(name + "/expected.safetensors"));
    }

    /// A checkpoint wherever it is, and the file with what is expected of it.
    static TransformersFixture of(Path folder, Path expectedFile) {
        try (var expected = SafetensorsFile.open(expectedFile);
                var _ = Scope.open()) {
            assertThat(expected.metadata()).containsKey("made_by");
            return new TransformersFixture(
                    folder,
                    (int) expected.shape("ids")[0],
                    LongStream.of(expected.tensor("ids").toLongs())
                            .mapToInt(Math::toIntExact)
                            .toArray(),
                    expected.tensor("logits").toFloats());
        }
    }

    Path folder() {
        return folder;
    }

    /// Returns how far any logit is from what is expected; the rows are packed as documents.
    double maxDifference(Zebra zebra) {
        int[] bounds = new int[rows + 1];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = i * (ids.length / rows);
        }
        try (var _ = Scope.open()) {
            float[] ours = zebra.forward(ids, CumulativeLengths.of(bounds)).toFloats();
            assertThat(ours).hasSameSizeAs(logits);
            double max = 0;
            for (int i = 0; i < ours.length; i++) {
                max = Math.max(max, Math.abs(ours[i] - logits[i]));
            }
            return max;
        }
    }
}
