package org.zebralm.kernel;

/// The order of a row's elements when it is read as 32-bit words, a vector of them at a time.
///
/// A word holds 2 bfloat16 or 4 int8 elements, which shifts take apart: first those of all words' low ends, then
/// the next. Queries and outputs kept in that order cost nothing per key.
final class WordOrder {
    private static final int L = Lanes.COUNT;

    private WordOrder() {}

    /// Returns whether rows of a width can be streamed: whole vectors of words, 16 lanes each.
    static boolean fits(int width, Storage storage) {
        return L == 16 && width % (storage.perWord() * L) == 0;
    }

    /// Brings a row into the order of a storage's words.
    static void split(float[] w, int from, int to, int width, Storage storage) {
        int n = storage.perWord();
        for (int d = 0; d < width; d += n * L) {
            for (int i = 0; i < L; i++) {
                for (int r = 0; r < n; r++) {
                    w[to + d + r * L + i] = w[from + d + n * i + r];
                }
            }
        }
    }

    /// Undoes [#split].
    static void join(float[] w, int from, int to, int width, Storage storage) {
        int n = storage.perWord();
        for (int d = 0; d < width; d += n * L) {
            for (int i = 0; i < L; i++) {
                for (int r = 0; r < n; r++) {
                    w[to + d + n * i + r] = w[from + d + r * L + i];
                }
            }
        }
    }
}
