package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.data.Batch;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.Document;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.Mixture;
import org.zebralm.data.PackedBatches;
import org.zebralm.data.Packing;
import org.zebralm.data.ReadReport;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.TokenShard;
import org.zebralm.data.WordCounts;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.TokenLoss;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// A document packed beside others trains as if it were alone: another text in its place changes nothing for them,
/// to the bit. Rows of 48 tokens under a window of 9 and global layers, from text to weights.
class PackedDocumentsTest {
    private static final int VOCAB = BpeVocabulary.MIN_SIZE;
    private static final int LENGTH = 48;
    private static final int STEPS = 3;

    /// The document that is put in another's place.
    private static final int NEIGHBOUR = 4;

    @TempDir
    Path folder;

    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : open) {
            closeable.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void lossesOfOtherDocumentsStayToTheBit(Packing packing) {
        PackedBatches batches = batches(packing, 0);
        PackedBatches perturbed = batches(packing, 1);
        for (AttentionKernel kernel : kernels()) {
            for (DType compute : List.of(DType.FLOAT32, DType.BFLOAT16)) {
                int others = 0;
                int changed = 0;
                for (int i = 0; i < 6; i++) {
                    Batch batch = batches.batch(i);
                    Batch other = perturbed.batch(i);
                    assertThat(other.cumulativeLengths()).isEqualTo(batch.cumulativeLengths());
                    boolean[] neighbours = differing(batch, other);
                    float[] losses = losses(batch, compute, kernel);
                    float[] otherLosses = losses(other, compute, kernel);
                    for (int t = 0; t < losses.length; t++) {
                        if (neighbours[t]) {
                            changed += losses[t] == otherLosses[t] ? 0 : 1;
                        } else {
                            assertThat(otherLosses[t]).isEqualTo(losses[t]);
                            others++;
                        }
                    }
                }
                assertThat(others).isGreaterThan(100);
                assertThat(changed).isGreaterThan(10);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "ATTENTION", "LAYER"})
    void aNeighbourWhoseTargetsDoNotCountLeavesNoTraceInTheWeights(Recompute recompute) {
        PackedBatches batches = batches(Packing.BEST_FIT, 0);
        PackedBatches perturbed = batches(Packing.BEST_FIT, 1);
        for (AttentionKernel kernel : kernels()) {
            Map<String, float[]> weights =
                    weights(index -> without(batches.batch(index), perturbed.batch(index)), recompute, kernel);
            Map<String, float[]> others =
                    weights(index -> without(perturbed.batch(index), batches.batch(index)), recompute, kernel);
            weights.forEach((name, values) ->
                    assertThat(Arrays.equals(others.get(name), values)).as(name).isTrue());
        }
    }

    /// The two tests above can fail: were rows not cut where documents end, they would.
    @Test
    void withoutTheCutsBetweenDocumentsTheNeighbourWouldShow() {
        PackedBatches batches = batches(Packing.BEST_FIT, 0);
        PackedBatches perturbed = batches(Packing.BEST_FIT, 1);
        AttentionKernel kernel = new PortableAttention();
        Map<String, float[]> weights =
                weights(index -> uncut(without(batches.batch(index), perturbed.batch(index))), Recompute.NONE, kernel);
        Map<String, float[]> others =
                weights(index -> uncut(without(perturbed.batch(index), batches.batch(index))), Recompute.NONE, kernel);
        assertThat(weights.entrySet())
                .anySatisfy(entry -> assertThat(others.get(entry.getKey())).isNotEqualTo(entry.getValue()));
    }

    private static List<AttentionKernel> kernels() {
        return List.of(new PortableAttention(), AttentionKernels.forThisMachine());
    }

    private static Batch uncut(Batch batch) {
        int[] rows = IntStream.rangeClosed(0, batch.rows())
                .map(row -> row * batch.length())
                .toArray();
        return new Batch(batch.rows(), batch.length(), batch.inputs(), batch.targets(), rows);
    }

    /// A batch whose targets count only in pieces that are the same in both.
    private static Batch without(Batch batch, Batch other) {
        boolean[] neighbours = differing(batch, other);
        int[] targets = batch.targets().clone();
        for (int t = 0; t < targets.length; t++) {
            if (neighbours[t]) {
                targets[t] = Batch.IGNORED;
            }
        }
        return new Batch(batch.rows(), batch.length(), batch.inputs(), targets, batch.cumulativeLengths());
    }

    /// The tokens of all pieces that differ.
    private static boolean[] differing(Batch batch, Batch other) {
        boolean[] differing = new boolean[batch.inputs().length];
        int[] cuts = batch.cumulativeLengths();
        for (int piece = 0; piece < batch.numPieces(); piece++) {
            int from = cuts[piece];
            int to = cuts[piece + 1];
            boolean same = Arrays.equals(batch.inputs(), from, to, other.inputs(), from, to)
                    && Arrays.equals(batch.targets(), from, to, other.targets(), from, to);
            Arrays.fill(differing, from, to, !same);
        }
        return differing;
    }

    private static float[] losses(Batch batch, DType compute, AttentionKernel kernel) {
        try (Trainer trainer = trainer(compute, Recompute.NONE, kernel)) {
            return TokenLoss.each(
                    trainer.model(),
                    batch.inputs(),
                    batch.targets(),
                    CumulativeLengths.of(batch.cumulativeLengths()),
                    64);
        }
    }

    private static Map<String, float[]> weights(Batches batches, Recompute recompute, AttentionKernel kernel) {
        Map<String, float[]> values = new LinkedHashMap<>();
        try (Trainer trainer = trainer(DType.FLOAT32, recompute, kernel);
                var ahead = new PrefetchedBatches(batches, 2)) {
            trainer.run(STEPS, ahead, List.of(), TrainListener.silent(), null, () -> false);
            try (var _ = Scope.open()) {
                trainer.weights().forEach((name, tensor) -> values.put(name, tensor.toFloats()));
            }
        }
        return values;
    }

    private static Trainer trainer(DType compute, Recompute recompute, AttentionKernel kernel) {
        var model = new ZebraConfig(
                VOCAB, 32, 64, 4, 2, 16, AttentionType.grouped(4, 2, 9), 10_000, 1e-5, 64, true, -1, -1, -1);
        try (var _ = Scope.open();
                var initial = new Lifetime()) {
            return new Trainer(model, Runs.config(9, compute, recompute), new FreshParams(11, initial), kernel);
        }
    }

    /// Documents of 3 to 60 letters, packed in twos; with each version another text of the same length is the
    /// neighbour's.
    private PackedBatches batches(Packing packing, int version) {
        List<Document> documents = new ArrayList<>();
        var random = new Random(3);
        for (int i = 0; i < 24; i++) {
            String text = letters(random, 3 + random.nextInt(i % 6 == 0 ? 58 : 20));
            if (i == NEIGHBOUR) {
                text = letters(new Random(50 + version), 30);
            }
            documents.add(new Document("document " + i, text));
        }
        DocumentSource source = consumer -> {
            documents.forEach(consumer);
            return new ReadReport(1, 1, 0, List.of());
        };
        Path path = folder.resolve("tokenizer.json");
        new BpeTrainer(VOCAB)
                .train(WordCounts.of(source, SplitPattern.LLAMA3, _ -> {}), (_, _) -> {})
                .write(path);
        Tokenizer tokenizer = Tokenizer.load(path);
        open.add(tokenizer);
        Path shard = folder.resolve("shard-" + version);
        new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT).write(source, shard, (_, _, _) -> {});
        TokenShard opened = TokenShard.open(shard, tokenizer);
        open.add(opened);
        assertThat(opened.documentLength(NEIGHBOUR)).isEqualTo(31);
        return new PackedBatches(Mixture.of("letters", List.of(opened)), packing, 2, LENGTH, 5);
    }

    private static String letters(Random random, int n) {
        return random.ints(n, 'a', 'z' + 1).mapToObj(Character::toString).collect(Collectors.joining());
    }
}
