package org.zebralm.tokenizer.jinja;

import java.util.AbstractList;
import java.util.List;

/// Strings as Python sees them: sequences of code points.
final class Text {
    /// Up to here `String.indexOf` is fast whatever the texts are.
    private static final int SHORT = 16;

    private Text() {}

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /// Returns the part from one code point to another, both within the text.
    static String slice(String text, int from, int to) {
        int start = text.offsetByCodePoints(0, from);
        return text.substring(start, text.offsetByCodePoints(start, to - from));
    }

    static List<Object> characters(String text) {
        int[] codes = text.codePoints().toArray();
        return new AbstractList<>() {
            @Override
            public Object get(int index) {
                return Character.toString(codes[index]);
            }

            @Override
            public int size() {
                return codes.length;
            }
        };
    }

    /// Whether Python's `isspace` holds.
    static boolean isSpace(int code) {
        return switch (code) {
            case 9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xa0 -> true;
            default -> code > 0xff && Character.isSpaceChar(code);
        };
    }

    static String strip(String text) {
        return stripStart(stripEnd(text));
    }

    static String stripStart(String text) {
        int i = 0;
        while (i < text.length() && isSpace(text.charAt(i))) {
            i++;
        }
        return text.substring(i);
    }

    static String stripEnd(String text) {
        int i = text.length();
        while (i > 0 && isSpace(text.charAt(i - 1))) {
            i--;
        }
        return text.substring(0, i);
    }

    /// Finds a text from an offset on, in time linear in the way there and the part; -1 where it is not.
    static int find(String text, String part, int from, Budget budget) {
        int at = part.length() <= SHORT ? text.indexOf(part, from) : match(text, part, from);
        budget.work((at < 0 ? text.length() : at) - (long) from + part.length());
        return at;
    }

    /// Knuth, Morris and Pratt: a hostile pair of texts would take `String.indexOf` their product.
    private static int match(String text, String part, int from) {
        int[] border = new int[part.length()];
        for (int i = 1, k = 0; i < part.length(); i++) {
            while (k > 0 && part.charAt(i) != part.charAt(k)) {
                k = border[k - 1];
            }
            k += part.charAt(i) == part.charAt(k) ? 1 : 0;
            border[i] = k;
        }
        for (int i = Math.max(from, 0), k = 0; i < text.length(); i++) {
            while (k > 0 && text.charAt(i) != part.charAt(k)) {
                k = border[k - 1];
            }
            k += text.charAt(i) == part.charAt(k) ? 1 : 0;
            if (k == part.length()) {
                return i - k + 1;
            }
        }
        return -1;
    }

    static int compare(String one, String other) {
        int i = 0;
        int n = Math.min(one.length(), other.length());
        while (i < n && one.charAt(i) == other.charAt(i)) {
            i++;
        }
        if (i == n) {
            return Integer.compare(one.length(), other.length());
        }
        // Halves of pairs sort after all other characters, as their code points do.
        char a = one.charAt(i);
        char b = other.charAt(i);
        boolean high = Character.isSurrogate(a);
        return high != Character.isSurrogate(b) ? (high ? 1 : -1) : Character.compare(a, b);
    }
}
