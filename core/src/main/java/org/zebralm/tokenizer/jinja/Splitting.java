package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/// Python's `split` and its like.
final class Splitting {
    private final String text;
    private final Budget budget;

    Splitting(String text, Budget budget) {
        this.text = text;
        this.budget = budget;
    }

    /// Splits at a separator, or at white space, at most so many times as the second argument says.
    Object split(Arguments.Bound bound) {
        int most = bound.number(1, -1);
        return bound.hasValue(0) ? at(separator(bound), most) : atSpace(most);
    }

    /// Splits the other way round: what is left over comes first.
    Object splitFromEnd(Arguments.Bound bound) {
        budget.make(text.length());
        var mirror = new Splitting(reversed(text), budget);
        int most = bound.number(1, -1);
        List<Object> parts = bound.hasValue(0) ? mirror.at(reversed(separator(bound)), most) : mirror.atSpace(most);
        List<Object> mirrored = new ArrayList<>(parts.size());
        for (Object part : parts.reversed()) {
            mirrored.add(reversed((String) part));
        }
        return mirrored;
    }

    private static String reversed(String text) {
        return new StringBuilder(text).reverse().toString();
    }

    private static String separator(Arguments.Bound bound) {
        String separator = bound.text(0);
        if (separator.isEmpty()) {
            throw TemplateException.runtime("empty separator");
        }
        return separator;
    }

    private List<Object> atSpace(int most) {
        List<Object> parts = new ArrayList<>();
        int i = 0;
        while (true) {
            while (i < text.length() && Text.isSpace(text.charAt(i))) {
                i++;
            }
            if (i == text.length()) {
                return parts;
            }
            budget.make(1);
            if (parts.size() == most) {
                parts.add(Text.stripEnd(text.substring(i)));
                return parts;
            }
            int end = i;
            while (end < text.length() && !Text.isSpace(text.charAt(end))) {
                end++;
            }
            parts.add(text.substring(i, end));
            i = end;
        }
    }

    private List<Object> at(String separator, int most) {
        List<Object> parts = new ArrayList<>();
        int from = 0;
        while (parts.size() != most) {
            int at = Text.find(text, separator, from, budget);
            if (at < 0) {
                break;
            }
            budget.make(1);
            parts.add(text.substring(from, at));
            from = at + separator.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    /// Finds the last place of a part; -1 where it is not.
    static int findLast(String text, String part, Budget budget) {
        budget.make(text.length());
        int at = Text.find(reversed(text), reversed(part), 0, budget);
        return at < 0 ? -1 : text.length() - at - part.length();
    }

    /// The text before the first or last separator, it, and the text after.
    Object partition(Arguments.Bound bound, boolean last) {
        String separator = separator(bound);
        int at = last ? findLast(text, separator, budget) : Text.find(text, separator, 0, budget);
        if (at < 0) {
            return last ? Tuple.of("", "", text) : Tuple.of(text, "", "");
        }
        return Tuple.of(text.substring(0, at), separator, text.substring(at + separator.length()));
    }

    /// Python's `splitlines`, which knows more line ends than most.
    static List<Object> lines(String text, boolean keepEnds, Budget budget) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            int end = switch (text.charAt(i)) {
                case '\r' -> text.startsWith("\n", i + 1) ? i + 2 : i + 1;
                case '\n', 0xb, 0xc, 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029 -> i + 1;
                default -> -1;
            };
            if (end > 0) {
                budget.make(1);
                lines.add(text.substring(from, keepEnds ? end : i));
                from = end;
                i = end - 1;
            }
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return lines;
    }
}
