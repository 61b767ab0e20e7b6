package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.Tokenizer;

/// What a GGUF file says of a model's tokenizer, special tokens and chat template.
final class GgufVocabularyKeys {
    private static final String PREFIX = "tokenizer.ggml.";
    private static final String BLANK = "▁";

    private final ModelFolder model;
    private final GgufKeys keys;
    private final List<String> remarks = new ArrayList<>();

    private GgufVocabularyKeys(ModelFolder model, GgufKeys keys) {
        this.model = model;
        this.keys = keys;
    }

    /// Puts all of it.
    ///
    /// @return what is not said
    /// @throws IllegalArgumentException if llama.cpp would encode texts otherwise
    static List<String> put(ModelFolder model, boolean hasTokenizer, GgufKeys keys) {
        var vocabulary = new GgufVocabularyKeys(model, keys);
        try (Tokenizer tokenizer = hasTokenizer ? model.tokenizer() : null) {
            if (tokenizer == null) {
                vocabulary.putNone(hasTokenizer);
            } else {
                vocabulary.put(tokenizer);
            }
        }
        return vocabulary.remarks;
    }

    private void putNone(boolean isMissing) {
        keys.put(PREFIX + "model", "none");
        remarks.add("the file has no tokenizer, " + (isMissing ? "as the model has none" : "as was wished"));
        putId("bos_token_id", model.config().bosTokenId());
        putEnds(model.config().eosTokenId());
        putId("padding_token_id", model.config().padTokenId());
    }

    private void put(Tokenizer tokenizer) {
        try {
            ObjectNode json = JsonFile.parse(tokenizer.path(), new String(tokenizer.json(), StandardCharsets.UTF_8));
            putModel(json);
            putFrame(tokenizer, json);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    tokenizer.path() + " cannot go into a GGUF file, but the model can without it: " + e.getMessage(),
                    e);
        }
        try {
            model.chatTemplate()
                    .sources()
                    .forEach((name, source) ->
                            keys.put("tokenizer.chat_template" + (name.equals("default") ? "" : "." + name), source));
        } catch (IllegalArgumentException e) {
            remarks.add("the file has no chat template: " + e.getMessage());
        }
    }

    private void putModel(ObjectNode json) {
        JsonNode bpe = json.path("model");
        boolean isPlain = bpe.path("type").asText().equals("BPE")
                && bpe.path("continuing_subword_prefix").asText("").isEmpty()
                && bpe.path("end_of_word_suffix").asText("").isEmpty();
        if (!isPlain) {
            throw new IllegalArgumentException("the tokenizer must be BPE without affixes: got "
                    + bpe.path("type").asText());
        }
        GgufVocabulary vocabulary = GgufVocabulary.read(json, model.config().vocabSize());
        var merges = new GgufMerges(bpe.path("merges"));
        if (bpe.path("byte_fallback").asBoolean()) {
            keys.put(PREFIX + "model", "llama");
            keys.put(PREFIX + "pre", "default");
            vocabulary.put(keys);
            keys.putReals(PREFIX + "scores", merges.scores(vocabulary));
            keys.put(PREFIX + "add_space_prefix", beginsWithBlank(json));
            return;
        }
        GgufPreTokenizer way = GgufPreTokenizer.of(json.path("pre_tokenizer"));
        String unreachable =
                bpe.path("ignore_merges").asBoolean() == way.ignoresMerges ? "" : merges.unreachable(vocabulary);
        if (!unreachable.isEmpty()) {
            throw new IllegalArgumentException("llama.cpp " + (way.ignoresMerges ? "takes" : "does not take")
                    + " words that are tokens whole where texts are cut as " + way.label
                    + ", and the tokenizer does otherwise: \"" + unreachable + "\" is not what its merges make of it");
        }
        keys.put(PREFIX + "model", "gpt2");
        keys.put(PREFIX + "pre", way.label);
        vocabulary.put(keys);
        keys.putTexts(PREFIX + "merges", merges.lines());
        JsonNode normalizer = json.path("normalizer");
        if (normalizer.path("type").asText().equals("NFC")) {
            remarks.add("llama.cpp does not compose characters (NFC) before it encodes them, as the tokenizer does");
        } else if (!isAbsent(normalizer)) {
            throw new IllegalArgumentException("texts must be encoded as they are: got the normalizer " + normalizer);
        }
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    /// Returns whether a piece of text gets a blank before it, of those ways to treat blanks that llama.cpp knows.
    private static boolean beginsWithBlank(ObjectNode json) {
        JsonNode normalizer = json.path("normalizer");
        JsonNode pre = json.path("pre_tokenizer");
        boolean isSequence = normalizer.path("type").asText().equals("Sequence");
        List<JsonNode> steps = isSequence
                ? normalizer.path("normalizers").valueStream().toList()
                : isAbsent(normalizer) ? List.of() : List.of(normalizer);
        // Blanks are gone when a text comes to be split at them.
        boolean cutsNothing = isAbsent(pre)
                || (pre.path("type").asText().equals("Split")
                        && pre.path("pattern").path("String").asText().equals(" "));
        if (cutsNothing && steps.size() == 1 && escapes(steps.getFirst())) {
            return false;
        }
        boolean prepends = steps.size() == 2
                && steps.getFirst().path("type").asText().equals("Prepend")
                && steps.getFirst().path("prepend").asText().equals(BLANK)
                && escapes(steps.getLast());
        if (cutsNothing && prepends) {
            return true;
        }
        String scheme = pre.path("prepend_scheme").asText("");
        boolean isMetaspace = pre.path("type").asText().equals("Metaspace")
                && pre.path("replacement").asText().equals(BLANK)
                && !pre.path("split").asBoolean(true);
        if (steps.isEmpty() && isMetaspace && !scheme.equals("first")) {
            return scheme.equals("always");
        }
        throw new IllegalArgumentException("blanks must become ▁, with one before every piece of text or none, as in"
                + " llama.cpp: got the normalizer " + normalizer + " and the pre_tokenizer " + pre);
    }

    private static boolean escapes(JsonNode step) {
        return step.path("type").asText().equals("Replace")
                && step.path("pattern").path("String").asText().equals(" ")
                && step.path("content").asText().equals(BLANK);
    }

    /// Puts the special tokens, and which of them are around a prompt.
    private void putFrame(Tokenizer tokenizer, ObjectNode json) {
        String probe = "a";
        int[] before = tokenizer.promptBeginning();
        int[] prompt = tokenizer.encodePrompt(probe);
        int[] after = Arrays.copyOfRange(prompt, before.length + tokenizer.encode(probe).length, prompt.length);
        if (before.length > 1 || after.length > 1) {
            throw new IllegalArgumentException("a prompt must begin and end with at most one special token: got "
                    + Arrays.toString(before) + " and " + Arrays.toString(after));
        }
        var special = tokenizer.specialTokens();
        int bos = before.length > 0 ? before[0] : known(model.config().bosTokenId(), tokenizer, special.bos());
        int named = id(tokenizer, special.eos());
        int eos = after.length > 0
                ? after[0]
                : model.stopTokenIds().contains(named)
                        ? named
                        : known(model.config().eosTokenId(), tokenizer, special.eos());
        if (eos < 0) {
            throw new IllegalArgumentException("a token must end texts, since llama.cpp takes one at random where none"
                    + " is named; put eos_token_id into config.json");
        }
        putId("bos_token_id", bos);
        putEnds(eos);
        putId("padding_token_id", known(model.config().padTokenId(), tokenizer, special.pad()));
        String unknown = json.path("model").path("unk_token").asText("");
        putId("unknown_token_id", id(tokenizer, unknown.isEmpty() ? null : unknown));
        keys.put(PREFIX + "add_bos_token", before.length > 0);
        keys.put(PREFIX + "add_eos_token", after.length > 0);
    }

    private static int known(int id, Tokenizer tokenizer, @Nullable String token) {
        return id >= 0 ? id : id(tokenizer, token);
    }

    private static int id(Tokenizer tokenizer, @Nullable String token) {
        OptionalInt id = token == null ? OptionalInt.empty() : tokenizer.idOf(token);
        return id.orElse(-1);
    }

    /// Puts what ends a text: llama.cpp has three names for that.
    private void putEnds(int eos) {
        SequencedSet<Integer> ends = new LinkedHashSet<>();
        ends.add(eos);
        ends.addAll(model.stopTokenIds());
        ends.remove(-1);
        List<String> names = List.of("eos_token_id", "eot_token_id", "eom_token_id");
        int i = 0;
        for (int id : ends) {
            if (i == names.size()) {
                remarks.add("the file names three of the tokens that end a text, not all of " + ends);
                return;
            }
            putId(names.get(i++), id);
        }
    }

    private void putId(String name, int id) {
        if (id >= 0 && id < model.config().vocabSize()) {
            keys.put(PREFIX + name, id);
        }
    }
}
