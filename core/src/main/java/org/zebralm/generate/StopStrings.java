package org.zebralm.generate;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the first of some strings in a text that comes in pieces, and holds back only what may be one's beginning.
///
/// The text ends before the string that is complete first, of those complete at the same character before the
/// longest; so the result does not depend on the pieces. Knuth, Morris and Pratt's search, once for each string: at
/// most two steps for each character and string, however long the strings are and however alike their parts.
///
/// What is held back is itself the beginning of a string, and not stored. Not for use by several threads.
final class StopStrings {
    private final List<String> strings;

    /// For each string and each length of its beginnings: the longest shorter beginning that this one ends with.
    private final int[][] fallbacks;

    /// How much of each string the text ends with.
    private final int[] matched;

    private int heldOf;
    private @Nullable String found;
    private long steps;

    StopStrings(List<String> strings) {
        this.strings = List.copyOf(strings);
        this.fallbacks = new int[strings.size()][];
        this.matched = new int[strings.size()];
        for (int i = 0; i < fallbacks.length; i++) {
            fallbacks[i] = fallbacks(strings.get(i));
        }
    }

    private int[] fallbacks(String string) {
        int[] fallback = new int[string.length() + 1];
        int length = 0;
        for (int i = 1; i < string.length(); i++) {
            length = advance(string, fallback, length, string.charAt(i));
            fallback[i + 1] = length;
        }
        return fallback;
    }

    /// Returns how much of the string the text ends with after one more character.
    private int advance(String string, int[] fallback, int length, char next) {
        int longest = length;
        while (longest > 0 && string.charAt(longest) != next) {
            longest = fallback[longest];
            steps++;
        }
        steps++;
        return string.charAt(longest) == next ? longest + 1 : longest;
    }

    /// Adds to the text; returns what is certain not to belong to a stop string.
    String push(String text) {
        if (found != null) {
            throw new IllegalStateException("the text has ended at \"" + found + "\"");
        }
        if (strings.isEmpty()) {
            return text;
        }
        String before = strings.get(heldOf);
        int held = matched[heldOf];
        for (int i = 0; i < text.length(); i++) {
            for (int s = 0; s < matched.length; s++) {
                String string = strings.get(s);
                matched[s] = advance(string, fallbacks[s], matched[s], text.charAt(i));
                if (matched[s] == string.length() && (found == null || string.length() > found.length())) {
                    found = string;
                }
            }
            if (found != null) {
                return join(before, held, text, held + i + 1 - found.length());
            }
        }
        for (int s = 0; s < matched.length; s++) {
            heldOf = matched[s] > matched[heldOf] ? s : heldOf;
        }
        return join(before, held, text, held + text.length() - matched[heldOf]);
    }

    /// Returns the first `length` characters of what was held back, `held` characters, and the text after it.
    private static String join(String before, int held, String text, int length) {
        return length <= held
                ? before.substring(0, length)
                : before.substring(0, held).concat(text.substring(0, length - held));
    }

    /// Ends the text: returns what was held back, which no stop string followed.
    String flush() {
        if (strings.isEmpty() || found != null) {
            return "";
        }
        String rest = strings.get(heldOf).substring(0, matched[heldOf]);
        Arrays.fill(matched, 0);
        return rest;
    }

    /// The string that ended the text, or null.
    @Nullable
    String found() {
        return found;
    }

    /// The comparisons made so far.
    long steps() {
        return steps;
    }
}
