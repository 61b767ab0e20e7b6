package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedBatchesTest {

    private static final int ROWS = 3;
    private static final int LENGTH = 16;

    @TempDir
    Path folder;

    private TokenShard shard;

    @BeforeEach
    void open() {
        int[] lengths = Shards.randomLengths(1, 50, 40);
        lengths[7] = 200;
        shard = TokenShard.open(Shards.counting(folder.resolve("shard"), 5000, lengths));
    }

    @AfterEach
    void close() {
        shard.close();
    }

    @Test
    void batchIsAFunctionOfSeedAndIndex() {
        var forward = new PackedBatches(shard, ROWS, LENGTH, 5);
        var backward = new PackedBatches(shard, ROWS, LENGTH, 5);
        List<Batch> batches = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            batches.add(forward.batch(i));
        }
        for (int i = 119; i >= 0; i--) {
            assertThat(backward.batch(i)).usingRecursiveComparison().isEqualTo(batches.get(i));
        }
        assertThat(new PackedBatches(shard, ROWS, LENGTH, 6).batch(0).inputs())
                .isNotEqualTo(batches.getFirst().inputs());
    }

    @Test
    void everyTokenComesOnceAnEpochAndEpochsDiffer() {
        var batches = new PackedBatches(shard, 1, LENGTH, 5);
        int n = (int) shard.numTokens();
        int segment = batches.rowsPerSegment();
        assertThat(segment * LENGTH % n).isNotZero();
        int[] all = new int[n];
        shard.read(0, n, all, 0);
        int[] counts = new int[5000];
        int[] expected = new int[5000];
        for (int i = 0; i < 7 * segment; i++) {
            for (int token : batches.batch(i).inputs()) {
                counts[token]++;
            }
        }
        int epochs = 7 * segment * LENGTH / n;
        for (int token : all) {
            expected[token] += epochs;
        }
        for (int token = 1; token < 5000; token++) {
            assertThat(counts[token]).isBetween(expected[token], expected[token] == 0 ? 0 : expected[token] + 1);
        }
        assertThat(batches.batch(0).inputs())
                .isNotEqualTo(batches.batch(segment).inputs());
    }

    @Test
    void neighbouringRowsOfALongDocumentAreNotNeighbouringSteps() {
        var batches = new PackedBatches(shard, 1, LENGTH, 5);
        int followed = 0;
        for (int i = 0; i + 1 < batches.rowsPerSegment(); i++) {
            int lastTarget = batches.batch(i).targets()[LENGTH - 1];
            if (lastTarget != Batch.IGNORED
                    && lastTarget == batches.batch(i + 1).inputs()[0]) {
                followed++;
            }
        }
        // In the order of the stream nearly every row would be followed by the rest of its last document.
        assertThat(followed).isLessThan(batches.rowsPerSegment() / 8);
    }

    @Test
    void noPieceCrossesADocumentOrARow() {
        var batches = new PackedBatches(shard, ROWS, LENGTH, 5);
        for (int index = 0; index < 60; index++) {
            Batch batch = batches.batch(index);
            int[] cuts = batch.cumulativeLengths();
            for (int piece = 0; piece < batch.numPieces(); piece++) {
                int start = cuts[piece];
                int last = cuts[piece + 1] - 1;
                assertThat(last / LENGTH).isEqualTo(start / LENGTH);
                for (int i = start; i < last; i++) {
                    // 0 ends a document; within one, this shard counts up.
                    assertThat(batch.inputs()[i]).isNotZero();
                    assertThat(batch.inputs()[i + 1]).isIn(batch.inputs()[i] + 1, 0);
                }
            }
        }
    }

    @Test
    void targetIsTheNextTokenOfTheDocument() {
        var batches = new PackedBatches(shard, ROWS, LENGTH, 5);
        for (int index = 0; index < 60; index++) {
            Batch batch = batches.batch(index);
            for (int i = 0; i < ROWS * LENGTH; i++) {
                int input = batch.inputs()[i];
                int target = batch.targets()[i];
                if (input == 0) {
                    assertThat(target).isEqualTo(Batch.IGNORED);
                } else {
                    assertThat(target).isIn(input + 1, 0);
                }
                int at = i;
                boolean pieceEnds = Arrays.stream(batch.cumulativeLengths()).anyMatch(cut -> cut == at + 1);
                if (!pieceEnds) {
                    assertThat(target).isEqualTo(batch.inputs()[i + 1]);
                }
            }
        }
    }

    @Test
    void positionsRestartInEachPiece() {
        var batch = new Batch(1, 5, new int[5], new int[] {1, -1, 1, 1, -1}, new int[] {0, 2, 5});
        assertThat(batch.positions()).containsExactly(0, 1, 0, 1, 2);
        assertThat(batch.numTargets()).isEqualTo(3);
    }

    @Test
    void impossibleBatchesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PackedBatches(shard, 1, 100_000, 5))
                .withMessageContaining("100000")
                .withMessageContaining("" + shard.numTokens());
        assertThatIllegalArgumentException().isThrownBy(() -> new PackedBatches(shard, 0, 16, 5));
        assertThatIllegalArgumentException().isThrownBy(() -> new PackedBatches(shard, 1, 16, 5).batch(-1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Batch(1, 2, new int[2], new int[2], new int[] {0, 0, 2}));
    }
}
