package org.zebralm.tokenizer.jinja;

import java.util.Locale;
import java.util.function.IntPredicate;

/// Upper and lower case, and what characters are, as Python's strings have it.
final class Casing {
    private Casing() {}

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = Character.charCount(text.codePointAt(0));
        return titleOf(text.codePointAt(0)) + lower(text.substring(end));
    }

    private static String titleOf(int code) {
        String upper = upper(Character.toString(code));
        int title = Character.toTitleCase(code);
        if (title != code || upper.codePointCount(0, upper.length()) == 1) {
            return Character.toString(title);
        }
        int end = Character.charCount(upper.codePointAt(0));
        return upper.substring(0, end) + lower(upper.substring(end));
    }

    static boolean isCased(int code) {
        return Character.isLowerCase(code) || Character.isUpperCase(code) || Character.isTitleCase(code);
    }

    /// Python's `str.title`: a letter after another is small, any other large.
    static String title(String text) {
        var out = new StringBuilder();
        boolean afterCased = false;
        for (int i = 0; i < text.length(); ) {
            int code = text.codePointAt(i);
            out.append(afterCased ? lower(Character.toString(code)) : titleOf(code));
            afterCased = isCased(code);
            i += Character.charCount(code);
        }
        return out.toString();
    }

    static String swap(String text) {
        var out = new StringBuilder();
        text.codePoints().forEach(code -> {
            String character = Character.toString(code);
            out.append(Character.isUpperCase(code) ? lower(character) : upper(character));
        });
        return out.toString();
    }

    static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(code -> Character.isUpperCase(code) || Character.isTitleCase(code));
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(code -> Character.isLowerCase(code) || Character.isTitleCase(code));
    }

    static boolean isTitle(String text) {
        boolean afterCased = false;
        boolean any = false;
        for (int code : text.codePoints().toArray()) {
            boolean large = Character.isUpperCase(code) || Character.isTitleCase(code);
            if ((large && afterCased) || (Character.isLowerCase(code) && !afterCased)) {
                return false;
            }
            afterCased = isCased(code);
            any |= afterCased;
        }
        return any;
    }

    static boolean isDigit(int code) {
        if (Character.isDigit(code)) {
            return true;
        }
        return Character.getType(code) == Character.OTHER_NUMBER
                && (code == 0xb2
                        || code == 0xb3
                        || code == 0xb9
                        || (code >= 0x2070 && code <= 0x2089)
                        || (code >= 0x2460 && code <= 0x249b));
    }

    static boolean isNumeric(int code) {
        int type = Character.getType(code);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    static boolean isAlphanumeric(int code) {
        return Character.isLetter(code) || isNumeric(code);
    }
}
