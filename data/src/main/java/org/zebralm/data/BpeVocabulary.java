package org.zebralm.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/// A trained byte-pair vocabulary, and how it is written as a Hugging Face `tokenizer.json`.
///
/// Special tokens come first, so that their ids are known before training and do not move with the size: id 0 is
/// `<|endoftext|>`. Then come the 256 bytes in order, then each merge's token.
///
/// @param split how a text is cut into words before merging
/// @param specials the tokens that stand for themselves
/// @param tokens the bytes of each token by id; none for a special token
/// @param merges the merges in the order in which the encoder tries them
public record BpeVocabulary(SplitPattern split, SpecialTokens specials, List<byte[]> tokens, List<Merge> merges) {

    /// The token that ends a document.
    public static final String END_OF_TEXT = "<|endoftext|>";

    /// The id of [#END_OF_TEXT].
    public static final int END_OF_TEXT_ID = 0;

    /// The tokens there are before any merge, with no other special token than [#END_OF_TEXT].
    public static final int MIN_SIZE = 1 + 256;

    /// Two tokens that become one where they meet.
    public record Merge(int left, int right) {}

    public BpeVocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
        for (byte[] token : tokens) {
            String name = ByteAlphabet.write(token);
            if (specials.tokens().contains(name)) {
                throw new IllegalArgumentException("a special token must not be spelled as a learned one is in"
                        + " tokenizer.json, where a blank is \u0120: got " + name);
            }
        }
    }

    /// The tokens there are before any merge: the special ones and every byte.
    public static int minSize(SpecialTokens specials) {
        return specials.size() + 256;
    }

    /// The number of tokens, special ones included.
    public int size() {
        return tokens.size();
    }

    /// Writes a `tokenizer.json`, replacing the file at once.
    public void write(Path tokenizerJson) {
        try {
            AtomicFile.write(
                    tokenizerJson,
                    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(toJson()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + tokenizerJson + ": " + e.getMessage(), e);
        }
    }

    private JsonNode toJson() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("version", "1.0").putNull("truncation").putNull("padding");
        addSpecials(json.putArray("added_tokens"));
        json.putNull("normalizer");
        addPreTokenizer(json.putObject("pre_tokenizer"));
        json.putNull("post_processor");
        addByteLevel(json.putObject("decoder"));
        addModel(json.putObject("model"));
        return json;
    }

    private void addSpecials(ArrayNode json) {
        for (int id = 0; id < specials.size(); id++) {
            json.addObject()
                    .put("id", id)
                    .put("content", specials.tokens().get(id))
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
    }

    private void addPreTokenizer(ObjectNode json) {
        ArrayNode steps = json.put("type", "Sequence").putArray("pretokenizers");
        ObjectNode words = steps.addObject().put("type", "Split");
        words.putObject("pattern").put("Regex", split.regex());
        words.put("behavior", "Isolated").put("invert", false);
        addByteLevel(steps.addObject());
    }

    private static void addByteLevel(ObjectNode json) {
        json.put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", false);
    }

    private void addModel(ObjectNode json) {
        json.put("type", "BPE").putNull("dropout").putNull("unk_token");
        json.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        json.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode vocab = json.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            vocab.put(name(id), id);
        }
        ArrayNode lines = json.putArray("merges");
        // "left right", the form every version of the library reads; no token's name holds a blank.
        merges.forEach(merge -> lines.add(name(merge.left()) + " " + name(merge.right())));
    }

    private String name(int id) {
        return id < specials.size() ? specials.tokens().get(id) : ByteAlphabet.write(tokens.get(id));
    }
}
