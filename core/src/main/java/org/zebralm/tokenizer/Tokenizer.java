package org.zebralm.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Text to ids and back, by a Hugging Face `tokenizer.json` or a SentencePiece `tokenizer.model`.
///
/// The work is done by the Rust library, so ids equal those of Python's `tokenizers`; but of a SentencePiece model that
/// it would give other ids for, they are made by [SentencePieceEncoder]. [#encode] adds nothing to a text
/// (no bos, no template) and nothing is cut off; [#encodePrompt] adds what the model expects. As in that library, a
/// special token written out in a text becomes its id; a caller who encodes text from strangers breaks such literals
/// up first.
///
/// Safe for use by many threads until closed.
public final class Tokenizer implements AutoCloseable {

    private static final String PROBE = "a";

    private final Path path;
    private final byte @Nullable [] made;
    private final Vocabulary vocabulary;
    private final String fingerprint;
    private final SpecialTokens specialTokens;
    private final @Nullable SentencePieceTokens sentencePiece;
    private final boolean libraryFrames;
    private final int[] before;
    private final int[] after;
    private final AtomicLong handle;

    private Tokenizer(Path path, byte[] json, boolean isMade, SpecialTokens specialTokens) throws IOException {
        this.path = path;
        this.made = isMade ? json : null;
        this.vocabulary = Vocabulary.parse(json);
        this.fingerprint = fingerprint(json);
        this.specialTokens = specialTokens;
        this.sentencePiece = SentencePieceTokens.of(vocabulary);
        boolean framesText = vocabulary.framesText();
        this.libraryFrames = framesText && sentencePiece == null;
        if (framesText && sentencePiece != null) {
            PromptTemplate.Ids frame = PromptTemplate.ids(vocabulary.postProcessor());
            this.before = frame.before().stream().mapToInt(Integer::intValue).toArray();
            this.after = frame.after().stream().mapToInt(Integer::intValue).toArray();
        } else {
            this.before = framesText ? new int[0] : ids("bos_token", specialTokens.before());
            this.after = framesText ? new int[0] : ids("eos_token", specialTokens.after());
        }
        // Not through DJL's HuggingFaceTokenizer: it reads files beside this one and heeds settings of its own.
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(json))
                .toString();
        long opened = TokenizersLibrary.LIB.createTokenizerFromString(text);
        TokenizersLibrary.LIB.disableTruncation(opened);
        TokenizersLibrary.LIB.disablePadding(opened);
        this.handle = new AtomicLong(opened);
    }

    /// Loads a tokenizer from a file of either kind, with the special tokens named beside it.
    ///
    /// A missing or unusable file is an `IllegalArgumentException` that names it.
    public static Tokenizer load(Path file) {
        TokenizerFile read = TokenizerFile.read(file);
        return open(file, read.json(), false, read.specialTokens());
    }

    /// Makes a tokenizer of a `tokenizer.json` that stands in no file.
    ///
    /// @param origin the file that it was made from, named in errors
    public static Tokenizer of(byte[] tokenizerJson, SpecialTokens specialTokens, Path origin) {
        return open(origin, tokenizerJson.clone(), true, specialTokens);
    }

    private static Tokenizer open(Path file, byte[] json, boolean isMade, SpecialTokens specialTokens) {
        NativeLibrary.load();
        try {
            return new Tokenizer(file, json, isMade, specialTokens);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("cannot use " + file + " as a tokenizer: " + e.getMessage(), e);
        }
    }

    private int[] ids(String role, @Nullable String token) {
        if (token == null) {
            return new int[0];
        }
        return new int[] {
            idOf(token)
                    .orElseThrow(() -> new IllegalArgumentException(
                            role + " must be in the vocabulary to be put around prompts: got " + token))
        };
    }

    private long handle() {
        long opened = handle.get();
        if (opened == 0) {
            throw new IllegalStateException("the tokenizer of " + path + " is closed");
        }
        return opened;
    }

    /// The ids of a text; lone surrogates are encoded as U+FFFD (see [WellFormed] to count them).
    public int[] encode(String text) {
        return encode(text, false);
    }

    /// The ids of a text as the model is to read it: with the special tokens that its family puts around one, most
    /// often a bos or nothing. The post-processor of `tokenizer.json` decides, as in transformers 5; where it
    /// leaves that open, `add_bos_token` and `add_eos_token` do, as in transformers 4.
    ///
    /// A prompt that a chat template has rendered has them already; [#encode] is for those.
    public int[] encodePrompt(String text) {
        if (libraryFrames) {
            return encode(text, true);
        }
        return Stream.of(before, encode(text), after)
                .flatMapToInt(Arrays::stream)
                .toArray();
    }

    /// What [#encodePrompt] puts before a text.
    public int[] promptBeginning() {
        if (!libraryFrames) {
            return before.clone();
        }
        int[] prompt = encodePrompt(PROBE);
        int[] text = encode(PROBE);
        for (int start = 0; start + text.length <= prompt.length; start++) {
            if (Arrays.equals(prompt, start, start + text.length, text, 0, text.length)) {
                return Arrays.copyOf(prompt, start);
            }
        }
        throw new IllegalArgumentException(
                "the post_processor of " + path + " must put its tokens around a text: it changes the text");
    }

    private int[] encode(String text, boolean addSpecialTokens) {
        long opened = handle();
        String wellFormed = WellFormed.of(text).text();
        return sentencePiece == null
                ? takeIds(TokenizersLibrary.LIB.encode(opened, wellFormed, addSpecialTokens))
                : sentencePiece.encode(wellFormed);
    }

    /// The ids of many texts, encoded on all cores at once.
    ///
    /// DJL's own `batchEncode` also copies offsets, masks and token strings, at half the speed; hence the calls
    /// one level below.
    public List<int[]> encodeAll(List<String> texts) {
        if (sentencePiece != null) {
            return texts.parallelStream().map(this::encode).toList();
        }
        String[] wellFormed =
                texts.stream().map(text -> WellFormed.of(text).text()).toArray(String[]::new);
        long[] encodings = TokenizersLibrary.LIB.batchEncode(handle(), wellFormed, false);
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
        return TokenizersLibrary.LIB.decode(handle(), wide, skipSpecialTokens);
    }

    /// One more than the greatest id: the rows an embedding needs.
    public int vocabSize() {
        return vocabulary.size();
    }

    /// Checks that a model has a row for every id that text can become.
    ///
    /// Special tokens may lie beyond: Gemma 3 has one for pictures, which its models without pictures have no
    /// row for.
    /// Written out in a text it is refused by the model.
    ///
    /// @throws IllegalArgumentException if the tokenizer is larger than the model
    public void requireFit(int numRows) {
        if (vocabulary.textSize() > numRows) {
            throw new IllegalArgumentException(
                    "a tokenizer must not make more ids than its model has rows, %d: %s makes %d; take the tokenizer that came with the model"
                            .formatted(numRows, path, vocabulary.textSize()));
        }
    }

    /// The id of a token as `tokenizer.json` writes it (byte-level tokenizers write a blank as `Ġ`).
    public OptionalInt idOf(String token) {
        return vocabulary.idOf(token);
    }

    /// The tokens that are no text, as the files beside the tokenizer name them.
    public SpecialTokens specialTokens() {
        return specialTokens;
    }

    /// The SHA-256 of `tokenizer.json`, in hexadecimal: what was encoded with another file does not fit.
    public String fingerprint() {
        return fingerprint;
    }

    /// The file this tokenizer was loaded from, of whatever kind.
    public Path path() {
        return path;
    }

    /// The bytes of `tokenizer.json`: those of the file, or what was made of one of another kind.
    public byte[] json() {
        return made == null ? TokenizerFile.read(path).json() : made.clone();
    }

    @Override
    public void close() {
        long opened = handle.getAndSet(0);
        if (opened != 0) {
            TokenizersLibrary.LIB.deleteTokenizer(opened);
        }
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
