package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Sentences of made-up words, some far more frequent than others.
final class MadeUpText {
    private MadeUpText() {}

    /// Returns at least `length` characters.
    static String of(SplittableRandom random, int length) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            var word = new StringBuilder();
            for (int letter = 2 + random.nextInt(6); letter > 0; letter--) {
                word.append((char) ('a' + random.nextInt(26)));
            }
            words.add(word.toString());
        }
        var text = new StringBuilder();
        while (text.length() < length) {
            text.append("the ");
            for (int word = 3 + random.nextInt(8); word > 0; word--) {
                text.append(words.get((int) (words.size() * Math.pow(random.nextDouble(), 2))))
                        .append(' ');
            }
            text.append(".\n");
        }
        return text.toString();
    }
}
