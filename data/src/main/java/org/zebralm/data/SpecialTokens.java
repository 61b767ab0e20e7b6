package org.zebralm.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Tokens that stand for themselves, such as `<|endoftext|>`: no word, never merged, taken out of a text before it is
/// cut into words.
///
/// @param tokens in the order of their ids, [BpeVocabulary#END_OF_TEXT] first
public record SpecialTokens(List<String> tokens) {

    /// [BpeVocabulary#END_OF_TEXT] alone.
    public static final SpecialTokens END_OF_TEXT = of(List.of());

    public SpecialTokens {
        tokens = List.copyOf(tokens);
        if (tokens.isEmpty() || !tokens.getFirst().equals(BpeVocabulary.END_OF_TEXT)) {
            throw new IllegalArgumentException(
                    "the first special token must be " + BpeVocabulary.END_OF_TEXT + ": got " + tokens);
        }
        Set<String> seen = new HashSet<>();
        for (String token : tokens) {
            if (token.length() < 2) {
                throw new IllegalArgumentException(
                        "a special token must have two characters or more, since each byte's character is a token"
                                + " already: got \"" + token + "\"");
            }
            if (!seen.add(token)) {
                throw new IllegalArgumentException("a special token must be named once"
                        + (token.equals(BpeVocabulary.END_OF_TEXT) ? " (this one is always there)" : "") + ": got "
                        + token + " twice");
            }
        }
    }

    /// [BpeVocabulary#END_OF_TEXT] and further ones.
    public static SpecialTokens of(List<String> further) {
        List<String> tokens = new ArrayList<>(List.of(BpeVocabulary.END_OF_TEXT));
        tokens.addAll(further);
        return new SpecialTokens(tokens);
    }

    /// How many there are.
    public int size() {
        return tokens.size();
    }

    /// The parts of a text between them. Where several begin at one place the longest counts, as in the encoder.
    List<String> cut(String text) {
        if (tokens.stream().noneMatch(text::contains)) {
            return text.isEmpty() ? List.of() : List.of(text);
        }
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (Matcher found = pattern().matcher(text); found.find(); start = found.end()) {
            if (found.start() > start) {
                parts.add(text.substring(start, found.start()));
            }
        }
        if (start < text.length()) {
            parts.add(text.substring(start));
        }
        return parts;
    }

    private Pattern pattern() {
        return Pattern.compile(tokens.stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .collect(Collectors.joining("|")));
    }
}
