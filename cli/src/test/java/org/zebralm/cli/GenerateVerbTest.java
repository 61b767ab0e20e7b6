package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `zebra generate` on a model with random weights, each of whose tokens is a character.
class GenerateVerbTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path model;

    @BeforeEach
    void makeModel() throws IOException {
        TinyTextModel.write(model);
    }

    private void endTokens(List<Integer> ids) throws IOException {
        TinyTextModel.endTokens(model, ids);
    }

    private int generate(String... options) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] command = Stream.concat(
                        Stream.of("generate", model.toString(), "zebra", "--max-tokens", "24", "--ignore-eos"),
                        Stream.of(options))
                .toArray(String[]::new);
        return Main.run(command, new PrintWriter(out), new PrintWriter(err));
    }

    private JsonNode json(String... options) throws IOException {
        assertThat(generate(
                        Stream.concat(Stream.of(options), Stream.of("--json")).toArray(String[]::new)))
                .as(err.toString())
                .isZero();
        return JSON.readTree(out.toString());
    }

    private static int[] tokens(JsonNode generation) {
        return generation.get("tokens").valueStream().mapToInt(JsonNode::asInt).toArray();
    }

    @Test
    void logProbabilitiesAreReportedOnRequest() throws IOException {
        JsonNode plain = json("--temperature", "0");
        assertThat(plain.has("logprobs")).isFalse();
        assertThat(plain.has("promptLogprobs")).isFalse();
        JsonNode told = json("--temperature", "0", "--logprobs", "96", "--prompt-logprobs");
        assertThat(told.get("tokens")).isEqualTo(plain.get("tokens"));
        assertThat(told.get("logprobs").size()).isEqualTo(24);
        for (int i = 0; i < 24; i++) {
            JsonNode token = told.get("logprobs").get(i);
            assertThat(token.get("id")).isEqualTo(told.get("tokens").get(i));
            assertThat(token.get("text").asText())
                    .isEqualTo(told.get("text").asText().substring(i, i + 1));
            assertThat(token.get("rank").asInt()).isEqualTo(1); // the likeliest was taken
            assertThat(token.get("top").get(0).get("logprob")).isEqualTo(token.get("logprob"));
            double sum = token.get("top")
                    .valueStream()
                    .mapToDouble(top -> Math.exp(top.get("logprob").asDouble()))
                    .sum();
            assertThat(sum).isCloseTo(1, within(1e-9));
        }
        assertThat(told.get("promptLogprobs")
                        .valueStream()
                        .map(token -> token.get("text").asText()))
                .containsExactly("e", "b", "r", "a");
        assertThat(json("--logprobs", "0").get("logprobs").get(3).has("top")).isFalse();
    }

    @Test
    void textEndsBeforeAStopString() throws IOException {
        String text = json("--temperature", "0").get("text").asText();
        assertThat(text).hasSize(24);
        String stop = text.substring(13, 16);
        JsonNode stopped = json("--temperature", "0", "--stop", "never to be seen", "--stop", stop);
        assertThat(stopped.get("finishReason").asText()).isEqualTo("stop_string");
        assertThat(stopped.get("stopString").asText()).isEqualTo(stop);
        assertThat(stopped.get("text").asText()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(generate("--temperature", "0", "--stop", stop)).isZero();
        assertThat(out.toString()).isEqualTo("zebra" + text.substring(0, text.indexOf(stop)) + System.lineSeparator());
        assertThat(err.toString()).contains("ended by stop string");
    }

    @Test
    void everyEndTokenOfTheModelEndsTheText() throws IOException {
        int[] free = tokens(json("--temperature", "0"));
        endTokens(List.of(2, free[9]));
        int first = IntStream.range(0, 24)
                .filter(i -> free[i] == free[9])
                .findFirst()
                .orElseThrow();
        assertThat(tokens(json("--temperature", "0"))).isEqualTo(free); // ignored
        String[] heeding = {"generate", model.toString(), "zebra", "--temperature", "0", "--max-tokens", "24", "--json"
        };
        out.getBuffer().setLength(0);
        assertThat(Main.run(heeding, new PrintWriter(out), new PrintWriter(err)))
                .isZero();
        JsonNode ended = JSON.readTree(out.toString());
        assertThat(ended.get("finishReason").asText()).isEqualTo("end_of_sequence");
        assertThat(tokens(ended))
                .hasSizeLessThanOrEqualTo(first)
                .isEqualTo(Arrays.copyOf(free, ended.get("tokens").size()));
        // A stop token of the request, beside them; and not before so many tokens.
        JsonNode stopped = json("--temperature", "0", "--stop-token", String.valueOf(free[9]));
        assertThat(stopped.get("finishReason").asText()).isEqualTo("stop_token");
        assertThat(tokens(stopped)).hasSize(first);
        JsonNode later = json("--temperature", "0", "--min-tokens", "20", "--stop-token", String.valueOf(free[9]));
        assertThat(tokens(later)).hasSizeGreaterThanOrEqualTo(20).startsWith(Arrays.copyOf(free, first));
        assertThat(IntStream.of(tokens(later)).limit(20)).doesNotContain(free[9]);
    }

    @Test
    void biasAndPenaltiesTakeEffect() throws IOException {
        int[] free = tokens(json("--temperature", "0"));
        int[] always = tokens(json("--temperature", "0", "--logit-bias", "5=100", "--logit-bias", free[0] + "=-100"));
        assertThat(IntStream.of(always)).containsOnly(5);
        int[] penalised = tokens(json("--temperature", "0", "--logit-bias", "5=20", "--frequency-penalty", "2"));
        assertThat(penalised).isNotEqualTo(always).contains(5);
        int[] present = tokens(json("--temperature", "0", "--logit-bias", "5=20", "--presence-penalty", "-2"));
        assertThat(IntStream.of(present)).containsOnly(5);
        int[] unlike = tokens(json("--temperature", "0", "--repetition-penalty", "100"));
        assertThat(IntStream.of(unlike).limit(12)).doesNotHaveDuplicates();
        assertThat(tokens(json("--temperature", "3", "--min-p", "1"))).isEqualTo(free);
    }

    @Test
    void whatCannotTakeEffectIsRefused() {
        assertThat(generate("--logprobs", "3")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("show in JSON only: add --json").hasLineCount(1);
        assertThat(generate("--logit-bias", "96=1")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("an id in logitBias must be below 96, the size of the vocabulary: got 96");
        assertThat(generate("--min-tokens", "25")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("minTokens must be between 0 and maxTokens, 24: got 25");
        assertThat(generate("--stop", "")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("a stop string must have at least one character");
    }

    @Test
    void samplesShareThePromptAndAreWrittenOneAfterTheOther() throws IOException {
        JsonNode told = json("--samples", "3", "--temperature", "1.5");
        JsonNode samples = told.get("samples");
        assertThat(samples.size()).isEqualTo(3);
        assertThat(samples.get(0).get("tokens"))
                .isEqualTo(json("--temperature", "1.5").get("tokens"));
        List<String> texts =
                samples.valueStream().map(sample -> sample.get("text").asText()).toList();
        assertThat(texts).doesNotHaveDuplicates();
        assertThat(generate("--samples", "3", "--temperature", "1.5")).isZero();
        assertThat(out.toString())
                .isEqualTo(texts.stream()
                        .map(text -> "zebra" + text + System.lineSeparator())
                        .reduce((one, other) -> one + "---" + System.lineSeparator() + other)
                        .orElseThrow());
        assertThat(err.toString()).contains("72 written").hasLineCount(1);
        assertThat(generate("--samples", "0")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("numSamples must be at least 1: got 0");
    }

    @Test
    void aSavedPrefixIsNotComputedAgain(@TempDir Path folder) throws IOException {
        String prefix = folder.resolve("zebra.prefix").toString();
        JsonNode saved = json("--temperature", "0", "--save-prefix", prefix);
        assertThat(saved.get("reusedTokens").asInt()).isZero();
        assertThat(saved.get("reuseLimit").asText()).isEqualTo("empty");
        assertThat(err.toString()).startsWith("saved 5 tokens to " + prefix);
        String[] further = {
            "generate",
            model.toString(),
            " crossing",
            "--prefix",
            prefix,
            "--temperature",
            "0",
            "--max-tokens",
            "24",
            "--ignore-eos",
            "--json"
        };
        out.getBuffer().setLength(0);
        assertThat(Main.run(further, new PrintWriter(out), new PrintWriter(err)))
                .isZero();
        JsonNode gone = JSON.readTree(out.toString());
        assertThat(gone.get("promptTokens").asInt()).isEqualTo("zebra crossing".length());
        assertThat(gone.get("reusedTokens").asInt()).isEqualTo(5);
        further[2] = "zebra crossing";
        String[] fresh = Stream.of(further)
                .filter(word -> !word.equals("--prefix") && !word.equals(prefix))
                .toArray(String[]::new);
        out.getBuffer().setLength(0);
        assertThat(Main.run(fresh, new PrintWriter(out), new PrintWriter(err))).isZero();
        assertThat(tokens(gone)).isEqualTo(tokens(JSON.readTree(out.toString())));
        Files.writeString(Path.of(prefix), "no prefix");
        assertThat(Main.run(further, new PrintWriter(out), new PrintWriter(err)))
                .isEqualTo(Main.FAILED);
    }

    @Test
    void aPromptThatIsTooLongIsRefusedOrSlid() throws IOException {
        String longPrompt = "a herd of zebras at the water hole";
        String[] command = {
            "generate", model.toString(), longPrompt, "--positions", "20", "--max-tokens", "6", "--temperature", "0"
        };
        err.getBuffer().setLength(0);
        assertThat(Main.run(command, new PrintWriter(out), new PrintWriter(err)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("got 34 tokens for a model of 20 positions", "--slide")
                .hasLineCount(1);
        err.getBuffer().setLength(0);
        String[] slid = Stream.concat(Stream.of(command), Stream.of("--slide")).toArray(String[]::new);
        assertThat(Main.run(slid, new PrintWriter(out), new PrintWriter(err)))
                .as(err.toString())
                .isZero();
        assertThat(err.toString()).contains("20 tokens of the prompt were left out", "14 tokens read");
    }

    @Test
    void theCacheMayBeSmallerAndInt8() throws IOException {
        long usual = json("--temperature", "0").get("cacheBytes").asLong();
        assertThat(json("--temperature", "0", "--cache-dtype", "int8", "--cache-bytes", "2m")
                        .get("cacheBytes")
                        .asLong())
                .isLessThan(usual);
        assertThat(generate("--cache-bytes", "1k")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("bytes of a budget of 1024").hasLineCount(1);
        assertThat(generate("--cache-dtype", "int4")).isEqualTo(Main.FAILED);
        assertThat(generate("--cache-bytes", "much")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("'much' is no number of bytes such as 800m or 2g");
    }
}
