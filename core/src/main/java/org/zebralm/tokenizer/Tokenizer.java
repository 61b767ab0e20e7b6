package org.zebralm.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;

/// Text to ids and back, by a Hugging Face `tokenizer.json`.
///
/// The work is done by the Rust library, so ids equal those of Python's `tokenizers`. Nothing is added to a text (no
/// bos, no template) and nothing is cut off. As in that library, a special token written out in a text becomes its
/// id; a caller who encodes text from strangers breaks such literals up first.
///
/// Safe for use by many threads until closed.
public final class Tokenizer implements AutoCloseable {

    private final Path path;
    private final Vocabulary vocabulary;
    private final String fingerprint;
    private final HuggingFaceTokenizer tokenizer;

    private Tokenizer(Path path, Vocabulary vocabulary, String fingerprint, HuggingFaceTokenizer tokenizer) {
        this.path = path;
        this.vocabulary = vocabulary;
        this.fingerprint = fingerprint;
        this.tokenizer = tokenizer;
    }

    /// Loads a tokenizer; a missing or unusable file is an `IllegalArgumentException` that names it.
    public static Tokenizer load(Path tokenizerJson) {
        if (!Files.isRegularFile(tokenizerJson)) {
            throw new IllegalArgumentException("a tokenizer is a tokenizer.json file: " + tokenizerJson
                    + (Files.exists(tokenizerJson) ? " is not a regular file" : " does not exist"));
        }
        NativeLibrary.load();
        byte[] json = read(tokenizerJson);
        try {
            return new Tokenizer(tokenizerJson, Vocabulary.parse(json), fingerprint(json), open(tokenizerJson));
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "cannot use " + tokenizerJson + " as a tokenizer.json: " + e.getMessage(), e);
        }
    }

    private static byte[] read(Path tokenizerJson) {
        try {
            return Files.readAllBytes(tokenizerJson);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + tokenizerJson + ": " + e.getMessage(), e);
        }
    }

    private static HuggingFaceTokenizer open(Path tokenizerJson) throws IOException {
        // DJL truncates at 512 ids unless told not to.
        return HuggingFaceTokenizer.builder()
                .optTokenizerPath(tokenizerJson)
                .optTruncation(false)
                .optPadding(false)
                .optAddSpecialTokens(false)
                .build();
    }

    /// The ids of a text; lone surrogates are encoded as U+FFFD (see [WellFormed] to count them).
    public int[] encode(String text) {
        return takeIds(TokenizersLibrary.LIB.encode(
                tokenizer.getHandle(), WellFormed.of(text).text(), false));
    }

    /// The ids of many texts, encoded on all cores at once.
    ///
    /// DJL's own `batchEncode` also copies offsets, masks and token strings, at half the speed; hence the calls
    /// one level below.
    public List<int[]> encodeAll(List<String> texts) {
        String[] wellFormed =
                texts.stream().map(text -> WellFormed.of(text).text()).toArray(String[]::new);
        long[] encodings = TokenizersLibrary.LIB.batchEncode(tokenizer.getHandle(), wellFormed, false);
        return Arrays.stream(encodings).mapToObj(Tokenizer::takeIds).toList();
    }

    private static int[] takeIds(long encoding) {
        try {
            return Arrays.stream(TokenizersLibrary.LIB.getTokenIds(encoding))
                    .mapToInt(Math::toIntExact)
                    .toArray();
        } finally {
            TokenizersLibrary.LIB.deleteEncoding(encoding);
        }
    }

    /// The text of some ids, special tokens included; the inverse of [#encode] for byte-level tokenizers.
    public String decode(int[] ids) {
        return decode(ids, false);
    }

    /// The text of some ids, special tokens left out on request.
    ///
    /// Bytes that are no UTF-8 become U+FFFD. An id past the vocabulary decodes to nothing, as in the Hugging Face
    /// library: models pad their embedding, and such rows have no text.
    public String decode(int[] ids, boolean skipSpecialTokens) {
        for (int id : ids) {
            if (id < 0) {
                throw new IllegalArgumentException("a token id must not be negative: got " + id);
            }
        }
        long[] wide = Arrays.stream(ids).asLongStream().toArray();
        return TokenizersLibrary.LIB.decode(tokenizer.getHandle(), wide, skipSpecialTokens);
    }

    /// One more than the greatest id: the rows an embedding needs.
    public int vocabSize() {
        return vocabulary.size();
    }

    /// The id of a token as `tokenizer.json` writes it (byte-level tokenizers write a blank as `Ġ`).
    public OptionalInt idOf(String token) {
        return vocabulary.idOf(token);
    }

    /// The SHA-256 of `tokenizer.json`, in hexadecimal: what was encoded with another file does not fit.
    public String fingerprint() {
        return fingerprint;
    }

    /// The file this tokenizer was loaded from.
    public Path path() {
        return path;
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /// Returns the [#fingerprint] of a tokenizer with this `tokenizer.json`: its SHA-256 in hexadecimal.
    public static String fingerprint(byte[] tokenizerJson) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(tokenizerJson));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
