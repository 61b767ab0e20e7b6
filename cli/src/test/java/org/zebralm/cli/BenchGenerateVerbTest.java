package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchGenerateVerbTest {
    private static final String SHORT =
            " --prompt-lengths 16,24 --depths 8,20 --tokens 3 --turn-depth 24 --turn-tokens 4"
                    + " --requests 3 --input 12 --shared 8 --output 4 --concurrency 1,3 --repeats 2 --warm-up 0 ";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int zebra(String arguments) {
        return Main.run(arguments.strip().split(" +"), new PrintWriter(out), new PrintWriter(err));
    }

    @Test
    void programsGetRowsWithMachineAndSettings() throws Exception {
        int code = zebra("bench generate --json --systems zebra,global" + SHORT + Fixtures.path("llama"));
        assertThat(code).as(err.toString()).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("machine").get("threads").asInt()).isPositive();
        assertThat(json.get("machine").has("environment")).isTrue();
        assertThat(json.get("settings").get("model").asText()).isEqualTo("llama");
        assertThat(json.get("settings").get("prefillChunk").asInt()).isEqualTo(512);
        assertThat(json.get("settings").get("dtype").asText())
                .isEqualTo(json.get("settings").get("cacheDType").asText());
        assertThat(json.get("skipped")).isEmpty();
        List<String> names = new ArrayList<>();
        for (JsonNode row : json.get("rows")) {
            String phase = row.get("phase").asText();
            names.add("%s %s %s %s"
                    .formatted(row.get("system").asText(), phase, row.get("depth"), row.get("concurrency")));
            assertThat(row.get("quantization").asText()).isEqualTo("none");
            assertThat(row.get("tokensPerSecond").asDouble()
                            * row.get("seconds").asDouble())
                    .isCloseTo(row.get("tokens").asInt(), within(1e-6));
            assertThat(row.get("bandwidthShare").isNumber()).isEqualTo(phase.equals("decode"));
            assertThat(row.get("firstTokenSeconds").asDouble()).isPositive();
            assertThat(row.get("times")).hasSize(2);
            assertThat(row.has("ofGlobal")).isEqualTo(row.get("system").asText().equals("zebra"));
        }
        assertThat(names)
                .hasSize(14)
                .doesNotHaveDuplicates()
                .contains(
                        "zebra prefill 24 1", "global decode 8 1", "zebra second-turn 24 1", "global concurrent 12 3");
        assertThat(err.toString()).contains("warm-up, zebra", "decode 20 by 1, global: ", "(2 of 2)");
    }

    @Test
    void peopleGetALineForEachRow() {
        int code = zebra("bench generate --random 20m --phases decode,prefill" + SHORT);
        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("model      random 20m, 20M parameters, bfloat16, quantization none")
                .contains("engine     chunks of 512, 128 beside decoding; cache bfloat16, half of the memory")
                .containsPattern("(?m)^zebra +prefill +16 +1 +[\\d.]+ +[\\d.]+ +[\\d.]+ +\\d+% +- +2 +\\d+ GFLOP/s$")
                .containsPattern(
                        "(?m)^global +decode +20 +1 +[\\d.]+ +[\\d.]+ +[\\d.]+ +\\d+% +\\d+% +2 +33 MB a token")
                .containsPattern("(?m)^zebra +decode +8 +1 +[\\d.]+x +1.00x +\\d+%$");
    }

    @Test
    void whatWasLeftOutIsSaid() {
        int code = zebra("bench generate --phases prefill --limit 1e-9" + SHORT + Fixtures.path("llama"));
        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).containsPattern("(?m)^own +prefill +16 +1 +.* 0 +left out: about 0 s$");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                                    | weights come from a MODEL or from --random SIZE: got neither",
                "--random 20m MODEL                  | weights come from a MODEL or from --random SIZE: got both",
                "--random 7b                         | a random model must be one of 20m, 1.1b: got 7b",
                "--random 20m --positions 5          | --positions is a MODEL's: random ones have 32768",
                "--random 20m --quantization q4      | quantization must be none, int8, int4, or int4:GROUP: got q4",
                "--random 20m --systems mamba        | a system must be one of own, zebra, global: got mamba",
                "--random 20m --phases train         | a phase must be one of prefill, second-turn, decode, concurrent:",
                "--random 20m --depths 0             | a depth must be at least 1: got 0",
                "--random 20m --prompt-lengths 40000 | prefill at 40000 needs 40001 positions: got a model of 32768",
                "--random 20m --concurrency 9        | concurrency must be at most the number of requests: got 9 and 8",
                "--random 20m --shared 512           | the shared beginning must be shorter than the prompts",
                "--random 20m --repeats 0            | must be at least 1: got 0",
                "--random 20m --limit 0              | the limit must be above 0 seconds: got 0.0",
                "--random 20m --chunk 0              | prefillChunk must be at least 1: got 0",
                "--random 20m --dtype float16        | dtype must be float32 or bfloat16: got float16",
            })
    void aWrongOptionIsOneLine(String options, String message) {
        assertThat(zebra("bench generate " + (options == null ? "" : options))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).startsWith("zebra: ").contains(message).hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void helpTeaches() {
        assertThat(zebra("bench generate --help")).isZero();
        assertThat(out.toString()).contains("second-turn", "llama.cpp", "Examples:", "--random 1.1b");
    }
}
