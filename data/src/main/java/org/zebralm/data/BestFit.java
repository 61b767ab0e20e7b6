package org.zebralm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// Best-fit decreasing bin packing: pieces go into rows, the longest first, each where it leaves the least
/// room.
final class BestFit {

    private static final int NONE = -1;

    private BestFit() {}

    /// Packs pieces of at most `capacity` tokens into as many rows as it takes.
    static List<List<Piece>> pack(List<Piece> pieces, int capacity) {
        List<List<Piece>> rows = new ArrayList<>();
        int[] next = new int[pieces.size()];
        int[] firstWithRoom = new int[capacity + 1];
        Arrays.fill(firstWithRoom, NONE);
        BitSet rooms = new BitSet(capacity + 1);
        for (Piece piece : longestFirst(pieces, capacity)) {
            int room = rooms.nextSetBit(piece.length());
            int row;
            if (room < 0) {
                room = capacity;
                row = rows.size();
                rows.add(new ArrayList<>());
            } else {
                row = firstWithRoom[room];
                firstWithRoom[room] = next[row];
                rooms.set(room, next[row] != NONE);
            }
            rows.get(row).add(piece);
            int left = room - piece.length();
            if (left > 0) {
                next[row] = firstWithRoom[left];
                firstWithRoom[left] = row;
                rooms.set(left);
            }
        }
        return rows;
    }

    /// Packs pieces into exactly `numRows` rows that have the room, none of them empty.
    ///
    /// Pieces that fit no row whole are cut over the gaps; where pieces leave rows empty, the fullest rows
    /// share.
    static List<List<Piece>> pack(List<Piece> pieces, int capacity, int numRows) {
        List<List<Piece>> rows = pack(pieces, capacity);
        while (rows.size() < numRows) {
            rows.add(taken(rows));
        }
        if (rows.size() > numRows) {
            rows.sort(Comparator.comparingInt(BestFit::tokens).reversed());
            List<List<Piece>> over = rows.subList(numRows, rows.size());
            List<Piece> left = over.stream().flatMap(List::stream).toList();
            over.clear();
            fillGaps(rows, capacity, left);
        }
        return rows;
    }

    private static List<Piece> longestFirst(List<Piece> pieces, int capacity) {
        // A counting sort: as quick as the packing, and equal lengths keep their order.
        int[] at = new int[capacity + 2];
        for (Piece piece : pieces) {
            at[capacity - piece.length() + 1]++;
        }
        Arrays.parallelPrefix(at, Integer::sum);
        Piece[] sorted = new Piece[pieces.size()];
        for (Piece piece : pieces) {
            sorted[at[capacity - piece.length()]++] = piece;
        }
        return Arrays.asList(sorted);
    }

    /// Takes half of the pieces of the row that has most, or half of the longest piece where each row has one.
    private static List<Piece> taken(List<List<Piece>> rows) {
        List<Piece> most = rows.getFirst();
        for (List<Piece> row : rows) {
            if (row.size() > most.size() || (row.size() == most.size() && tokens(row) > tokens(most))) {
                most = row;
            }
        }
        List<Piece> taken = new ArrayList<>();
        if (most.size() == 1) {
            Piece piece = most.removeLast();
            most.add(piece.head(piece.length() / 2));
            taken.add(piece.tail(piece.length() / 2));
        } else {
            List<Piece> half = most.subList(most.size() / 2, most.size());
            taken.addAll(half);
            half.clear();
        }
        return taken;
    }

    private static void fillGaps(List<List<Piece>> rows, int capacity, List<Piece> left) {
        record Gap(List<Piece> row, int room) {}
        var gaps = new PriorityQueue<Gap>(Comparator.comparingInt(Gap::room).reversed());
        rows.forEach(row -> gaps.add(new Gap(row, capacity - tokens(row))));
        for (Piece piece : left) {
            Piece rest = piece;
            while (rest.length() > 0) {
                Gap gap = gaps.remove();
                int n = Math.min(gap.room(), rest.length());
                if (n < 1) {
                    throw new IllegalStateException("the rows have too little room for the pieces");
                }
                gap.row().add(rest.head(n));
                gaps.add(new Gap(gap.row(), gap.room() - n));
                rest = rest.tail(n);
            }
        }
    }

    static int tokens(List<Piece> row) {
        return row.stream().mapToInt(Piece::length).sum();
    }
}
