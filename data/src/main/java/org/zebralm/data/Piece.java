package org.zebralm.data;

/// Some tokens of one document, which go into one row.
///
/// @param from the first token's place in the document
/// @param length at least 1
record Piece(TokenShard shard, int document, long from, int length) {

    /// The first `n` of its tokens.
    Piece head(int n) {
        return new Piece(shard, document, from, n);
    }

    /// What follows those.
    Piece tail(int n) {
        return new Piece(shard, document, from + n, length - n);
    }

    /// Copies the tokens and the target of each, the last one's being the document's next token if it has one.
    void copy(int[] inputs, int[] targets, int at) {
        long first = shard.documentStart(document) + from;
        long end = shard.documentStart(document + 1);
        shard.read(first, length, inputs, at);
        int vocabSize = shard.vocabSize();
        for (int i = at; i < at + length; i++) {
            if (Integer.compareUnsigned(inputs[i], vocabSize) >= 0) {
                throw new IllegalArgumentException("token ids must be below the vocabulary of " + vocabSize + ": "
                        + shard.path() + " has " + Integer.toUnsignedString(inputs[i]) + " at token "
                        + (first + i - at) + "; prepare the text again");
            }
        }
        System.arraycopy(inputs, at + 1, targets, at, length - 1);
        targets[at + length - 1] = first + length < end ? shard.token(first + length) : Batch.IGNORED;
    }
}
