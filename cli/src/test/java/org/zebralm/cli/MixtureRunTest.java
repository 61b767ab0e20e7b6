package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Runs that read several sources.
class MixtureRunTest {
    private static final String MODEL =
            "--vocabSize=300 --model.hiddenSize=32 --model.intermediateSize=64 --model.numLayers=2 --model.numHeads=2"
                    + " --model.numKvHeads=1 --model.headDim=16 --model.layerGroupSize=2 --model.window=17"
                    + " --train.contextLength=64 --train.schedule.warmupSteps=1 --train.steps=3 --train.validateEvery=3";

    @TempDir
    Path folder;

    private final StringWriter err = new StringWriter();

    @BeforeEach
    void writeTexts() throws IOException {
        Files.writeString(folder.resolve("long.txt"), text(1, 4000));
        Path notes = Files.createDirectory(folder.resolve("notes"));
        for (int i = 0; i < 120; i++) {
            Files.writeString(notes.resolve("note-" + i + ".txt"), text(i, 40 + i % 7));
        }
    }

    @Test
    void aMixtureOfTextsTrains() throws IOException {
        Path settings = Files.writeString(
                folder.resolve("mixture.yaml"), """
                mixture:
                  - {data: [%s], weight: 0.3}
                  - data: [%s]
                    weight: 0.7
                    strata: [{minTokens: 30, factor: 2}, {minTokens: 45, factor: 0.5}]
                """.formatted(folder.resolve("long.txt"), folder.resolve("notes")));
        Path run = folder.resolve("run");
        assertThat(train(settings.toString(), "--out", run.toString()))
                .as(err.toString())
                .isZero();
        assertThat(run.resolve("data/train.tokens")).isRegularFile();
        assertThat(run.resolve("data/train-2.tokens")).isRegularFile();
        assertThat(run.resolve("data/heldout-2.tokens")).isRegularFile();
        assertThat(run.resolve("model/model.safetensors")).isRegularFile();
        assertThat(err.toString()).contains("packing    best fit: ").doesNotContain("warning");
        assertThat(train(settings.toString(), "--out", run.toString()))
                .as(err.toString())
                .isZero();
        assertThat(err.toString()).contains("resumed    at step 3");
    }

    @Test
    void aContextThatNoDocumentFillsIsWarnedOf() {
        assertThat(train("--out", folder.resolve("run").toString(), "--data=[" + folder.resolve("notes") + "]"))
                .isZero();
        assertThat(err.toString()).contains("warning    no document fills the context of 64 tokens: the longest, ");
    }

    @Test
    void preparedFoldersAndTextShareTheFirstFoldersTokenizer() {
        Path first = folder.resolve("first");
        Path other = folder.resolve("other");
        assertThat(prepare(folder.resolve("long.txt"), first, 258))
                .as(err.toString())
                .isZero();
        assertThat(prepare(folder.resolve("long.txt"), other, 259))
                .as(err.toString())
                .isZero();
        Path run = folder.resolve("run");
        assertThat(train(
                        "--out",
                        run.toString(),
                        "--mixture=[{data: [%s], weight: 1}, {data: [%s], weight: 2}]"
                                .formatted(folder.resolve("notes"), first)))
                .as(err.toString())
                .isZero();
        assertThat(run.resolve("model/tokenizer.json")).hasSameBinaryContentAs(first.resolve("tokenizer.json"));
        assertThat(run.resolve("tokenizer.json")).doesNotExist();
        Path refused = folder.resolve("refused");
        assertThat(train(
                        "--out",
                        refused.toString(),
                        "--mixture=[{data: [%s], weight: 1}, {data: [%s], weight: 2}]".formatted(first, other)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("prepared text must be read with the tokenizer that made it: " + other)
                .hasLineCount(1);
        assertThat(refused).doesNotExist();
        assertThat(train("--out", refused.toString(), "--data=[%s, %s]".formatted(first, other)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("a prepared folder is a source of its own")
                .hasLineCount(1);
    }

    private int prepare(Path text, Path out, int vocabSize) {
        return run("data", "prepare", text.toString(), "--out", out.toString(), "--train-tokenizer", "" + vocabSize);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[{data: [a], weight: 0}]  | a source's weight must be above 0 and finite: got 0.0 for a",
                "[{data: [a], weight: -2}] | got -2.0 for a",
                "[{data: [a]}]             | mixture[0].weight needs a value",
                "[{data: [a], weigth: 1}]  | unknown key mixture[0].weigth (on the command line): did you mean mixture[0].weight?",
                "[{data: [a], weight: 1, strata: [{minTokens: 9, factor: 1}, {minTokens: 5, factor: 1}]}] | strata must ascend by minTokens: got 9 before 5",
                "[{data: [a], weight: 1, strata: [{minTokens: 9, factor: -1}]}] | a stratum's factor must be at least 0 and finite: got -1.0",
                "[{data: [/no/such/text], weight: 1}] | /no/such/text",
            })
    void aWrongMixtureIsOneLineAndMakesNothing(String mixture, String message) {
        Path run = folder.resolve("run");
        assertThat(train("--out", run.toString(), "--mixture=" + mixture)).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
        assertThat(run).doesNotExist();
    }

    @Test
    void dataAndAMixtureExcludeEachOther() {
        assertThat(train("--out", folder.resolve("run").toString(), "--data=[a]", "--mixture=[{data: [b], weight: 1}]"))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("a run reads data or a mixture: got both");
        assertThat(train("--out", folder.resolve("run").toString(), "--packing=WORST_FIT"))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("packing must be one of [BEST_FIT, SEQUENTIAL]");
    }

    private int train(String... arguments) {
        List<String> all = new ArrayList<>(List.of("train"));
        all.addAll(Arrays.asList(arguments));
        all.addAll(Arrays.asList(MODEL.split(" ")));
        return run(all.toArray(String[]::new));
    }

    private int run(String... arguments) {
        err.getBuffer().setLength(0);
        PrintStream stderr = System.err;
        var progress = new ByteArrayOutputStream();
        System.setErr(new PrintStream(progress, true, StandardCharsets.UTF_8));
        try {
            return Main.run(arguments, new PrintWriter(new StringWriter()), new PrintWriter(err));
        } finally {
            System.setErr(stderr);
            err.append(progress.toString(StandardCharsets.UTF_8));
        }
    }

    private static String text(int seed, int numWords) {
        var random = new SplittableRandom(seed);
        var text = new StringBuilder();
        for (int i = 0; i < numWords; i++) {
            text.append("abcdefgh".charAt(random.nextInt(8))).append(i % 12 == 11 ? '\n' : ' ');
        }
        return text.toString();
    }
}
