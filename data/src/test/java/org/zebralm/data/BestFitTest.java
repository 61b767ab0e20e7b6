package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BestFitTest {

    @TempDir
    Path folder;

    private TokenShard shard;

    @BeforeEach
    void open() {
        shard = TokenShard.open(Shards.counting(folder.resolve("shard"), 300, 1));
    }

    @AfterEach
    void close() {
        shard.close();
    }

    @Test
    void piecesGoWhereTheyLeaveTheLeastRoom() {
        // 7 | 6 | 5; then 4 beside 6, 3 beside 7, 2 beside 5, 1 beside those.
        List<List<Integer>> rows = lengths(BestFit.pack(pieces(1, 2, 3, 4, 5, 6, 7), 10));
        assertThat(rows).containsExactly(List.of(7, 3), List.of(6, 4), List.of(5, 2, 1));
    }

    @Test
    void rowsAreThoseOfAPlainSearch() {
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            int capacity = 1 + random.nextInt(60);
            int[] lengths = random.ints(random.nextInt(300), 1, capacity + 1).toArray();
            List<Integer> fill = new ArrayList<>();
            for (List<Piece> row : BestFit.pack(pieces(lengths), capacity)) {
                fill.add(BestFit.tokens(row));
            }
            fill.sort(Comparator.naturalOrder());
            assertThat(fill).isEqualTo(plainBestFit(lengths, capacity));
        }
    }

    @Test
    void piecesFillExactlyAsManyRowsAsAskedFor() {
        for (int seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            int capacity = 2 + random.nextInt(60);
            int[] lengths =
                    random.ints(1 + random.nextInt(300), 1, capacity + 1).toArray();
            int tokens = Arrays.stream(lengths).sum();
            int least = Math.ceilDiv(tokens, capacity);
            int numRows = Math.min(tokens, least + random.nextInt(6));
            List<Piece> pieces = pieces(lengths);
            List<List<Piece>> rows = BestFit.pack(pieces, capacity, numRows);
            assertThat(rows).hasSize(numRows);
            assertThat(rows).allSatisfy(row -> assertThat(BestFit.tokens(row)).isBetween(1, capacity));
            assertThat(tokensOf(rows.stream().flatMap(List::stream).toList())).isEqualTo(tokensOf(pieces));
        }
    }

    @Test
    void onlyWhatFitsNoRowIsCut() {
        // Three of 6 need three rows of 10; two have room for them in parts.
        assertThat(lengths(BestFit.pack(pieces(6, 6, 6), 10, 2))).containsExactly(List.of(6, 4), List.of(6, 2));
        assertThatThrownBy(() -> BestFit.pack(pieces(6, 6, 6), 8, 2)).isInstanceOf(IllegalStateException.class);
        // Whole pieces move before any is halved.
        assertThat(lengths(BestFit.pack(pieces(3, 3, 3), 10, 2))).containsExactly(List.of(3), List.of(3, 3));
        assertThat(lengths(BestFit.pack(pieces(9, 8), 10, 3))).containsExactly(List.of(4), List.of(8), List.of(5));
    }

    /// Pieces told apart by where they start: 1000 apart.
    private List<Piece> pieces(int... lengths) {
        List<Piece> pieces = new ArrayList<>();
        for (int length : lengths) {
            pieces.add(new Piece(shard, 0, 1000L * pieces.size(), length));
        }
        return pieces;
    }

    private static List<Long> tokensOf(List<Piece> pieces) {
        List<Long> tokens = new ArrayList<>();
        for (Piece piece : pieces) {
            for (int i = 0; i < piece.length(); i++) {
                tokens.add(piece.from() + i);
            }
        }
        tokens.sort(Comparator.naturalOrder());
        return tokens;
    }

    private static List<List<Integer>> lengths(List<List<Piece>> rows) {
        return rows.stream()
                .map(row -> row.stream().map(Piece::length).toList())
                .toList();
    }

    private static List<Integer> plainBestFit(int[] lengths, int capacity) {
        int[] ascending = lengths.clone();
        Arrays.sort(ascending);
        List<Integer> rows = new ArrayList<>();
        for (int i = ascending.length - 1; i >= 0; i--) {
            int best = -1;
            for (int row = 0; row < rows.size(); row++) {
                if (rows.get(row) + ascending[i] <= capacity && (best < 0 || rows.get(row) > rows.get(best))) {
                    best = row;
                }
            }
            if (best < 0) {
                rows.add(ascending[i]);
            } else {
                rows.set(best, rows.get(best) + ascending[i]);
            }
        }
        rows.sort(Comparator.naturalOrder());
        return rows;
    }
}
