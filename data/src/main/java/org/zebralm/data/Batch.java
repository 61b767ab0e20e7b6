package org.zebralm.data;

/// Rows of tokens to train on, each with the token that follows it.
///
/// Rows lie one after the other. They are cut into pieces at the ends of documents and of rows: no token attends across
/// a piece, and positions count from 0 in each.
///
/// @param rows the number of rows
/// @param length the tokens of a row
/// @param inputs the tokens, `rows * length`
/// @param targets the token after each input, or [#IGNORED] where none belongs to the same document
/// @param cumulativeLengths where pieces start, ascending from 0, with `rows * length` last
// Arrays: these go to native memory as they are, and nobody compares batches.
@SuppressWarnings("ArrayRecordComponent")
public record Batch(int rows, int length, int[] inputs, int[] targets, int[] cumulativeLengths) {

    /// The target that counts for nothing.
    public static final int IGNORED = -1;

    public Batch {
        int size = Math.multiplyExact(rows, length);
        if (rows < 1 || length < 1 || inputs.length != size || targets.length != size) {
            throw new IllegalArgumentException("a batch needs rows * length inputs and targets: got " + rows + " * "
                    + length + ", " + inputs.length + " inputs, " + targets.length + " targets");
        }
        int last = cumulativeLengths.length - 1;
        if (last < 1 || cumulativeLengths[0] != 0 || cumulativeLengths[last] != size) {
            throw new IllegalArgumentException("cumulativeLengths must start at 0 and end at " + size);
        }
        for (int piece = 0; piece < last; piece++) {
            if (cumulativeLengths[piece] >= cumulativeLengths[piece + 1]) {
                throw new IllegalArgumentException("cumulativeLengths must ascend: got " + cumulativeLengths[piece]
                        + " before " + cumulativeLengths[piece + 1]);
            }
        }
    }

    /// This batch with only those targets that `counts` has true for, and that counted before.
    public Batch withTargetsWhere(boolean... counts) {
        if (counts.length != targets.length) {
            throw new IllegalArgumentException(
                    "a mask needs an entry for each of " + targets.length + " targets: got " + counts.length);
        }
        int[] masked = targets.clone();
        for (int i = 0; i < masked.length; i++) {
            if (!counts[i]) {
                masked[i] = IGNORED;
            }
        }
        return new Batch(rows, length, inputs, masked, cumulativeLengths);
    }

    /// The number of pieces.
    public int numPieces() {
        return cumulativeLengths.length - 1;
    }

    /// The number of targets that count.
    public int numTargets() {
        int n = 0;
        for (int target : targets) {
            if (target != IGNORED) {
                n++;
            }
        }
        return n;
    }

    /// The position of each token in its piece.
    public int[] positions() {
        int[] positions = new int[inputs.length];
        for (int piece = 0; piece < numPieces(); piece++) {
            for (int i = cumulativeLengths[piece]; i < cumulativeLengths[piece + 1]; i++) {
                positions[i] = i - cumulativeLengths[piece];
            }
        }
        return positions;
    }
}
