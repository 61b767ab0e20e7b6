package org.zebralm.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Guesses which known word was meant.
final class Spelling {
    private Spelling() {}

    /// The known word with the fewest changed letters, or null when none is near.
    ///
    /// Case, dashes and underscores do not count: `num-layers` and `num_layers` are both near `numLayers`.
    static @Nullable String closest(String word, Collection<String> known) {
        String bare = bare(word);
        int limit = Math.max(1, bare.length() / 3);
        return known.stream()
                .filter(candidate -> distance(bare, bare(candidate)) <= limit)
                .min(Comparator.comparingInt(candidate -> distance(bare, bare(candidate))))
                .orElse(null);
    }

    private static String bare(String word) {
        return word.replaceAll("[-_]", "").toLowerCase(Locale.ROOT);
    }

    /// Levenshtein's distance, row by row.
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
