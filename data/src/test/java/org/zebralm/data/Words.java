package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Word counts from texts, and as a map.
final class Words {

    private Words() {}

    static WordCounts count(SplitPattern split, String... texts) {
        return WordCounts.of(documents(List.of(texts)), split, _ -> {});
    }

    static DocumentSource documents(List<String> texts) {
        return consumer -> {
            texts.forEach(text -> consumer.accept(new Document("x", text)));
            return new ReadReport(texts.size(), 0, 0, List.of());
        };
    }

    static WordCounts of(SplitPattern split, Map<String, Long> counts) {
        var table = new WordTable();
        counts.forEach((word, count) -> {
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            table.add(bytes, 0, bytes.length, WordHash.of(bytes, 0, bytes.length), count);
        });
        return new WordCounts(split, SpecialTokens.END_OF_TEXT, List.of(table), 0);
    }

    static Map<String, Long> map(WordCounts counts) {
        Map<String, Long> map = new HashMap<>();
        for (WordTable table : counts.tables()) {
            for (int word = 0; word < table.size(); word++) {
                int length = table.end(word) - table.start(word);
                map.merge(
                        new String(table.bytes(), table.start(word), length, StandardCharsets.UTF_8),
                        table.count(word),
                        // A word in two places would be counted as two words.
                        (_, _) -> Long.MIN_VALUE);
            }
        }
        return map;
    }
}
