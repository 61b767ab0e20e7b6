package org.zebralm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// A checkpoint of a model family with what transformers computes for it, written by `oracle/families.py`.
///
/// Rows of ids have different lengths and are filled up to one with ordinary tokens, which are masked there.
final class FamilyFixture {
    private static final Path ALL = Fixtures.path("families");

    private final Path folder;
    private final int[] lengths;
    private final int[] ids;
    private final float[] logits;
    private final float[] bfloat16Logits;
    private final int[] prompt;
    private final int[] continuation;

    private FamilyFixture(Path folder) {
        this.folder = folder;
        try (var file = SafetensorsFile.open(folder.resolve("expected.safetensors"));
                var _ = Scope.open()) {
            lengths = ints(file, "lengths");
            ids = ints(file, "ids");
            logits = file.tensor("logits").toFloats();
            bfloat16Logits = file.tensor("logits_bf16").toFloats();
            prompt = ints(file, "prompt");
            continuation = ints(file, "continuation");
        }
    }

    private static int[] ints(SafetensorsFile file, String name) {
        return file.names().contains(name)
                ? LongStream.of(file.tensor(name).toLongs())
                        .mapToInt(Math::toIntExact)
                        .toArray()
                : new int[0];
    }

    /// Returns the names of all families that have a fixture.
    static Stream<String> names() {
        try (Stream<Path> folders = Files.list(ALL)) {
            return folders.map(folder -> folder.getFileName().toString()).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static FamilyFixture of(String name) {
        return new FamilyFixture(ALL.resolve(name));
    }

    Path folder() {
        return folder;
    }

    /// Opens the checkpoint for sequences as long as the oracle's: what it scaled for, where the scaling is dynamic.
    LoadedModel open(DType dtype, AttentionKernel kernel) {
        return open(folder, dtype, kernel);
    }

    /// Opens another folder with the same model.
    LoadedModel open(Path model, DType dtype, AttentionKernel kernel) {
        ModelFolder read = ModelFolder.read(model);
        int longest = Math.max(ids.length / lengths.length, prompt.length + continuation.length);
        return LoadedModel.open(read.withPositions(Math.max(read.config().maxPositions(), longest)), dtype, kernel);
    }

    int[] prompt() {
        return prompt.clone();
    }

    /// Returns the tokens that follow the prompt, none if transformers' own depend on how it is run.
    List<Integer> continuation() {
        return Arrays.stream(continuation).boxed().toList();
    }

    /// How far logits are from what is expected.
    ///
    /// @param most the largest difference
    /// @param largest the largest expected logit
    /// @param agreeing of how many of the `tokens` the best next token is the same
    record Distance(double most, double largest, int agreeing, int tokens) {}

    Distance float32Distance(Zebra zebra) {
        return distance(zebra, logits);
    }

    Distance bfloat16Distance(Zebra zebra) {
        return distance(zebra, bfloat16Logits);
    }

    private Distance distance(Zebra zebra, float... expected) {
        int rows = lengths.length;
        int width = ids.length / rows;
        int vocabSize = zebra.config().vocabSize();
        int[] bounds = new int[rows + 1];
        int[] packed = new int[0];
        for (int row = 0; row < rows; row++) {
            int length = lengths[row];
            bounds[row + 1] = bounds[row] + length;
            packed = Arrays.copyOf(packed, bounds[row + 1]);
            System.arraycopy(ids, row * width, packed, bounds[row], length);
        }
        try (var _ = Scope.open()) {
            float[] ours = zebra.forward(packed, CumulativeLengths.of(bounds)).toFloats();
            double most = 0;
            double largest = 0;
            int agreeing = 0;
            for (int row = 0; row < rows; row++) {
                for (int t = 0; t < lengths[row]; t++) {
                    int at = (bounds[row] + t) * vocabSize;
                    int wanted = (row * width + t) * vocabSize;
                    for (int v = 0; v < vocabSize; v++) {
                        most = Math.max(most, Math.abs(ours[at + v] - expected[wanted + v]));
                        largest = Math.max(largest, Math.abs(expected[wanted + v]));
                    }
                    agreeing += best(ours, at, vocabSize) == best(expected, wanted, vocabSize) ? 1 : 0;
                }
            }
            return new Distance(most, largest, agreeing, Arrays.stream(lengths).sum());
        }
    }

    private static int best(float[] logits, int from, int count) {
        int best = 0;
        for (int v = 1; v < count; v++) {
            best = logits[from + v] > logits[from + best] ? v : best;
        }
        return best;
    }
}
