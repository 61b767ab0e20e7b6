package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A SentencePiece model, as `tokenizer.model` holds it.
///
/// Source: `sentencepiece_model.proto`, whose defaults hold for what a file does not say.
///
/// @param bos the control piece that begins a text, or null where the model has none
/// @param eos the control piece that ends a text, or null
record SentencePieceModel(
        Algorithm algorithm,
        SentencePieceVocabulary vocabulary,
        SentencePieceText text,
        @Nullable String bos,
        @Nullable String eos) {

    /// How a text is cut into pieces.
    enum Algorithm {
        UNIGRAM,
        BPE,
        WORD,
        CHAR
    }

    /// Reads a model.
    ///
    /// @throws IllegalArgumentException if the bytes are none, or SentencePiece itself would refuse it
    static SentencePieceModel parse(byte[] bytes) {
        return new Parser().parse(new ProtobufReader(bytes));
    }

    /// Returns the `tokenizer.json` that gives the same ids; nothing is put around a prompt.
    ///
    /// @throws IllegalArgumentException if there is none, saying why
    ObjectNode tokenizerJson() {
        return switch (algorithm) {
            case BPE -> SentencePieceBpe.tokenizerJson(vocabulary, text);
            case UNIGRAM -> SentencePieceUnigram.tokenizerJson(vocabulary, text);
            case WORD, CHAR ->
                throw new IllegalArgumentException(
                        "a SentencePiece model must be of type BPE or UNIGRAM: got " + algorithm);
        };
    }

    private static final class Parser {

        private final List<SentencePiece> pieces = new ArrayList<>();
        private Algorithm algorithm = Algorithm.UNIGRAM;
        private SentencePieceText text = new SentencePieceText(null, true, true, true);
        private String bos = "<s>";
        private String eos = "</s>";
        private boolean byteFallback;

        SentencePieceModel parse(ProtobufReader model) {
            while (model.next()) {
                switch (model.field()) {
                    case 1 -> readPiece(model.message());
                    case 2 -> readTrainer(model.message());
                    case 3 -> readNormalizer(model.message());
                    case 5 -> readDenormalizer(model.message());
                    default -> model.skip();
                }
            }
            var vocabulary = new SentencePieceVocabulary(pieces);
            if (byteFallback != vocabulary.hasBytes()) {
                throw new IllegalArgumentException("byte_fallback must be %s: the model has %s pieces for bytes"
                        .formatted(!byteFallback, byteFallback ? "no" : "256"));
            }
            return new SentencePieceModel(
                    algorithm, vocabulary, text, control(vocabulary, bos), control(vocabulary, eos));
        }

        private static @Nullable String control(SentencePieceVocabulary vocabulary, String piece) {
            int id = vocabulary.idOf(piece).orElse(-1);
            return id >= 0 && vocabulary.pieces().get(id).type() == SentencePiece.Type.CONTROL ? piece : null;
        }

        private void readPiece(ProtobufReader message) {
            String piece = "";
            float score = 0;
            var type = SentencePiece.Type.NORMAL;
            while (message.next()) {
                switch (message.field()) {
                    case 1 -> piece = message.string();
                    case 2 -> score = message.float32();
                    case 3 -> type = SentencePiece.Type.of(message.varint());
                    default -> message.skip();
                }
            }
            if (pieces.size() == SentencePieceVocabulary.MAX_SIZE) {
                throw new IllegalArgumentException("a vocabulary must have at most %d pieces: got more"
                        .formatted(SentencePieceVocabulary.MAX_SIZE));
            }
            pieces.add(new SentencePiece(piece, score, type));
        }

        private void readTrainer(ProtobufReader message) {
            while (message.next()) {
                switch (message.field()) {
                    case 3 -> algorithm = algorithm(message.varint());
                    case 24 -> requireUnset(message.flag(), "treat_whitespace_as_suffix");
                    case 35 -> byteFallback = message.flag();
                    case 46 -> bos = message.string();
                    case 47 -> eos = message.string();
                    default -> message.skip();
                }
            }
        }

        private static Algorithm algorithm(long number) {
            if (number < 1 || number > 4) {
                throw new IllegalArgumentException("model_type must be a number from 1 to 4: got " + number);
            }
            return switch ((int) number) {
                case 1 -> Algorithm.UNIGRAM;
                case 2 -> Algorithm.BPE;
                case 3 -> Algorithm.WORD;
                default -> Algorithm.CHAR;
            };
        }

        private void readNormalizer(ProtobufReader message) {
            String charsmap = text.charsmap();
            boolean dummyPrefix = text.dummyPrefix();
            boolean removeExtraWhitespaces = text.removeExtraWhitespaces();
            boolean escapeWhitespaces = text.escapeWhitespaces();
            while (message.next()) {
                switch (message.field()) {
                    case 2 -> {
                        byte[] precompiled = message.bytes();
                        charsmap = precompiled.length == 0
                                ? null
                                : Base64.getEncoder().encodeToString(precompiled);
                    }
                    case 3 -> dummyPrefix = message.flag();
                    case 4 -> removeExtraWhitespaces = message.flag();
                    case 5 -> escapeWhitespaces = message.flag();
                    default -> message.skip();
                }
            }
            text = new SentencePieceText(charsmap, dummyPrefix, removeExtraWhitespaces, escapeWhitespaces);
        }

        private static void readDenormalizer(ProtobufReader message) {
            while (message.next()) {
                if (message.field() == 2) {
                    requireUnset(message.bytes().length > 0, "denormalizer_spec.precompiled_charsmap");
                } else {
                    message.skip();
                }
            }
        }

        private static void requireUnset(boolean isSet, String name) {
            if (isSet) {
                throw new IllegalArgumentException(name + " must not be set: tokenizer.json has nothing like it");
            }
        }
    }
}
