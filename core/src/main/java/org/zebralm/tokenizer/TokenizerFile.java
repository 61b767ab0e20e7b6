package org.zebralm.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A tokenizer on disk: a `tokenizer.json`, or a SentencePiece `tokenizer.model` that becomes one as it is read.
public final class TokenizerFile {

    /// The greatest in use have a tenth of it.
    private static final long MAX_BYTES = 256L << 20;

    /// A line of OpenAI's format: a token in base 64 and its rank.
    private static final Pattern TIKTOKEN = Pattern.compile("[A-Za-z0-9+/]+=* [0-9]+\\r?");

    private static final String ADDED = "added_tokens.json";

    private final byte[] json;
    private final SpecialTokens specialTokens;

    private TokenizerFile(byte[] json, SpecialTokens specialTokens) {
        this.json = json;
        this.specialTokens = specialTokens;
    }

    /// Reads a file of either kind, and the names of special tokens that lie beside it.
    ///
    /// What transformers keeps beside a `tokenizer.model` belongs to it: tokens added to it later
    /// (`added_tokens_decoder` of `tokenizer_config.json`, or `added_tokens.json`), and whether prompts get a bos;
    /// they do unless it says otherwise.
    ///
    /// @throws IllegalArgumentException naming the file if it is missing, of no kind that we read, or a
    ///     SentencePiece model that no `tokenizer.json` can stand for
    /// @throws UncheckedIOException if it cannot be read
    public static TokenizerFile read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("a tokenizer is a tokenizer.json or tokenizer.model file: " + file
                    + (Files.exists(file) ? " is not a regular file" : " does not exist"));
        }
        byte[] bytes = readBytes(file);
        SpecialTokens special = SpecialTokens.beside(file);
        if (isJson(bytes)) {
            return new TokenizerFile(bytes, special);
        }
        try {
            return convert(file, bytes, special);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "cannot use " + file + " as a SentencePiece model: " + e.getMessage(), e);
        }
    }

    private static byte[] readBytes(Path file) {
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new IllegalArgumentException(
                        "a tokenizer must have at most %d bytes: %s has %d".formatted(MAX_BYTES, file, size));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static boolean isJson(byte[] bytes) {
        for (byte b : bytes) {
            if (b != ' ' && b != '\t' && b != '\r' && b != '\n') {
                return b == '{';
            }
        }
        return false;
    }

    private static TokenizerFile convert(Path file, byte[] bytes, SpecialTokens special) {
        String firstLine =
                new String(bytes, 0, Math.min(bytes.length, 1000), StandardCharsets.ISO_8859_1).split("\n", 2)[0];
        if (TIKTOKEN.matcher(firstLine).matches()) {
            throw new IllegalArgumentException("it is one of OpenAI's tiktoken format, which has no patterns to cut"
                    + " words by; put the tokenizer.json of the same model in its place");
        }
        SentencePieceModel model = SentencePieceModel.parse(bytes);
        ObjectNode json = model.tokenizerJson();
        if (SentencePieceEncoder.isNeededFor(model)) {
            json.withObject("model").put(Vocabulary.SENTENCE_PIECE_MODEL, bytes);
        }
        addTokens(json, model.vocabulary(), laterTokens(file));
        var named = new SpecialTokens(
                special.bos() == null ? model.bos() : special.bos(),
                special.eos() == null ? model.eos() : special.eos(),
                special.unk(),
                special.pad(),
                special.additional(),
                special.isDecided() ? special.addBos() : Boolean.valueOf(model.bos() != null),
                special.addEos());
        json.set("post_processor", PromptTemplate.of(tokens(json, named.before()), tokens(json, named.after())));
        try {
            return new TokenizerFile(new JsonMapper().writeValueAsBytes(json), named);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree can be written", e);
        }
    }

    private static Map<Integer, ObjectNode> laterTokens(Path file) {
        Map<Integer, ObjectNode> tokens = new TreeMap<>();
        ObjectNode settings = SpecialTokens.read(file.resolveSibling(SpecialTokens.CONFIG));
        settings.path("added_tokens_decoder").properties().forEach(entry -> {
            if (!(entry.getValue() instanceof ObjectNode token)
                    || !token.path("content").isTextual()) {
                throw new IllegalArgumentException(
                        "an entry of added_tokens_decoder must have a content: got " + entry);
            }
            tokens.put(id(entry.getKey()), token);
        });
        if (tokens.isEmpty()) {
            SpecialTokens.read(file.resolveSibling(ADDED)).properties().forEach(entry -> {
                ObjectNode token = settings.objectNode().put("content", entry.getKey());
                tokens.put(id(entry.getValue().asText()), token);
            });
        }
        return tokens;
    }

    private static int id(String text) {
        try {
            return Integer.parseUnsignedInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the id of an added token must be a whole number: got " + text, e);
        }
    }

    /// Adds the tokens that the model does not have; those it has keep what it says of them.
    private static void addTokens(ObjectNode json, SentencePieceVocabulary vocabulary, Map<Integer, ObjectNode> later) {
        ArrayNode added = json.withArray("added_tokens");
        int next = vocabulary.size();
        for (Map.Entry<Integer, ObjectNode> entry : later.entrySet()) {
            ObjectNode token = entry.getValue();
            String text = token.path("content").textValue();
            int known = vocabulary.idOf(text).orElse(-1);
            if (known == entry.getKey()) {
                continue;
            }
            if (known >= 0 || entry.getKey() != next) {
                throw new IllegalArgumentException(
                        "tokens added to a model must follow its %d pieces without a gap: got"
                                        .formatted(vocabulary.size())
                                + " %s with id %d%s"
                                        .formatted(
                                                text,
                                                entry.getKey(),
                                                known >= 0 ? ", which it has as " + known : ", not " + next));
            }
            ObjectNode copy = added.addObject().put("id", next++).put("content", text);
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
                copy.put(flag, token.path(flag).asBoolean(false));
            }
            copy.put("special", token.path("special").asBoolean(true));
        }
    }

    private static List<PromptTemplate.Token> tokens(ObjectNode json, @Nullable String text) {
        if (text == null) {
            return List.of();
        }
        for (var token : json.path("added_tokens")) {
            if (token.path("content").asText().equals(text)) {
                return List.of(new PromptTemplate.Token(text, token.path("id").asInt()));
            }
        }
        throw new IllegalArgumentException("what is put around a prompt must be a special token: got " + text);
    }

    /// The bytes of `tokenizer.json`, read or made.
    public byte[] json() {
        return json.clone();
    }

    /// What lies beside the file, completed by what a SentencePiece model says itself.
    public SpecialTokens specialTokens() {
        return specialTokens;
    }
}
