package org.zebralm.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.PromptTemplate;
import org.zebralm.tokenizer.SentencePiece;
import org.zebralm.tokenizer.SentencePieceBpe;
import org.zebralm.tokenizer.SentencePieceText;
import org.zebralm.tokenizer.SentencePieceVocabulary;
import org.zebralm.tokenizer.SpecialTokens;
import org.zebralm.tokenizer.Tokenizer;

/// llama2.c's `tokenizer.bin`: the pieces of a SentencePiece BPE model as they read, with their scores.
///
/// The file holds the length of the longest piece, and for each a score, a length and the text. Blanks are blanks, and
/// `<s>` and `</s>` stand between line ends; what is for control and for bytes follows from the ids, as in llama2.c.
final class Llama2cTokenizer {
    private static final String SUFFIX = ".bin";
    private static final int UNKNOWN = 0;
    static final int BOS = 1;
    static final int EOS = 2;
    private static final int FIRST_BYTE = 3;
    private static final int NUM_BYTES = 256;
    private static final int MAX_PIECE_BYTES = 1 << 16;

    private Llama2cTokenizer() {}

    /// Returns the tokenizer beside a model of so many tokens, or null if none is there.
    static @Nullable Tokenizer beside(Path model, int vocabSize) {
        Path file = file(model, vocabSize);
        if (file == null) {
            return null;
        }
        return isOwn(file) ? open(file, vocabSize) : Tokenizer.load(file);
    }

    /// Returns the tokenizer's file: `tok512.bin` with its number of tokens, which says the most, a `tokenizer.json` or
    /// `tokenizer.bin`; null if none is there.
    static @Nullable Path file(Path model, int vocabSize) {
        return Stream.of("tok" + vocabSize + SUFFIX, ModelFolder.TOKENIZER, "tokenizer" + SUFFIX)
                .map(model::resolveSibling)
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
    }

    /// Returns whether a file is of this format.
    static boolean isOwn(Path tokenizer) {
        return tokenizer.toString().endsWith(SUFFIX);
    }

    /// Opens a file's tokenizer.
    ///
    /// @throws IllegalArgumentException if it has not exactly `vocabSize` pieces, or is damaged
    /// @throws java.io.UncheckedIOException if it cannot be read
    static Tokenizer open(Path path, int vocabSize) {
        List<SentencePiece> pieces = read(path, vocabSize);
        String bos = pieces.get(BOS).text();
        String eos = pieces.get(EOS).text();
        try {
            ObjectNode json =
                    SentencePieceBpe.tokenizerJson(new SentencePieceVocabulary(pieces), SentencePieceText.LLAMA);
            json.set("post_processor", PromptTemplate.of(List.of(new PromptTemplate.Token(bos, BOS)), List.of()));
            var special = new SpecialTokens(bos, eos, pieces.get(UNKNOWN).text(), null, List.of(), true, false);
            return Tokenizer.of(new JsonMapper().writeValueAsBytes(json), special, path);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree can be written", e);
        }
    }

    private static List<SentencePiece> read(Path path, int vocabSize) {
        List<SentencePiece> pieces = new ArrayList<>();
        try (MappedFile file = MappedFile.open(path)) {
            var in = new ByteCursor(path.toString(), file.bytes());
            in.readInt(); // the longest
            while (in.remaining() > 0) {
                if (pieces.size() == vocabSize) {
                    throw in.refuse("a tokenizer must have as many pieces as its model has tokens, " + vocabSize
                            + ": got more");
                }
                pieces.add(piece(pieces.size(), in));
            }
        }
        if (pieces.size() != vocabSize || vocabSize <= EOS) {
            throw new IllegalArgumentException(path + " must have as many pieces as its model has tokens, " + vocabSize
                    + ": got " + pieces.size());
        }
        return pieces;
    }

    private static SentencePiece piece(int id, ByteCursor in) {
        float score = Float.intBitsToFloat(in.readInt());
        long length = in.readUnsignedInt();
        if (length > MAX_PIECE_BYTES) {
            throw in.refuse("a piece must have at most " + MAX_PIECE_BYTES + " bytes: got " + length);
        }
        String text = in.readText(length);
        try {
            return switch (id) {
                case UNKNOWN -> new SentencePiece(text, score, SentencePiece.Type.UNKNOWN);
                case BOS, EOS -> new SentencePiece(text.strip(), score, SentencePiece.Type.CONTROL);
                default ->
                    id < FIRST_BYTE + NUM_BYTES
                            ? new SentencePiece(text, score, SentencePiece.Type.BYTE)
                            : new SentencePiece(text.replace(' ', '▁'), score, SentencePiece.Type.NORMAL);
            };
        } catch (IllegalArgumentException e) {
            throw in.refuse(String.valueOf(e.getMessage()));
        }
    }
}
