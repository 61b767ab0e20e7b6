package org.zebralm.data;

import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Texts on which tokenizers tend to differ.
final class SampleTexts {

    static final List<String> TRICKY = List.of(
            "I'm sure they'll say IT'S what WE'VE D'Arcy 'tis don't o'clock 's'S'ſ'K",
            "  two  blanks,   three\n\n\n  lines\r\n\r\n\tand\t\ttabs \u00A0\u3000\u2003wide\u0085next\u2028line \u001Cfs ",
            "public static void main(String[] args) {\n        return a[i++] >>> 3; // x\n}\n\n\n    int y = 0x1F;\n",
            "1 12 123 1234 12345678 ٣٤٥٦ ½⅓ Ⅷ ² 1,000.50",
            "日本語のテキスト、中文文本。한국어 텍스트 ไทย हिन्दी العربية עברית",
            "e\u0301 n\u0303o\u0308 \u200D\u200B \uFEFF \u00AD \uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67 \uD83E\uDD93\uD83C\uDDE9",
            "....!!!???\n\n...\n ,;:\r\n---===\n\n",
            "   \n",
            "\n   \n   x",
            "x \n y  \n\n z   ",
            "\u0000\u0001\u007F\uFFFD\uFFFE\uFFFF");

    private SampleTexts() {}

    /// Text over a few letters: words repeat, and ties abound.
    static String words(long seed, int numWords) {
        var random = new Random(seed);
        return IntStream.range(0, numWords)
                .mapToObj(_ -> random.ints(1 + random.nextInt(7), 'a', 'e')
                        .mapToObj(Character::toString)
                        .collect(Collectors.joining()))
                .collect(Collectors.joining(" "));
    }

    /// Code points of every plane with signs, digits, letters and blanks mixed in.
    static String unicode(long seed, int length) {
        var random = new Random(seed);
        var text = new StringBuilder();
        while (text.length() < length) {
            int c = switch (random.nextInt(6)) {
                case 0 -> random.nextInt(0x110000);
                case 1 -> random.nextInt(0x3000);
                case 2 -> random.nextInt(0x20000);
                case 3 -> " \n\r\t\u00A0\u2003".codePointAt(random.nextInt(6));
                case 4 -> "'sSdlvVeErm.".codePointAt(random.nextInt(12));
                default -> ' ' + random.nextInt(0x5F);
            };
            if (c < 0xD800 || c > 0xDFFF) {
                text.appendCodePoint(c);
            }
        }
        return text.toString();
    }
}
