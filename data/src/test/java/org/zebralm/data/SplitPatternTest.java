package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Words cut by hand are those of the regular expression.
class SplitPatternTest {

    /// What the alternatives of the expressions turn on, so that short random texts meet every corner.
    private static final List<String> CORNERS = List.of(
            " ",
            " ",
            "  ",
            "\n",
            "\r",
            "\t",
            "\u00A0",
            "\u0085",
            "\u2028",
            "\u3000",
            "'",
            "'",
            "s",
            "S",
            "\u017F",
            "t",
            "T",
            "l",
            "L",
            "ll",
            "v",
            "e",
            "E",
            "r",
            "R",
            "m",
            "d",
            "D",
            "x",
            "\u00E9",
            "\u65E5",
            "\uD835\uDC00",
            "1",
            "2",
            "\u0663",
            "\u00BD",
            "\uD835\uDFD8",
            ".",
            "!",
            "-",
            "\u0301",
            "\u200D",
            "\uD83E\uDD93",
            "\u0000");

    @ParameterizedTest
    @EnumSource
    void wordsAreThoseOfTheExpression(SplitPattern split) {
        List<String> texts = new ArrayList<>(SampleTexts.TRICKY);
        var random = new Random(11);
        for (int i = 0; i < 60_000; i++) {
            var text = new StringBuilder();
            for (int n = 1 + random.nextInt(9); n > 0; n--) {
                text.append(CORNERS.get(random.nextInt(CORNERS.size())));
            }
            texts.add(text.toString());
        }
        for (int seed = 0; seed < 300; seed++) {
            texts.add(SampleTexts.unicode(seed, 400));
        }
        texts.forEach(text -> check(split, text));
    }

    @ParameterizedTest
    @EnumSource
    void everyCharacterIsOfTheClassTheExpressionPutsItIn(SplitPattern split) {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c < 0xD800 || c > 0xDFFF) {
                String sign = Character.toString(c);
                check(split, "a" + sign + "'" + sign + " " + sign + sign + "1" + sign);
            }
        }
    }

    private static void check(SplitPattern split, String text) {
        List<String> expected = RegexWords.of(split, text);
        // Describing a million assertions would take most of the time.
        if (!words(split, text).equals(expected)) {
            assertThat(words(split, text)).as(text).isEqualTo(expected);
        }
    }

    private static List<String> words(SplitPattern split, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        var words = new ArrayList<String>();
        for (int start = 0; start < utf8.length; ) {
            int end = split.wordEnd(utf8, start, utf8.length);
            words.add(new String(Arrays.copyOfRange(utf8, start, end), StandardCharsets.UTF_8));
            start = end;
        }
        return words;
    }
}
