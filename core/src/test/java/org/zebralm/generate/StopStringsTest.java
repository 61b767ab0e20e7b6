package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {
    private static final int CASES = 20_000;

    private static String letters(Random random, int length, int alphabet) {
        var text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(alphabet)));
        }
        return text.toString();
    }

    /// The string complete first, by `indexOf`; of those complete at once the longest.
    private static int end(String text, List<String> stops) {
        return stops.stream()
                .filter(text::contains)
                .mapToInt(stop -> text.indexOf(stop) + stop.length())
                .min()
                .orElse(-1);
    }

    private static String found(String text, int end, List<String> stops) {
        return stops.stream()
                .filter(text.substring(0, end)::endsWith)
                .reduce("", (a, b) -> b.length() > a.length() ? b : a);
    }

    /// The longest end of the text with which a stop string begins.
    private static int held(String text, List<String> stops) {
        for (int length = text.length(); length > 0; length--) {
            String end = text.substring(text.length() - length);
            if (stops.stream().anyMatch(stop -> stop.startsWith(end))) {
                return length;
            }
        }
        return 0;
    }

    @Test
    void textIsCutWhereIndexOfSaysHoweverItIsSplit() {
        var random = new Random(20312);
        int ended = 0;
        int heldAtTheEnd = 0;
        for (int i = 0; i < CASES; i++) {
            int alphabet = 1 + random.nextInt(3);
            String text = letters(random, random.nextInt(60), alphabet);
            List<String> stops = new ArrayList<>();
            for (int s = random.nextInt(4); s >= 0; s--) {
                stops.add(letters(random, 1 + random.nextInt(9), alphabet));
            }
            int end = end(text, stops);
            String expected = end < 0 ? "" : found(text, end, stops);

            var search = new StopStrings(stops);
            var shown = new StringBuilder();
            int at = 0;
            while (at < text.length() && search.found() == null) {
                int to = Math.min(text.length(), at + random.nextInt(7));
                shown.append(search.push(text.substring(at, to)));
                at = to;
                if (search.found() == null) {
                    String soFar = text.substring(0, at);
                    assertThat(shown.toString())
                            .as("%s in %s", stops, soFar)
                            .isEqualTo(soFar.substring(0, at - held(soFar, stops)));
                }
            }
            if (end < 0) {
                assertThat(search.found()).isNull();
                String rest = search.flush();
                heldAtTheEnd += rest.isEmpty() ? 0 : 1;
                assertThat(shown + rest).as("%s in %s", stops, text).isEqualTo(text);
            } else {
                ended++;
                assertThat(search.found()).as("%s in %s", stops, text).isEqualTo(expected);
                assertThat(shown.toString()).isEqualTo(text.substring(0, end - expected.length()));
                assertThat(search.flush()).isEmpty();
            }
        }
        assertThat(ended).isBetween(CASES / 4, CASES * 9 / 10);
        assertThat(heldAtTheEnd).isGreaterThan(CASES / 50);
    }

    /// Counted, not timed: two steps for each character and string, in making the table as in searching.
    @Test
    void stepsAreLinearWhateverTheStrings() {
        int length = 10_000;
        String almost = "a".repeat(length - 1).concat("b");
        String periodic = "ab".repeat(length / 2).concat("c");
        // Fibonacci's word, the hardest for this search: each of its beginnings almost ends with another.
        String fibonacci = "a";
        for (String next = "ab"; next.length() <= length; ) {
            String last = fibonacci;
            fibonacci = next;
            next = next + last;
        }
        List<String> stops = List.of(almost, periodic, fibonacci.concat("c"));
        int strings = stops.stream().mapToInt(String::length).sum();
        for (String text : List.of("a".repeat(200_000), "ab".repeat(100_000), fibonacci.repeat(30))) {
            var search = new StopStrings(stops);
            assertThat(search.steps()).isLessThanOrEqualTo(2L * strings);
            long before = search.steps();
            int shown = 0;
            for (int at = 0; at < text.length(); at += 3) {
                shown += search.push(text.substring(at, Math.min(text.length(), at + 3)))
                        .length();
            }
            assertThat(search.found()).isNull();
            assertThat(shown + search.flush().length()).isEqualTo(text.length());
            assertThat(search.steps() - before).isLessThanOrEqualTo(2L * stops.size() * text.length());
        }
    }

    @Test
    void aLongStopStringEndsTheText() {
        String stop = "a".repeat(9_999).concat("b");
        var search = new StopStrings(List.of(stop));
        assertThat(search.push("xy".concat("a".repeat(10_500)))).isEqualTo("xy".concat("a".repeat(501)));
        assertThat(search.push("bcd")).isEmpty();
        assertThat(search.found()).isEqualTo(stop);
        assertThatIllegalStateException().isThrownBy(() -> search.push("more")).withMessageContaining("has ended");
    }

    @Test
    void ofStringsCompleteAtOnceTheLongestCuts() {
        var search = new StopStrings(List.of("end", "the end"));
        assertThat(search.push("this is the e")).isEqualTo("this is ");
        assertThat(search.push("nd of it")).isEmpty();
        assertThat(search.found()).isEqualTo("the end");
        // The first to be complete, though another begins before it.
        var overlapping = new StopStrings(List.of("abcd", "bc"));
        assertThat(overlapping.push("xabcd")).isEqualTo("xa");
        assertThat(overlapping.found()).isEqualTo("bc");
    }

    @Test
    void withoutStopStringsNothingIsHeldBack() {
        var search = new StopStrings(List.of());
        assertThat(search.push("all of it")).isEqualTo("all of it");
        assertThat(search.flush()).isEmpty();
    }
}
