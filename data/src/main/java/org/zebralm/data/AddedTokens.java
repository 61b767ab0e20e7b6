package org.zebralm.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Tokens that an encoder takes out of a text before cutting it into words, as the Rust library does: first those it
/// does not normalise, then, in what is left, the others; of those that begin at one place the longest.
final class AddedTokens {

    private final List<Stage> stages;

    private AddedTokens(List<Stage> stages) {
        this.stages = stages;
    }

    /// Reads `added_tokens`; nothing if some are found by rules that are not known here.
    static Optional<AddedTokens> read(JsonNode list) {
        Map<String, Integer> exact = new LinkedHashMap<>();
        Map<String, Integer> normalized = new LinkedHashMap<>();
        for (JsonNode token : list) {
            String content = token.path("content").asText("");
            boolean isPlain = !token.path("single_word").asBoolean()
                    && !token.path("lstrip").asBoolean()
                    && !token.path("rstrip").asBoolean();
            // A cut for speed must not go through a token.
            if (!isPlain || content.isEmpty() || TextPieces.cut(content, 1).size() > 1) {
                return Optional.empty();
            }
            (token.path("normalized").asBoolean() ? normalized : exact)
                    .put(content, token.path("id").asInt());
        }
        return Optional.of(new AddedTokens(List.of(new Stage(exact), new Stage(normalized))));
    }

    /// The tokens themselves.
    Stream<String> contents() {
        return stages.stream().flatMap(stage -> stage.ids.keySet().stream());
    }

    /// Hands over a text's parts in order: text between tokens, and tokens.
    void forEachPart(String text, Consumer<String> between, IntConsumer token) {
        split(text, 0, between, token);
    }

    private void split(String text, int stage, Consumer<String> between, IntConsumer token) {
        if (text.isEmpty()) {
            return;
        }
        if (stage == stages.size()) {
            between.accept(text);
            return;
        }
        Stage tokens = stages.get(stage);
        Pattern pattern = tokens.pattern;
        if (pattern == null || tokens.beginnings.stream().noneMatch(text::contains)) {
            split(text, stage + 1, between, token);
            return;
        }
        int start = 0;
        for (Matcher found = pattern.matcher(text); found.find(); start = found.end()) {
            split(text.substring(start, found.start()), stage + 1, between, token);
            token.accept(Objects.requireNonNull(tokens.ids.get(found.group())));
        }
        split(text.substring(start), stage + 1, between, token);
    }

    /// Tokens looked for in one go.
    private static final class Stage {

        private final Map<String, Integer> ids;
        private final @Nullable Pattern pattern;
        // The first two characters: a search for these few, which the JDK does with vectors, spares the pattern.
        private final List<String> beginnings;

        Stage(Map<String, Integer> ids) {
            this.ids = ids;
            List<String> longestFirst = new ArrayList<>(ids.keySet());
            longestFirst.sort(Comparator.comparingInt(String::length).reversed());
            pattern = ids.isEmpty()
                    ? null
                    : Pattern.compile(longestFirst.stream().map(Pattern::quote).collect(Collectors.joining("|")));
            beginnings = longestFirst.stream()
                    .map(token -> token.substring(0, Math.min(2, token.length())))
                    .distinct()
                    .toList();
        }
    }
}
