package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.zebralm.bench.AttentionCase;
import org.zebralm.bench.BenchSettings;
import org.zebralm.bench.HeadShape;
import org.zebralm.bench.Implementation;
import org.zebralm.bench.MachineRates;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

class BenchVerbTest {
    /// The verb as it is, but for the machine's bounds, whose measuring takes seconds.
    private static final List<Verb> VERBS = List.of(Verb.group(
            "bench",
            "",
            List.of(Verb.of("attention", "", () -> new BenchAttentionVerb(() -> new MachineRates(200, 30))))));

    private static final HeadShape HEADS = new HeadShape(12, 12, 64);

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path folder;

    @Test
    void aTinyRunHasARowForEachCombinationAndAPlot() throws Exception {
        Path plot = folder.resolve("tiny.svg");
        int code = bench(
                "attention --json --lengths 64,128 --window 17 --heads 2 --kv-heads 1 --head-dim 16 --dtype float32"
                        + " --repeats 2 --warm-up 0 --plot",
                plot);
        assertThat(code).as(err.toString()).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());

        assertThat(json.get("machine").get("attention").asText())
                .isEqualTo(AttentionKernels.forThisMachine().name());
        assertThat(json.get("machine").get("gemmGflops").asDouble()).isEqualTo(200);
        assertThat(json.get("machine").get("readGigabytesPerSecond").asDouble()).isEqualTo(30);
        assertThat(json.get("settings").get("kvHeads").asInt()).isEqualTo(1);
        assertThat(json.get("skipped")).isEmpty();
        List<String> names = new ArrayList<>();
        for (JsonNode row : json.get("rows")) {
            names.add("%s %s %s %s %s %s"
                    .formatted(
                            row.get("pass").asText(),
                            row.get("kind").asText(),
                            row.get("length").asInt(),
                            row.get("window").asText(),
                            row.get("implementation").asText(),
                            row.get("dtype").asText()));
            assertThat(row.get("seconds").asDouble())
                    .isGreaterThanOrEqualTo(row.get("bestSeconds").asDouble());
            assertThat(row.get("gflops").asDouble()).isPositive();
            assertThat(row.has("gbps")).isEqualTo(row.get("pass").asText().equals("decode"));
            assertThat(row.get("repeats").asInt()).isEqualTo(2);
        }
        assertThat(names)
                .hasSize(24)
                .doesNotHaveDuplicates()
                .contains("forward global 64 null zebra float32", "decode local 128 17 torch float32");
        JsonNode first = json.get("rows").get(0);
        double flops = 4.0 * (64 * 65 / 2) * 16 * 2;
        assertThat(first.get("gflops").asDouble() * first.get("seconds").asDouble() * 1e9)
                .isCloseTo(flops, within(1.0));

        Document svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(plot.toFile());
        // Three panels of four lines, each of two points; four markers in the legend.
        assertThat(svg.getElementsByTagName("path").getLength()).isEqualTo(12);
        assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(28);
    }

    @Test
    void peopleGetTablesBesideTheMachinesOwnRates() {
        int code = bench(
                "attention --lengths 64 --heads 2 --head-dim 16 --dtype bfloat16 --pass forward,decode --repeats 1"
                        + " --warm-up 0 --plot",
                folder.resolve("a.svg"));
        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("2 query heads, 2 key-value heads of 16; window 513", "rates      float32 GEMM")
                .contains("libtorch", AttentionKernels.forThisMachine().name())
                .containsPattern("(?m)^forward, bfloat16$")
                .containsPattern("(?m)^kind +length +zebra +GFLOP/s +of GEMM +torch +GFLOP/s +of GEMM +torch/zebra$")
                .containsPattern("(?m)^kind +length +zebra +GFLOP/s +GB/s +of read +torch ")
                .containsPattern("(?m)^global +64 +[\\d.]+ .s +[\\d.]+ ")
                .doesNotContain("note");
    }

    @Test
    void whatWasSkippedOrRepeatedLessIsSaid() {
        var global = new AttentionCase(Pass.FORWARD, Span.global(), 65536, HEADS, DType.BFLOAT16);
        var local = new AttentionCase(Pass.FORWARD, new Span.Local(513), 65536, HEADS, DType.BFLOAT16);
        var settings = new BenchSettings(
                List.of(65536),
                513,
                HEADS,
                List.of(DType.BFLOAT16),
                List.of(Pass.FORWARD),
                List.of(Implementation.ZEBRA, Implementation.TORCH),
                5,
                0,
                300);
        List<Row> rows = List.of(
                new Row.Measured(global, Implementation.ZEBRA, 40, 39, 3, 1, Double.NaN),
                new Row.Skipped(global, Implementation.TORCH, new Row.TooSlow(11220)),
                new Row.Measured(local, Implementation.ZEBRA, 0.6, 0.6, 5, 1, Double.NaN),
                new Row.Skipped(local, Implementation.TORCH, new Row.MaskTooLarge(16L << 30)));
        var rates = new MachineRates(200, 30);

        assertThat(new AttentionTables(settings, rows, rates).toString()).isEqualTo("""
                forward, bfloat16
                kind    length   zebra  GFLOP/s  of GEMM  torch  GFLOP/s  of GEMM  torch/zebra  note
                ------  ------  ------  -------  -------  -----  -------  -------  -----------  ----------------------------------------------------------
                global   65536    40 s    164.9      82%      -        -        -            -  zebra: 3 of 5 repeats; torch skipped (about 3h 07m a call)
                local    65536  600 ms    171.5      86%      -        -        -            -  torch skipped (its mask takes 16 GiB)""");
        String json = new AttentionJson(settings, rows, rates).toString();
        assertThat(json).contains("\"expectedSeconds\" : 11220.0", "\"reason\" : \"its mask takes 16 GiB\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--lengths 0            | a length must be at least 1 token: got 0",
                "--lengths 64,-1        | a length must be at least 1 token: got -1",
                "--window 0             | window counts the query itself, so it must be at least 1: got 0",
                "--kv-heads 5           | numHeads must be a multiple of numKvHeads, which share them: got 12 and 5",
                "--heads 0              | must be at least 1: got 0",
                "--head-dim 63          | headDim must be even, as rotary positions need it: got 63",
                "--dtype bf16           | dtype must be one of",
                "--dtype float64        | dtype must be float32 or bfloat16",
                "--pass backward        | pass must be one of forward, forward+backward, decode: got backward",
                "--implementation flash | implementation must be one of zebra, torch, portable: got flash",
                "--repeats 0            | repeats must be at least 1: got 0",
                "--limit 0              | the limit must be above 0 seconds: got 0.0",
                "--plot /no/such/x.svg  | the plot needs a folder that can be written to: got /no/such/x.svg; name",
            })
    void aWrongOptionIsOneLine(String option, String message) {
        assertThat(Main.run(("bench attention " + option.strip()).split(" "), new PrintWriter(out), writer()))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).startsWith("zebra: ").contains(message).hasLineCount(1);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void openingAModelIsTimed() {
        assertThat(Main.run(
                        ("bench load --repeats 2 --no-header --dtype bfloat16 " + Fixtures.path("llama")).split(" "),
                        new PrintWriter(out),
                        writer()))
                .isZero();
        assertThat(out.toString()).matches("\\| llama \\| bfloat16 \\| .* KiB \\|( [0-9.]+ s \\|){3} [0-9.]+ \\|.*\\R");
    }

    @Test
    void tokenizersAreTimedOnTextOfTheUsers() throws Exception {
        Path text = Files.writeString(folder.resolve("a.txt"), "some words, and some more words.\n".repeat(50));
        int code = Main.run(
                ("bench tokenizer --json --vocab-size 270 --repeats 2 --pattern gpt2 " + text).split(" "),
                new PrintWriter(out),
                writer());
        assertThat(code).as(err.toString()).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.get("rows").findValuesAsText("system")).containsExactly("zebra", "zebra", "library");
        assertThat(json.get("rows").findValuesAsText("task")).containsExactly("train", "encode", "encode");
        for (JsonNode row : json.get("rows")) {
            assertThat(row.get("bytes").asLong()).isEqualTo(50 * 33);
            assertThat(row.get("seconds").asDouble()
                            * row.get("megabytesPerSecond").asDouble()
                            * 1e6)
                    .isCloseTo(50 * 33, within(1e-6));
        }
        assertThat(json.get("rows").get(0).get("tokens").asInt()).isEqualTo(270);
        assertThat(json.get("settings").get("pattern").asText()).isEqualTo("gpt2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/no/such/text                 | must exist: not found [/no/such/text]",
                ". --vocab-size 10             | vocabSize must be at least 257",
                ". --repeats 0                 | repeats must be at least 1: got 0",
                ". --encode-megabytes 0        | the text to encode must be at least 1 byte: got 0",
            })
    void aWrongTokenizerBenchIsOneLine(String arguments, String message) {
        assertThat(Main.run(("bench tokenizer " + arguments.strip()).split(" +"), new PrintWriter(out), writer()))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
    }

    @Test
    void aLengthThatIsNoNumberIsAUsageError() {
        assertThat(Main.run(new String[] {"bench", "attention", "--lengths", "1k"}, new PrintWriter(out), writer()))
                .isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("'1k' is not an int", "'zebra bench attention --help'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "bench jmh --no-such-option | jmh:",
                "bench jmh noSuchBenchmark  | no JMH benchmark matches noSuchBenchmark; 'zebra bench jmh -l' lists them",
            })
    void whatJmhRefusesIsOneLine(String arguments, String message) {
        assertThat(Main.run(arguments.strip().split(" "), new PrintWriter(out), writer()))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
    }

    @Test
    void helpTeaches() {
        assertThat(Main.run(new String[] {"bench", "attention", "--help"}, new PrintWriter(out), writer()))
                .isZero();
        assertThat(out.toString()).contains("--lengths", "pairs attended to", "Examples:", "1024,4096");
    }

    /// The name that `inspect` prints without loading anything is that of the kernel that runs.
    @Test
    void theNameOfTheAttentionIsThatOfTheKernel() {
        String name = Machine.attentionName();
        assertThat(name).startsWith("vector (").endsWith(")");
        assertThat(AttentionKernels.forThisMachine().name()).startsWith(name.substring(0, name.length() - 1));
    }

    private int bench(String arguments, Path plot) {
        List<String> all = new ArrayList<>(List.of("bench"));
        all.addAll(List.of(arguments.split(" ")));
        all.add(plot.toString());
        return Main.run(VERBS, all.toArray(String[]::new), new PrintWriter(out), writer());
    }

    private PrintWriter writer() {
        return new PrintWriter(err);
    }
}
