package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Documents of code, many scripts, emoji and code points of every plane.
final class MixedText {

    /// First and last letters of scripts, and how blanks part their words.
    private record Script(int first, int last, String blank) {}

    private static final List<Script> SCRIPTS = List.of(
            new Script('a', 'z', " "),
            new Script(0x391, 0x3C9, " "),
            new Script(0x410, 0x44F, " "),
            new Script(0x5D0, 0x5EA, " "),
            new Script(0x621, 0x64A, " "),
            new Script(0x904, 0x94D, " "),
            new Script(0xE01, 0xE3A, ""),
            new Script(0x3041, 0x30FA, ""),
            new Script(0x4E00, 0x5200, ""),
            new Script(0xAC00, 0xAE00, "\u3000"),
            new Script(0x1F300, 0x1F64F, "\u200D"),
            new Script(0x1D400, 0x1D7FF, " "));

    private static final List<String> ENDS = List.of(
            ". ", ", ", "! ", "\n", "\r\n\r\n", "\u3002", "... ", " 1234 ", " \u0663\u0664 ", "\t\t", "'s ", "'LL ");

    private MixedText() {}

    /// At least so many bytes of UTF-8; of the JDK's sources the one half, made here the other.
    static List<String> documents(long bytes) {
        List<String> documents = new ArrayList<>();
        long[] left = {bytes};
        JdkSources.ofRunningJdk(5, bytes / 2).forEach(document -> {
            documents.add(document.text());
            left[0] -= document.text().length();
        });
        for (long seed = 0; left[0] > 0; seed++) {
            String text = seed % 10 == 0 ? SampleTexts.unicode(seed, 20_000) : scripts(seed);
            documents.add(text);
            left[0] -= text.getBytes(StandardCharsets.UTF_8).length;
        }
        return documents;
    }

    private static String scripts(long seed) {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int paragraph = 0; paragraph < 60; paragraph++) {
            Script script = SCRIPTS.get(random.nextInt(SCRIPTS.size()));
            for (int word = 0; word < 40; word++) {
                // Few words, often: else no merge is learned.
                var letters = new Random(31L * script.first() + (int) Math.abs(200 * random.nextGaussian()));
                for (int n = 1 + letters.nextInt(7); n > 0; n--) {
                    text.appendCodePoint(script.first() + letters.nextInt(script.last() - script.first() + 1));
                }
                text.append(random.nextInt(8) == 0 ? ENDS.get(random.nextInt(ENDS.size())) : script.blank());
            }
        }
        return text.toString();
    }
}
