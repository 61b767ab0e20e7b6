package org.zebralm.data;

import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;

/// Token shards made up for a test.
final class Shards {

    static final String FINGERPRINT = "ab".repeat(32);

    private Shards() {}

    /// Documents whose tokens count up from 1 through all of them, so that each but the end of text, 0, is unique.
    static Path counting(Path path, int vocabSize, int... lengths) {
        return countingFrom(1, path, vocabSize, lengths);
    }

    /// The same, counting up from another number.
    static Path countingFrom(int first, Path path, int vocabSize, int... lengths) {
        try (TokenShardWriter writer = TokenShardWriter.create(path, vocabSize, 0, FINGERPRINT)) {
            int next = first;
            for (int length : lengths) {
                writer.append(IntStream.range(next, next + length).toArray());
                writer.endDocument();
                next += length;
            }
            writer.finish();
        }
        return path;
    }

    static int[] randomLengths(long seed, int numDocuments, int maxLength) {
        return new Random(seed).ints(numDocuments, 0, maxLength).toArray();
    }
}
