package org.zebralm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Text to the ids of a SentencePiece model and of the tokens added to it: what stands between those is a text of its
/// own.
///
/// @param added what is taken out first: control pieces and later tokens; user-defined pieces are the model's business
record SentencePieceTokens(AddedTokens added, SentencePieceEncoder encoder) {

    /// Makes what a `tokenizer.json` holds a SentencePiece model for; null if it holds none.
    ///
    /// @throws IllegalArgumentException if that model cannot be used
    static @Nullable SentencePieceTokens of(Vocabulary vocabulary) {
        byte[] bytes = vocabulary.sentencePieceModel();
        if (bytes == null) {
            return null;
        }
        SentencePieceModel model = SentencePieceModel.parse(bytes);
        Set<String> userDefined = new HashSet<>(model.vocabulary().userDefined());
        return new SentencePieceTokens(
                new AddedTokens(vocabulary.addedTokens().stream()
                        .filter(token -> !userDefined.contains(token.content()))
                        .toList()),
                new SentencePieceEncoder(model));
    }

    /// The ids of a text without lone surrogates.
    int[] encode(String text) {
        IntStream.Builder ids = IntStream.builder();
        added.part(text.getBytes(StandardCharsets.UTF_8), new AddedTokens.Parts() {
            @Override
            public void token(int id) {
                ids.add(id);
            }

            @Override
            public void text(byte[] bytes, int from, int to) {
                for (int id : encoder.encode(bytes, from, to)) {
                    ids.add(id);
                }
            }
        });
        return ids.build().toArray();
    }
}
