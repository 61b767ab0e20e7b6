package org.zebralm.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.zebralm.tokenizer.Tokenizer;

/// A `tokenizer.json` of the one kind that is encoded here: byte-level BPE over the words of a [SplitPattern].
///
/// What every such file must say is listed in [#read]; whatever says more, or less, is not recognised, and the Rust
/// library encodes by it.
///
/// @param split how a text is cut into words
/// @param added tokens taken out of a text before
/// @param ids ids by token, as the file spells it
/// @param merges by the ids they join
/// @param wholeWords whether a word that is a token is that token, whatever its merges say (`ignore_merges`)
record ByteLevelBpe(
        SplitPattern split, AddedTokens added, Map<String, Integer> ids, MergeTable merges, boolean wholeWords) {

    /// GPT-2's expression as the Rust library has it built in, and as some files spell it.
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /// Reads what a tokenizer says; nothing if it is not of this kind.
    static Optional<ByteLevelBpe> read(Tokenizer tokenizer) {
        try {
            return of(new ObjectMapper().readTree(tokenizer.json()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + tokenizer.path(), e);
        }
    }

    private static Optional<ByteLevelBpe> of(JsonNode json) {
        JsonNode model = json.path("model");
        Optional<SplitPattern> split = split(json.path("pre_tokenizer"));
        Optional<AddedTokens> added = AddedTokens.read(json.path("added_tokens"));
        boolean plain = isAbsent(json.path("normalizer"))
                && isAbsent(json.path("truncation"))
                && isAbsent(json.path("padding"))
                && model.path("type").asText("").equals("BPE")
                && isAbsent(model.path("dropout"))
                && isAbsent(model.path("continuing_subword_prefix"))
                && isAbsent(model.path("end_of_word_suffix"))
                && !model.path("byte_fallback").asBoolean();
        if (!plain || split.isEmpty() || added.isEmpty()) {
            return Optional.empty();
        }
        Map<String, Integer> ids = new HashMap<>();
        model.path("vocab")
                .properties()
                .forEach(token -> ids.put(token.getKey(), token.getValue().asInt()));
        if (!ByteAlphabet.names().allMatch(ids::containsKey)) {
            return Optional.empty();
        }
        return merges(model.path("merges"), ids)
                .map(merges -> new ByteLevelBpe(
                        split.get(),
                        added.get(),
                        ids,
                        merges,
                        model.path("ignore_merges").asBoolean()));
    }

    private static boolean isAbsent(JsonNode value) {
        return value.isMissingNode()
                || value.isNull()
                || (value.isTextual() && value.asText().isEmpty());
    }

    private static Optional<SplitPattern> split(JsonNode preTokenizer) {
        JsonNode steps = preTokenizer.path("pretokenizers");
        if (isByteLevel(preTokenizer, true)) {
            return Optional.of(SplitPattern.GPT2);
        }
        boolean isSplit = preTokenizer.path("type").asText("").equals("Sequence")
                && steps.size() == 2
                && steps.path(0).path("type").asText("").equals("Split")
                && steps.path(0).path("behavior").asText("").equals("Isolated")
                && !steps.path(0).path("invert").asBoolean()
                && isByteLevel(steps.path(1), false);
        if (!isSplit) {
            return Optional.empty();
        }
        String regex = steps.path(0).path("pattern").path("Regex").asText("");
        return regex.equals(GPT2)
                ? Optional.of(SplitPattern.GPT2)
                : Arrays.stream(SplitPattern.values())
                        .filter(pattern -> pattern.regex().equals(regex))
                        .findFirst();
    }

    private static boolean isByteLevel(JsonNode step, boolean useRegex) {
        return step.path("type").asText("").equals("ByteLevel")
                && !step.path("add_prefix_space").asBoolean(true)
                && step.path("use_regex").asBoolean(true) == useRegex;
    }

    private static Optional<MergeTable> merges(JsonNode list, Map<String, Integer> ids) {
        var merges = new MergeTable(list.size());
        int rank = 0;
        for (JsonNode merge : list) {
            // "left right", or since version 0.20 of the library ["left", "right"].
            String[] both = merge.isArray()
                    ? new String[] {merge.path(0).asText(), merge.path(1).asText()}
                    : merge.asText().split(" ", -1);
            Integer left = ids.get(both[0]);
            Integer right = both.length == 2 ? ids.get(both[1]) : null;
            Integer merged = left == null || right == null ? null : ids.get(both[0] + both[1]);
            if (left == null || right == null || merged == null) {
                return Optional.empty();
            }
            merges.put(left, right, rank++, merged);
        }
        return Optional.of(merges);
    }

    /// The id of each byte.
    int[] byteIds() {
        return ByteAlphabet.names().mapToInt(ids::get).toArray();
    }
}
