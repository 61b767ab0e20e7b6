package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/// Tokenizers small enough to know by heart, written where a test wants them.
public final class TinyTokenizers {

    /// The id of `<|endoftext|>` in [#bytes].
    public static final int END_OF_TEXT = 256;

    private TinyTokenizers() {}

    /// Every byte is a token and its value the id; one special token.
    public static Path bytes(Path folder) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        json.putArray("added_tokens")
                .addObject()
                .put("id", END_OF_TEXT)
                .put("content", "<|endoftext|>")
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        json.putNull("normalizer");
        addByteLevel(json.putObject("pre_tokenizer"));
        json.putNull("post_processor");
        addByteLevel(json.putObject("decoder"));
        ObjectNode model = json.putObject("model").put("type", "BPE");
        ObjectNode vocab = model.putObject("vocab");
        // GPT-2's order of characters: those Latin-1 prints stand for themselves, the rest follow from U+0100.
        int next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean prints = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
            vocab.put(String.valueOf((char) (prints ? b : next++)), b);
        }
        model.putArray("merges");
        return write(folder.resolve("bytes.json"), json);
    }

    /// A SentencePiece-like tokenizer: `▁` for a blank, bytes for what is not in the vocabulary, a blank put before a
    /// text and taken off again. Ids: 0 `<unk>`, 1 to 256 the bytes, then `▁`, `▁a`, `b`.
    public static Path pieces(Path folder) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        json.putArray("added_tokens");
        ObjectNode normalizer = json.putObject("normalizer").put("type", "Sequence");
        var steps = normalizer.putArray("normalizers");
        steps.addObject().put("type", "Prepend").put("prepend", "▁");
        ObjectNode blanks = steps.addObject().put("type", "Replace").put("content", "▁");
        blanks.putObject("pattern").put("String", " ");
        json.putNull("pre_tokenizer").putNull("post_processor");
        var decoders = json.putObject("decoder").put("type", "Sequence").putArray("decoders");
        ObjectNode toBlanks = decoders.addObject().put("type", "Replace").put("content", " ");
        toBlanks.putObject("pattern").put("String", "▁");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        decoders.addObject()
                .put("type", "Strip")
                .put("content", " ")
                .put("start", 1)
                .put("stop", 0);
        ObjectNode model = json.putObject("model")
                .put("type", "BPE")
                .put("unk_token", "<unk>")
                .put("byte_fallback", true);
        ObjectNode vocab = model.putObject("vocab").put("<unk>", 0);
        for (int b = 0; b < 256; b++) {
            vocab.put("<0x%02X>".formatted(b), b + 1);
        }
        vocab.put("▁", 257).put("a", 258).put("▁a", 259).put("b", 260);
        model.putArray("merges").add("▁ a");
        return write(folder.resolve("pieces.json"), json);
    }

    private static void addByteLevel(ObjectNode json) {
        json.put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    private static Path write(Path path, ObjectNode json) {
        try {
            new ObjectMapper().writeValue(path.toFile(), json);
            return path;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
