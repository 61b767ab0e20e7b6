package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.PromptTemplate;
import org.zebralm.tokenizer.SentencePiece;
import org.zebralm.tokenizer.SentencePieceBpe;
import org.zebralm.tokenizer.SentencePieceText;
import org.zebralm.tokenizer.SentencePieceVocabulary;
import org.zebralm.tokenizer.SpecialTokens;

/// The tokenizer in a GGUF file's metadata as a `tokenizer.json`.
final class GgufTokenizer {
    private static final String PREFIX = "tokenizer.ggml.";

    /// Four times the largest vocabulary in use.
    private static final int MAX_TOKENS = 1 << 20;

    private static final int MAX_MERGES = 1 << 22;

    private final GgufSettings settings;
    private final List<String> tokens = new ArrayList<>();
    private final List<SentencePiece.Type> types = new ArrayList<>();

    private GgufTokenizer(GgufFile file) {
        this.settings = new GgufSettings(file.metadata(), PREFIX);
    }

    /// A `tokenizer.json`, and what it calls the tokens that are no text.
    record Contents(ObjectNode json, SpecialTokens special) {}

    /// Returns the tokenizer of a file, or null if it has none.
    ///
    /// @throws IllegalArgumentException naming the rule that it breaks, or what in it is not implemented
    static @Nullable Contents read(GgufFile file) {
        var tokenizer = new GgufTokenizer(file);
        if (!tokenizer.settings.has("tokens")) {
            return null;
        }
        try {
            return tokenizer.read();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private Contents read() {
        readTokens();
        String model = settings.text("model", "");
        boolean isSentencePiece = model.equals("llama");
        ObjectNode json = switch (model) {
            case "llama" -> sentencePiece();
            case "gpt2" -> byteLevel();
            default ->
                throw new IllegalArgumentException(PREFIX
                        + "model must be llama (SentencePiece BPE) or gpt2 (byte-level BPE): got \"" + model + '"');
        };
        String bos = token("bos_token_id");
        String eos = token("eos_token_id");
        boolean isBegun = isSentencePiece || GgufPreTokenizer.of(settings.text("pre", "")).ignoresMerges;
        boolean addBos = settings.flag("add_bos_token", isBegun) && bos != null;
        boolean addEos = settings.flag("add_eos_token", false) && eos != null;
        if (addBos || addEos) {
            json.set(
                    "post_processor",
                    PromptTemplate.of(edge(addBos, bos, "bos_token_id"), edge(addEos, eos, "eos_token_id")));
        }
        var special = new SpecialTokens(
                bos, eos, token("unknown_token_id"), token("padding_token_id"), List.of(), addBos, addEos);
        if (!settings.problems().isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", settings.problems()));
        }
        return new Contents(json, special);
    }

    private void readTokens() {
        for (GgufValue value : list("tokens", MAX_TOKENS)) {
            tokens.add(text("tokens", value));
        }
        for (GgufValue value : list("token_type", MAX_TOKENS)) {
            if (!(value instanceof GgufValue.Whole(long number))) {
                throw new IllegalArgumentException(
                        PREFIX + "token_type must hold whole numbers: got " + value.describe());
            }
            types.add(SentencePiece.Type.of(number));
        }
        if (!settings.has("token_type")) {
            types.addAll(Collections.nCopies(tokens.size(), SentencePiece.Type.NORMAL));
        }
        if (types.size() != tokens.size()) {
            throw new IllegalArgumentException(PREFIX + "token_type must have a number for each of the " + tokens.size()
                    + " tokens: got " + types.size());
        }
    }

    private List<GgufValue> list(String key, int most) {
        return switch (settings.value(key)) {
            case null -> List.of();
            case GgufValue.Items items -> items.read(PREFIX + key, most);
            case GgufValue other ->
                throw new IllegalArgumentException(PREFIX + key + " must be a list: got " + other.describe());
        };
    }

    private static String text(String key, GgufValue value) {
        if (value instanceof GgufValue.Text text) {
            return text.read(PREFIX + key);
        }
        throw new IllegalArgumentException(PREFIX + key + " must hold texts: got " + value.describe());
    }

    private ObjectNode sentencePiece() {
        List<GgufValue> scores = list("scores", MAX_TOKENS);
        if (scores.size() != tokens.size()) {
            throw new IllegalArgumentException(PREFIX + "scores must have a number for each of the " + tokens.size()
                    + " tokens: got " + scores.size());
        }
        List<SentencePiece> pieces = new ArrayList<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (!(scores.get(id) instanceof GgufValue.Real(double score))) {
                throw new IllegalArgumentException(PREFIX + "scores must hold numbers: got "
                        + scores.get(id).describe());
            }
            pieces.add(new SentencePiece(tokens.get(id), (float) score, types.get(id)));
        }
        if (settings.flag("remove_extra_whitespaces", false)) {
            throw new IllegalArgumentException(PREFIX + "remove_extra_whitespaces must be false: got true");
        }
        var text = settings.flag("add_space_prefix", true) ? SentencePieceText.LLAMA : SentencePieceText.GEMMA;
        return SentencePieceBpe.tokenizerJson(new SentencePieceVocabulary(pieces), text);
    }

    private ObjectNode byteLevel() {
        GgufPreTokenizer way = GgufPreTokenizer.of(settings.text("pre", ""));
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding");
        addAddedTokens(json.putArray("added_tokens"));
        way.addTo(json);
        json.putNull("post_processor");
        json.putObject("decoder")
                .put("type", "ByteLevel")
                .put("add_prefix_space", true)
                .put("trim_offsets", true)
                .put("use_regex", true);
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.putNull("dropout").putNull("unk_token");
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", way.ignoresMerges);
        ObjectNode vocab = model.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            if (vocab.has(tokens.get(id))) {
                throw new IllegalArgumentException("each token must be there once: \"" + tokens.get(id) + "\" has ids "
                        + vocab.get(tokens.get(id)) + " and " + id);
            }
            vocab.put(tokens.get(id), id);
        }
        addMerges(model.putArray("merges"), new HashSet<>(tokens));
        return json;
    }

    private void addAddedTokens(ArrayNode added) {
        for (int id = 0; id < tokens.size(); id++) {
            SentencePiece.Type type = types.get(id);
            if (type == SentencePiece.Type.CONTROL || type == SentencePiece.Type.USER_DEFINED) {
                ObjectNode token = added.addObject().put("id", id).put("content", tokens.get(id));
                token.put("single_word", false)
                        .put("lstrip", false)
                        .put("rstrip", false)
                        .put("normalized", false);
                token.put("special", type == SentencePiece.Type.CONTROL);
            }
        }
    }

    private void addMerges(ArrayNode merges, Set<String> known) {
        for (GgufValue value : list("merges", MAX_MERGES)) {
            String merge = text("merges", value);
            int blank = merge.indexOf(' ', 1);
            boolean isMerge = blank > 0
                    && known.contains(merge.substring(0, blank))
                    && known.contains(merge.substring(blank + 1))
                    && known.contains(merge.substring(0, blank) + merge.substring(blank + 1));
            if (!isMerge) {
                throw new IllegalArgumentException(
                        PREFIX + "merges must join two tokens to a third: got \"" + merge + '"');
            }
            merges.add(merge);
        }
    }

    private @Nullable String token(String key) {
        if (!settings.has(key)) {
            return null;
        }
        int id = settings.integer(key);
        if (id >= tokens.size()) {
            throw new IllegalArgumentException(
                    PREFIX + key + " must be one of the " + tokens.size() + " tokens: got " + id);
        }
        return tokens.get(id);
    }

    private List<PromptTemplate.Token> edge(boolean isWanted, @Nullable String text, String key) {
        return isWanted && text != null ? List.of(new PromptTemplate.Token(text, settings.integer(key))) : List.of();
    }
}
