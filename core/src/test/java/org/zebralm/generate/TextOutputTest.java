package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tokenizer.TinyTokenizers;
import org.zebralm.tokenizer.Tokenizer;

class TextOutputTest {
    private static final int END = TinyTokenizers.END_OF_TEXT;
    private static final int POSITIONS = 10_000;

    @TempDir
    Path folder;

    private Tokenizer tokenizer;

    @BeforeEach
    void open() {
        tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private TextOutput output(SamplingConfig config, int positions, int... prompt) {
        return new TextOutput(tokenizer, config, StopTokens.of(config, List.of(END)), positions, prompt);
    }

    /// All texts joined, and the last token; fed no further than where it ends.
    private record Fed(String text, OutputToken last, int numFed) {}

    private static Fed feed(TextOutput output, int... ids) {
        var text = new StringBuilder();
        int numFed = 0;
        OutputToken last = null;
        for (int id : ids) {
            last = output.push(new SampledToken(id, null));
            text.append(last.text());
            numFed++;
            if (last.isLast()) {
                break;
            }
        }
        return new Fed(text.toString(), java.util.Objects.requireNonNull(last), numFed);
    }

    private static int[] bytes(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[utf8.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = utf8[i] & 0xFF;
        }
        return ids;
    }

    private static SamplingConfig stops(String... stops) {
        return new SamplingConfig.Builder()
                .maxTokens(POSITIONS)
                .stopStrings(List.of(stops))
                .build();
    }

    @Test
    void aStopTokenEndsWithoutItsText() {
        Fed fed = feed(output(stops(), POSITIONS), 'a', 'b', END, 'c');
        assertThat(fed.text()).isEqualTo("ab");
        assertThat(fed.numFed()).isEqualTo(3);
        assertThat(fed.last().finishReason()).isEqualTo(FinishReason.END_OF_SEQUENCE);
        assertThat(fed.last().isStopToken()).isTrue();
        var requested =
                new SamplingConfig.Builder().stopTokenIds(List.of((int) 'b')).build();
        Fed stopped = feed(output(requested, POSITIONS), 'a', 'b', 'c');
        assertThat(stopped.text()).isEqualTo("a");
        assertThat(stopped.last().finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    }

    @Test
    void endTokensCanBeIgnoredAndThoseOfTheRequestNot() {
        var config = new SamplingConfig.Builder()
                .ignoreEos(true)
                .stopTokenIds(List.of((int) 'z'))
                .build();
        Fed fed = feed(output(config, POSITIONS), 'a', END, 'b', 'z');
        assertThat(fed.text()).isEqualTo("ab");
        assertThat(fed.last().finishReason()).isEqualTo(FinishReason.STOP_TOKEN);
    }

    @Test
    void whatIsHeldBackIsShownWhenTheOutputEndsOtherwise() {
        TextOutput output = output(stops("bcd"), POSITIONS);
        assertThat(output.push(new SampledToken('a', null)).text()).isEqualTo("a");
        assertThat(output.push(new SampledToken('b', null)).text()).isEmpty();
        OutputToken last = output.push(new SampledToken(END, null));
        assertThat(last.text()).isEqualTo("b");
        assertThat(last.stopString()).isNull();
        assertThat(output.finish()).isEmpty();
        assertThatIllegalStateException()
                .isThrownBy(() -> output.push(new SampledToken('a', null)))
                .withMessageContaining("has ended");

        TextOutput cancelled = output(stops("bcd"), POSITIONS);
        feed(cancelled, 'b', 'c', 0xE6);
        assertThat(cancelled.finish()).isEqualTo("bc\uFFFD");
        assertThat(cancelled.numTokens()).isEqualTo(3);
    }

    @Test
    void asManyTokensAsWereAskedForOrAsFit() {
        var three = new SamplingConfig.Builder(stops("cd")).maxTokens(3).build();
        Fed most = feed(output(three, POSITIONS), bytes("abcd"));
        assertThat(most.text()).isEqualTo("abc");
        assertThat(most.last().finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
        Fed full = feed(output(stops(), 6, 1, 2), bytes("abcdefgh"));
        assertThat(full.text()).isEqualTo("abcd");
        assertThat(full.last().finishReason()).isEqualTo(FinishReason.MAX_POSITIONS);
        // With the last token, the stop string is the reason.
        Fed both =
                feed(output(new SamplingConfig.Builder(stops("bc")).maxTokens(3).build(), 9), bytes("abcd"));
        assertThat(both.last().finishReason()).isEqualTo(FinishReason.STOP_STRING);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> output(stops(), 2, 1, 2))
                .withMessageContaining("got 2 tokens for a model of 2 positions");
    }

    @Test
    void theFirstTokensAreNotSearched() {
        var config = new SamplingConfig.Builder(stops("ab")).minTokens(3).build();
        Fed fed = feed(output(config, POSITIONS), bytes("abababab"));
        assertThat(fed.text()).isEqualTo("abab"); // the third's a belongs to no stop string, the fifth's does
        assertThat(fed.last().stopString()).isEqualTo("ab");
        assertThat(fed.numFed()).isEqualTo(6);
    }

    @Test
    void theNameOfASpecialTokenStopsAtThatToken() {
        var config = new SamplingConfig.Builder(stops("<|endoftext|>", "zz"))
                .ignoreEos(true)
                .build();
        Fed fed = feed(output(config, POSITIONS), 'a', 'z', END, 'b');
        assertThat(fed.text()).isEqualTo("az");
        assertThat(fed.last().finishReason()).isEqualTo(FinishReason.STOP_STRING);
        assertThat(fed.last().stopString()).isEqualTo("<|endoftext|>");
        // Written out in ordinary tokens it is found as well.
        assertThat(feed(output(config, POSITIONS), bytes("a<|endoftext|>b")).text())
                .isEqualTo("a");
    }

    @Test
    void stopStringsNeedText() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TextOutput(null, stops("a"), StopTokens.NONE, POSITIONS))
                .withMessageContaining("stopStrings need a tokenizer");
        Fed fed = feed(new TextOutput(null, stops(), new StopTokens(java.util.Set.of(5), java.util.Set.of()), 9), 4, 5);
        assertThat(fed.text()).isEmpty();
        assertThat(fed.last().finishReason()).isEqualTo(FinishReason.END_OF_SEQUENCE);
    }

    /// Characters of one to four bytes, each byte a token: against `indexOf` in the whole text.
    @Test
    void stopStringsAreFoundAcrossTokensThatSplitCharacters() {
        List<String> alphabet = List.of("a", "é", "日", "本", "\uD83E\uDD93", "\uD83E\uDD94");
        var random = new Random(5);
        int ended = 0;
        for (int i = 0; i < 3000; i++) {
            String text = draw(random, alphabet, 1 + random.nextInt(30));
            List<String> stops = new ArrayList<>();
            for (int s = random.nextInt(3); s >= 0; s--) {
                stops.add(draw(random, alphabet, 1 + random.nextInt(3)));
            }
            int end = stops.stream()
                    .filter(text::contains)
                    .mapToInt(stop -> text.indexOf(stop) + stop.length())
                    .min()
                    .orElse(-1);
            TextOutput output = output(stops(stops.toArray(String[]::new)), POSITIONS);
            Fed fed = feed(output, bytes(text));
            if (end < 0) {
                assertThat(fed.text().concat(output.finish())).isEqualTo(text);
            } else {
                ended++;
                String upTo = text.substring(0, end);
                String longest =
                        stops.stream().filter(upTo::endsWith).reduce("", (a, b) -> b.length() > a.length() ? b : a);
                assertThat(fed.text()).isEqualTo(upTo.substring(0, end - longest.length()));
                assertThat(fed.last().stopString()).isEqualTo(longest);
                assertThat(fed.numFed()).isEqualTo(bytes(upTo).length);
            }
        }
        assertThat(ended).isBetween(500, 2900);
    }

    private static String draw(Random random, List<String> alphabet, int length) {
        var text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.get(random.nextInt(alphabet.size())));
        }
        return text.toString();
    }
}
