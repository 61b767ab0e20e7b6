package org.zebralm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The words of a text by the expression of a [SplitPattern] itself: the oracle.
final class RegexWords {

    // Java's \s is Unicode's White_Space only by this flag, and then its case folding is Unicode's too.
    private static final Map<SplitPattern, Pattern> PATTERNS = Arrays.stream(SplitPattern.values())
            .collect(Collectors.toMap(
                    split -> split, split -> Pattern.compile(split.regex(), Pattern.UNICODE_CHARACTER_CLASS)));

    private RegexWords() {}

    static List<String> of(SplitPattern split, String text) {
        Matcher matcher = Objects.requireNonNull(PATTERNS.get(split)).matcher(text);
        List<String> words = new ArrayList<>();
        while (matcher.find()) {
            words.add(matcher.group());
        }
        return words;
    }

    static Map<String, Long> counts(SplitPattern split, List<String> texts) {
        Map<String, Long> counts = new HashMap<>();
        texts.forEach(text -> of(split, text).forEach(word -> counts.merge(word, 1L, Long::sum)));
        return counts;
    }
}
