package org.zebralm.data;

/// What the expressions of [SplitPattern] tell characters apart by.
///
/// Each is a bit, so that a run may be of several. The classes are those of the JDK's Unicode tables; a test holds them
/// against the Rust library's.
final class CharacterClass {

    static final byte SIGN = 1;
    /// General category L.
    static final byte LETTER = 2;
    /// General category N.
    static final byte NUMBER = 4;
    /// White_Space but for line ends.
    static final byte BLANK = 8;
    /// Carriage return and line feed.
    static final byte LINE_END = 16;

    static final byte SPACE = BLANK | LINE_END;

    private static final byte[] CLASSES = new byte[Character.MAX_CODE_POINT + 1];

    static {
        for (int c = 0; c < CLASSES.length; c++) {
            CLASSES[c] = classify(c);
        }
    }

    private CharacterClass() {}

    /// Returns the class of the character that begins at `i` of well-formed UTF-8.
    static byte at(byte[] utf8, int i) {
        int first = utf8[i];
        return CLASSES[first >= 0 ? first : codePoint(utf8, i)];
    }

    /// Returns where the character that begins at `i` ends.
    static int end(byte[] utf8, int i) {
        int first = utf8[i];
        if (first >= 0) {
            return i + 1;
        }
        return first < (byte) 0xE0 ? i + 2 : first < (byte) 0xF0 ? i + 3 : i + 4;
    }

    /// Returns where a run of characters of some classes ends that begins at `i`, at most at `end`.
    static int runEnd(byte[] utf8, int i, int end, int classes) {
        int at = i;
        while (at < end && (at(utf8, at) & classes) != 0) {
            at = end(utf8, at);
        }
        return at;
    }

    private static int codePoint(byte[] utf8, int i) {
        int first = utf8[i];
        int second = utf8[i + 1] & 0x3F;
        if (first < (byte) 0xE0) {
            return (first & 0x1F) << 6 | second;
        }
        int third = utf8[i + 2] & 0x3F;
        if (first < (byte) 0xF0) {
            return (first & 0xF) << 12 | second << 6 | third;
        }
        return (first & 7) << 18 | second << 12 | third << 6 | (utf8[i + 3] & 0x3F);
    }

    private static byte classify(int c) {
        return switch (Character.getType(c)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> BLANK;
            default ->
                c == '\r' || c == '\n' ? LINE_END : c == '\t' || c == 0xB || c == '\f' || c == 0x85 ? BLANK : SIGN;
        };
    }
}
