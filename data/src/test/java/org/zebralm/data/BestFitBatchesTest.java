package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Batches of mixtures. Tokens count up through all shards, so a token tells its document and its place.
class BestFitBatchesTest {

    private static final int VOCAB = 20_000_000;

    @TempDir
    Path folder;

    private final List<TokenShard> open = new ArrayList<>();
    /// The tokens of each document without its end, by the first of them.
    private final NavigableMap<Integer, Integer> lengthByFirst = new TreeMap<>();
    private int nextToken = 1;

    @AfterEach
    void close() {
        open.forEach(TokenShard::close);
    }

    @Test
    void everyDocumentIsSeenWholeAndOnceAnEpoch() {
        int length = 40;
        TokenShard shard = shard(randomLengths(3, 400, 90));
        var batches = new PackedBatches(Mixture.of("all", List.of(shard)), Packing.BEST_FIT, 1, length, 9);
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Integer> seen = new ArrayList<>();
            Set<Integer> ends = new HashSet<>();
            for (int row = 0; row < batches.rowsPerSegment(); row++) {
                Batch batch = batches.batch((long) epoch * batches.rowsPerSegment() + row);
                for (List<Integer> piece : pieces(batch)) {
                    seen.addAll(piece.stream().filter(token -> token != 0).toList());
                    ends.add(piece.size());
                }
            }
            // Each token once: documents are cut at multiples of the row, and only there.
            assertThat(seen).doesNotHaveDuplicates().hasSize((int) shard.numTokens() - shard.numDocuments());
            assertThat(ends).contains(length);
        }
        assertThat(batches.report().cut()).isZero();
    }

    @Test
    void documentsThatFitAreNeverCutAndLongerOnesAtMultiplesOfTheRow() {
        int length = 32;
        TokenShard shard = shard(randomLengths(4, 300, 100));
        var batches = new PackedBatches(Mixture.of("all", List.of(shard)), Packing.BEST_FIT, 2, length, 9);
        int numBatches = Math.ceilDiv(batches.rowsPerSegment(), 2);
        for (int i = 0; i < numBatches; i++) {
            for (List<Integer> piece : pieces(batches.batch(i))) {
                if (piece.getFirst() == 0) {
                    continue; // a document of one token, or padding
                }
                int place = placeInDocument(piece.getFirst());
                int rest = documentLength(piece.getFirst()) + 1 - place;
                assertThat(place % length).isZero();
                assertThat(piece).hasSize(Math.min(rest, length));
            }
        }
    }

    @Test
    void anEpochTakesTheRowsOfAPlainBestFit() {
        int[] lengths = randomLengths(5, 500, 30);
        int capacity = 50;
        TokenShard shard = shard(lengths);
        var batches = new PackedBatches(Mixture.of("all", List.of(shard)), Packing.BEST_FIT, 1, capacity, 1);
        int[] ascending = Arrays.stream(lengths).map(n -> n + 1).sorted().toArray();
        List<Integer> rows = new ArrayList<>();
        for (int i = ascending.length - 1; i >= 0; i--) {
            int n = ascending[i];
            int best = -1;
            for (int row = 0; row < rows.size(); row++) {
                if (rows.get(row) + n <= capacity && (best < 0 || rows.get(row) > rows.get(best))) {
                    best = row;
                }
            }
            if (best < 0) {
                rows.add(n);
            } else {
                rows.set(best, rows.get(best) + n);
            }
        }
        assertThat(batches.rowsPerSegment()).isEqualTo(rows.size());
        assertThat(batches.report().paddingShare())
                .isCloseTo(1 - (double) shard.numTokens() / (rows.size() * capacity), within(1e-9));
    }

    /// Documents of one token, of any length up to many rows, shards without documents; small and large epochs.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void batchesOfRandomShardsHoldWholeDocumentsInOrder(long seed) {
        var random = new Random(seed);
        int length = 2 + random.nextInt(70);
        int rows = 1 + random.nextInt(4);
        List<MixtureSource> sources = new ArrayList<>();
        for (int source = 0; source <= random.nextInt(3); source++) {
            List<TokenShard> shards = new ArrayList<>();
            for (int shard = 0; shard <= random.nextInt(3); shard++) {
                shards.add(shard(randomLengths(random.nextLong(), random.nextInt(60), 1 + random.nextInt(4 * length))));
                shards.add(shard());
            }
            shards.add(shard(3 * length, 0, 0, length, length - 1, length + 1));
            List<LengthStratum> strata =
                    random.nextBoolean() ? List.of() : List.of(new LengthStratum(length, 1 + 3 * random.nextDouble()));
            sources.add(new MixtureSource("source " + source, shards, 0.1 + random.nextDouble(), strata));
        }
        var mixture = new Mixture(sources);
        for (Packing packing : Packing.values()) {
            var batches = new PackedBatches(mixture, packing, rows, length, seed);
            for (int index : IntStream.concat(IntStream.range(0, 40), random.ints(20, 0, 100_000))
                    .toArray()) {
                assertSound(batches.batch(index));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anyThreadAtAnyIndexGetsTheSameBatch(Packing packing) {
        Mixture mixture = new Mixture(List.of(
                new MixtureSource("a", List.of(shard(randomLengths(1, 200, 50))), 0.7, List.of()),
                new MixtureSource(
                        "b",
                        List.of(shard(randomLengths(2, 100, 200))),
                        0.3,
                        List.of(new LengthStratum(64, 2.5), new LengthStratum(128, 0.5)))));
        var inOrder = new PackedBatches(mixture, packing, 2, 64, 7);
        List<Batch> expected = IntStream.range(0, 1500).mapToObj(inOrder::batch).toList();
        assertThat(inOrder.rowsPerSegment()).isLessThan(1500);
        var together = new PackedBatches(mixture, packing, 2, 64, 7);
        int[] order = Seeds.shuffled(1500, new Random(1));
        Arrays.stream(order).parallel().forEach(i -> assertSame(together.batch(i), expected.get(i)));
        for (int i : List.of(1499, 700, 3)) {
            assertSame(new PackedBatches(mixture, packing, 2, 64, 7).batch(i), expected.get(i));
        }
        assertThat(new PackedBatches(mixture, packing, 2, 64, 8).batch(0).inputs())
                .isNotEqualTo(expected.getFirst().inputs());
    }

    @ParameterizedTest
    @EnumSource
    void tokensComeInTheSharesOfTheWeightsAndTheFactorsOfTheStrata(Packing packing) {
        TokenShard small = shard(randomLengths(1, 300, 60));
        int large = nextToken;
        TokenShard other = shard(randomLengths(2, 900, 200));
        Mixture mixture = new Mixture(List.of(
                new MixtureSource("small", List.of(small), 3, List.of()),
                new MixtureSource(
                        "large",
                        List.of(other),
                        7,
                        List.of(new LengthStratum(20, 0), new LengthStratum(40, 1), new LengthStratum(100, 3)))));
        var batches = new PackedBatches(mixture, packing, 1, 128, 7);
        int numRows = 6 * batches.rowsPerSegment();
        long[] bySource = new long[2];
        long[] byStratum = new long[4];
        for (int i = 0; i < numRows; i++) {
            for (int token : batches.batch(i).inputs()) {
                if (token >= large) {
                    bySource[1]++;
                    int tokens = documentLength(token) + 1;
                    byStratum[tokens < 20 ? 0 : tokens < 40 ? 1 : tokens < 100 ? 2 : 3]++;
                } else if (token > 0) {
                    bySource[0]++;
                }
            }
        }
        // End-of-text ids, which belong to no source here, are one in 31 and one in 101.
        double smallShare = bySource[0] * 31 / 30.0;
        double largeShare = bySource[1] * 101 / 100.0;
        assertThat(smallShare / (smallShare + largeShare)).isCloseTo(0.3, within(0.01));
        double[] perToken = new double[4];
        long[] tokens = new long[4];
        lengthByFirst.forEach((first, n) -> {
            if (first >= large) {
                tokens[n + 1 < 20 ? 0 : n + 1 < 40 ? 1 : n + 1 < 100 ? 2 : 3] += n;
            }
        });
        for (int i = 0; i < 4; i++) {
            perToken[i] = (double) byStratum[i] / tokens[i];
        }
        assertThat(perToken[1]).isZero();
        assertThat(perToken[0] / perToken[2]).isCloseTo(1, within(0.1));
        assertThat(perToken[3] / perToken[2]).isCloseTo(3, within(0.1));
    }

    @Test
    void noDocumentOfASourceComesMoreThanOnceMoreThanAnother() {
        TokenShard a = shard(randomLengths(1, 300, 60));
        int firstOfB = nextToken;
        TokenShard b = shard(randomLengths(2, 200, 60));
        Mixture mixture = new Mixture(List.of(
                new MixtureSource("a", List.of(a), 1, List.of()), new MixtureSource("b", List.of(b), 2, List.of())));
        var batches = new PackedBatches(mixture, Packing.BEST_FIT, 1, 64, 7);
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < 3 * batches.rowsPerSegment(); i++) {
            for (int token : batches.batch(i).inputs()) {
                counts.merge(token, 1, Integer::sum);
            }
        }
        counts.remove(0);
        for (boolean ofB : new boolean[] {false, true}) {
            int[] of = counts.entrySet().stream()
                    .filter(entry -> entry.getKey() >= firstOfB == ofB)
                    .mapToInt(Map.Entry::getValue)
                    .toArray();
            assertThat(Arrays.stream(of).max().orElseThrow()
                            - Arrays.stream(of).min().orElseThrow())
                    .isLessThanOrEqualTo(1);
        }
        assertThat(counts).hasSize((int) mixture.numTokens() - (int) mixture.numDocuments());
    }

    /// Lengths as web text has them: log-normal, the middle at 500 tokens, one in a hundred above 8,000.
    @ParameterizedTest
    @ValueSource(ints = {512, 2048, 8192})
    void littleIsPaddedOnLengthsLikeThoseOfWebText(int length) {
        var random = new Random(1);
        int[] lengths = IntStream.range(0, 4000)
                .map(_ -> (int) Math.min(100_000, 500 * Math.exp(1.2 * random.nextGaussian())))
                .toArray();
        TokenShard shard = shard(lengths);
        PackingReport report =
                new PackedBatches(Mixture.of("web", List.of(shard)), Packing.BEST_FIT, 1, length, 1).report();
        assertThat(report.paddingShare()).isLessThan(0.005);
        assertThat(report.cut()).isZero();
        PackingReport sequential =
                new PackedBatches(Mixture.of("web", List.of(shard)), Packing.SEQUENTIAL, 1, length, 1).report();
        assertThat(sequential.paddingShare()).isZero();
        assertThat(sequential.cut()).isPositive();
    }

    @Test
    void aMixturePadsLittleAndCutsFewDocumentsThatFit() {
        var random = new Random(1);
        int[] web = IntStream.range(0, 4000)
                .map(_ -> (int) Math.min(100_000, 500 * Math.exp(1.2 * random.nextGaussian())))
                .toArray();
        int[] awkward = random.ints(600, 1100, 1500).toArray();
        Mixture mixture = new Mixture(List.of(
                new MixtureSource("web", List.of(shard(web)), 4, List.of(new LengthStratum(4096, 3))),
                new MixtureSource("awkward", List.of(shard(awkward)), 1, List.of())));
        PackingReport report = new PackedBatches(mixture, Packing.BEST_FIT, 1, 2048, 1).report();
        assertThat(report.paddingShare()).isLessThan(0.03);
        assertThat(report.cutShare()).isLessThan(0.001);
    }

    @Test
    void documentsOfMoreThanHalfARowGetARowEach() {
        int[] lengths = new Random(1).ints(600, 1100, 1500).toArray();
        Mixture mixture = Mixture.of("awkward", List.of(shard(lengths)));
        PackingReport report = new PackedBatches(mixture, Packing.BEST_FIT, 1, 2048, 1).report();
        assertThat(report.rows()).isEqualTo(600);
        assertThat(report.paddingShare()).isCloseTo(1 - mixture.numTokens() / (600 * 2048.0), within(1e-9));
        assertThat(report.cut()).isZero();
    }

    @Test
    void whatCannotBeMixedIsRefused() {
        TokenShard shard = shard(5, 6);
        TokenShard empty = shard();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mixture.of("nothing", List.of(empty)))
                .withMessage("a source must have documents: nothing has none; give it text or leave it out");
        for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new MixtureSource("books", List.of(shard), weight, List.of()))
                    .withMessage("a source's weight must be above 0 and finite: got " + weight + " for books");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MixtureSource(
                        "books", List.of(shard), 1, List.of(new LengthStratum(9, 1), new LengthStratum(9, 2))))
                .withMessage("strata must ascend by minTokens: got 9 before 9");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LengthStratum(9, -0.5))
                .withMessageContaining("got -0.5");
        var nothingLeft =
                new Mixture(List.of(new MixtureSource("books", List.of(shard), 1, List.of(new LengthStratum(0, 0)))));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PackedBatches(nothingLeft, Packing.BEST_FIT, 1, 4, 1))
                .withMessageContaining("strata must leave it documents: books has 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Mixture(List.of(
                        new MixtureSource("books", List.of(shard), 1, List.of()),
                        new MixtureSource("web", List.of(shard), 1e-9, List.of()))))
                .withMessageContaining("at least a millionth");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Mixture.of("books", List.of(shard)).requireVocabulary(100))
                .withMessageContaining("below the model's vocabSize of 100")
                .withMessageContaining(shard.path().toString());
    }

    @Test
    void sourcesOfTwoTokenizersAreRefusedByName() {
        TokenShard shard = shard(5, 6);
        Path path = folder.resolve("other");
        try (TokenShardWriter writer = TokenShardWriter.create(path, VOCAB, 0, "cd".repeat(32))) {
            writer.append(new int[] {1});
            writer.endDocument();
            writer.finish();
        }
        TokenShard other = TokenShard.open(path);
        open.add(other);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Mixture(
                        List.of(MixtureSource.of("books", List.of(shard)), MixtureSource.of("web", List.of(other)))))
                .withMessageContaining("one tokenizer")
                .withMessageContaining("books (" + shard.path() + ") has SHA-256 " + Shards.FINGERPRINT)
                .withMessageContaining("web (" + path + ") has " + "cd".repeat(32));
    }

    @Test
    void aContextThatNoDocumentFillsIsWarnedOf() {
        TokenShard shard = shard(5, 16, 7);
        Mixture mixture = Mixture.of("all", List.of(shard));
        assertThat(mixture.warningFor(17)).isNull();
        assertThat(mixture.warningFor(18))
                .contains("the context of 18 tokens", "document 1 of " + shard.path(), "has 17");
    }

    private TokenShard shard(int... lengths) {
        Path path = folder.resolve("shard-" + open.size());
        TokenShard shard = TokenShard.open(Shards.countingFrom(nextToken, path, VOCAB, lengths));
        open.add(shard);
        for (int length : lengths) {
            if (length > 0) {
                lengthByFirst.put(nextToken, length);
            }
            nextToken += length;
        }
        return shard;
    }

    private int[] randomLengths(long seed, int numDocuments, int maxLength) {
        return Shards.randomLengths(seed, numDocuments, maxLength);
    }

    /// The tokens of a token's document, without its end.
    private int documentLength(int token) {
        return Objects.requireNonNull(lengthByFirst.floorEntry(token)).getValue();
    }

    private int placeInDocument(int token) {
        return token - Objects.requireNonNull(lengthByFirst.floorKey(token));
    }

    private void assertSound(Batch batch) {
        int length = batch.length();
        int[] cuts = batch.cumulativeLengths();
        for (int piece = 0; piece < batch.numPieces(); piece++) {
            int first = cuts[piece];
            int last = cuts[piece + 1] - 1;
            assertThat(last / length).isEqualTo(first / length);
            if (batch.inputs()[first] == 0) {
                // A document's end alone, or padding up to the end of the row.
                assertThat(last == first || (last + 1) % length == 0).isTrue();
            }
            for (int i = first; i <= last; i++) {
                int input = batch.inputs()[i];
                int target = batch.targets()[i];
                if (input == 0) {
                    assertThat(target).isEqualTo(Batch.IGNORED);
                } else {
                    boolean ends = documentLength(input) == placeInDocument(input) + 1;
                    assertThat(target).isEqualTo(ends ? 0 : input + 1);
                    assertThat(i == last || batch.inputs()[i + 1] == target).isTrue();
                }
            }
        }
    }

    private static void assertSame(Batch actual, Batch expected) {
        assertThat(actual.inputs()).isEqualTo(expected.inputs());
        assertThat(actual.targets()).isEqualTo(expected.targets());
        assertThat(actual.cumulativeLengths()).isEqualTo(expected.cumulativeLengths());
    }

    private static List<List<Integer>> pieces(Batch batch) {
        List<List<Integer>> pieces = new ArrayList<>();
        int[] cuts = batch.cumulativeLengths();
        for (int piece = 0; piece < batch.numPieces(); piece++) {
            pieces.add(Arrays.stream(batch.inputs(), cuts[piece], cuts[piece + 1])
                    .boxed()
                    .toList());
        }
        return pieces;
    }
}
