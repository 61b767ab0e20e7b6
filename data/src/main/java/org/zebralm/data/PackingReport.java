package org.zebralm.data;

import java.util.List;

/// What packing does to documents, counted over the first segments of a run.
///
/// @param rows rows counted
/// @param length tokens of a row
/// @param tokens tokens in them; the rest is padding
/// @param pieces parts of documents in them
/// @param cut pieces that go on in another row, though the document would fit one
public record PackingReport(long rows, int length, long tokens, long pieces, long cut) {

    static PackingReport of(List<List<List<Piece>>> segments, int length) {
        long rows = 0;
        long tokens = 0;
        long pieces = 0;
        long cut = 0;
        for (List<List<Piece>> segment : segments) {
            rows += segment.size();
            for (List<Piece> row : segment) {
                pieces += row.size();
                for (Piece piece : row) {
                    tokens += piece.length();
                    long end = piece.from() + piece.length();
                    long whole = piece.shard().documentLength(piece.document());
                    cut += whole <= length && end < whole ? 1 : 0;
                }
            }
        }
        return new PackingReport(rows, length, tokens, pieces, cut);
    }

    /// The part of all rows that is padding.
    public double paddingShare() {
        return 1 - (double) tokens / ((double) rows * length);
    }

    /// The part of all pieces that are cut though their documents would fit a row.
    public double cutShare() {
        return (double) cut / pieces;
    }
}
