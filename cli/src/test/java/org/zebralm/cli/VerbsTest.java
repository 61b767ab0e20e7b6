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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.tensor.Scope;

/// The verbs as a user calls them, on a tiny model trained on made-up text.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VerbsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @SuppressWarnings("NullAway.Init") // set before all tests
    private Path folder;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private Path texts;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private Path run;

    @BeforeAll
    void trainOnce(@TempDir Path shared) throws IOException {
        folder = shared;
        texts = Files.createDirectory(folder.resolve("texts"));
        var random = new SplittableRandom(1);
        for (int file = 0; file < 4; file++) {
            Files.writeString(texts.resolve("text-" + file + ".txt"), MadeUpText.of(random, 60_000));
        }
        run = folder.resolve("run");
        assertThat(zebra(train(run, "--train.steps=6"))).as(err.toString()).isZero();
    }

    @Test
    void aRunLeavesAModelMetricsAndAPlot() throws IOException {
        assertThat(run.resolve("model/config.json")).isRegularFile();
        assertThat(run.resolve("model/model.safetensors")).isRegularFile();
        assertThat(run.resolve("model/tokenizer.json")).isRegularFile();
        assertThat(run.resolve("loss.svg")).content().startsWith("<svg");
        assertThat(run.resolve("tensorboard")).isDirectoryContaining("glob:**events.out.tfevents.*");
        List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
        assertThat(metrics)
                .filteredOn(line -> line.contains("\"tokensPerSecond\""))
                .hasSize(6);
        assertThat(metrics).filteredOn(line -> line.contains("validationLoss")).hasSize(2);
        assertThat(metrics).filteredOn(line -> line.contains("saved")).hasSize(2);
        assertThat(JSON.readTree(metrics.getFirst()).get("gemmFlops").asDouble())
                .isPositive();
        double first = JSON.readTree(metrics.get(1)).get("loss").asDouble();
        assertThat(first).isCloseTo(Math.log(400), within(0.5));
    }

    @Test
    void changedSettingsAreShownAndWantAConfirmation() throws IOException {
        Path changed = folder.resolve("changed");
        assertThat(zebra(train(changed, "--train.steps=4"))).as(err.toString()).isZero();
        String[] more = train(changed, "--train.steps=7", "--train.optimizer.learningRate=5e-4");
        assertThat(zebra(more)).isEqualTo(Main.FAILED);
        assertThat(err.toString().lines())
                .containsExactly(
                        "zebra: the run in " + changed + " has other settings:",
                        "  train.steps                   4 -> 7",
                        "  train.optimizer.learningRate  0.001 -> 5.0E-4",
                        "To go on with the new ones add --accept-changes; else give it its own, or name another folder"
                                + " with --out");
        var confirmed = new ArrayList<>(List.of(more));
        confirmed.add("--accept-changes");
        assertThat(zebra(confirmed.toArray(String[]::new))).as(err.toString()).isZero();
        List<String> steps = Files.readAllLines(changed.resolve("metrics.jsonl")).stream()
                .filter(line -> line.contains("gradientNorm"))
                .toList();
        assertThat(steps).hasSize(7);
        assertThat(changed.resolve("settings.yaml")).content().contains("steps: 7");
        assertThat(changed.resolve("settings-1.yaml")).content().contains("steps: 4");
        // Confirmed once, they are the run's own.
        assertThat(zebra(more)).as(err.toString()).isZero();
    }

    @Test
    void whatCannotChangeSaysWhy() {
        assertThat(zebra(train(run, "--train.steps=6", "--model.window=33", "--train.seed=1", "--accept-changes")))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("  model.window  17 -> 33   cannot change: the saved weights are of that model")
                .contains("  train.seed    0 -> 1   cannot change: with it a step would stand for other data")
                .contains("--init-from " + run + " --out ANOTHER");
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "checkpoints/step-00000006.safetensors", "model"})
    void aNewRunMayBeginWithTheWeightsOfAnother(String source) throws IOException {
        Path begun = folder.resolve("from-" + Path.of(source).getFileName());
        Path from = run.resolve(source).normalize();
        List<String> arguments = new ArrayList<>(List.of("train", "--out", begun.toString()));
        arguments.addAll(List.of("--init-from", from.toString(), "--data=[" + texts.resolve("text-1.txt") + "]"));
        arguments.addAll(List.of("--train.contextLength=64", "--train.steps=2", "--train.schedule.warmupSteps=0"));
        String[] command = arguments.toArray(String[]::new);
        assertThat(zebra(command)).as(err.toString()).isZero();
        // The state before the first step has the other run's weights; nothing else had to be said of its shape.
        try (var _ = Scope.open();
                var was = SafetensorsFile.open(run.resolve("model/model.safetensors"));
                var is = SafetensorsFile.open(begun.resolve("checkpoints/step-00000000.safetensors"))) {
            assertThat(was.names()).isNotEmpty();
            for (String name : was.names()) {
                assertThat(is.tensor("weight." + name).toFloats())
                        .as(name)
                        .isEqualTo(was.tensor(name).toFloats());
                assertThat(is.tensor("mean." + name).toFloats()).containsOnly(0);
            }
        }
        assertThat(begun.resolve("settings.yaml")).content().contains("window: 17", "contextLength: 64");
        assertThat(zebra(command)).as(err.toString()).isZero();
    }

    @Test
    void whatARunCannotBeginWithIsNamed() {
        Path begun = folder.resolve("cannot");
        assertThat(zebra(train(begun, "--train.steps=6", "--init-from=" + texts)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("--init-from must name a run, a checkpoint or a model folder: got " + texts)
                .hasLineCount(1);
        assertThat(zebra(train(begun, "--train.steps=6", "--model.hiddenSize=64", "--init-from=" + run)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("must fit the new model: it needs model.embed_tokens.weight [400, 64]");
    }

    @Test
    void aRunCannotBeWorkedOnTwiceAtATime() throws IOException {
        try (var _ = new RunFolder(run, "").lock()) {
            assertThat(zebra(train(run, "--train.steps=6"))).isEqualTo(Main.FAILED);
        }
        assertThat(err.toString())
                .contains("another process is at work on the run in " + run)
                .hasLineCount(1);
    }

    @Test
    void generateIsAFunctionOfItsSeed() throws IOException {
        JsonNode first = json("generate", model(), "the", "--max-tokens", "12", "--seed", "3", "--json");
        JsonNode again = json("generate", model(), "the", "--max-tokens", "12", "--seed", "3", "--json");
        assertThat(first.get("tokens")).isEqualTo(again.get("tokens"));
        assertThat(first.get("tokens").size()).isLessThanOrEqualTo(12);
        assertThat(first.get("cacheBytes").asLong()).isPositive();
    }

    @Test
    void generateStreamsThePromptAndItsContinuation() {
        assertThat(zebra("generate", model(), "the cat", "--max-tokens", "5", "--temperature", "0"))
                .isZero();
        assertThat(out.toString()).startsWith("the cat");
        assertThat(err.toString()).contains("tokens read", "ended by");
    }

    @Test
    void inspectDrawsStripesAndCosts() throws IOException {
        assertThat(zebra("inspect", model())).isZero();
        assertThat(out.toString())
                .contains("global  all 128", "local   last 17", "KV cache", "attention here: vector (");
        JsonNode json = json("inspect", model(), "--lengths", "128,4096", "--json");
        assertThat(json.get("layers").get(1).get("window").asInt()).isEqualTo(17);
        assertThat(json.get("attentionKernel").asText()).startsWith("vector (");
        // One global layer in pages of 256 and one ring of 16, two tensors of one head of 16, float32.
        assertThat(json.get("costs").get(0).get("kvBytes").asLong()).isEqualTo((256 + 16) * 2 * 16 * 4);
    }

    @Test
    void aQuantizedModelRunsAndIsNotTrained() {
        String target = folder.resolve("int8").toString();
        assertThat(zebra("quantize", model(), target, "--bits", "8", "--data", texts + "/text-1.txt"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("int8, embeddings keep, head keep").containsPattern("perplexity \\d+");
        assertThat(zebra("inspect", target)).isZero();
        assertThat(out.toString()).contains("as int8, embeddings keep, head keep, the rest float32");
        assertThat(zebra("generate", target, "the", "--max-tokens", "5")).isZero();
        assertThat(zebra(train(folder.resolve("from-int8"), "--init-from=" + target)))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("are quantized (int8", "cannot be trained");
        assertThat(zebra("quantize", model(), target, "--bits", "8", "--group", "64"))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("--group is for 4 bits");
    }

    @Test
    void perplexityIsMeasuredByLength() throws IOException {
        JsonNode json = json(
                "eval", "perplexity", model(), texts.toString(), "--lengths", "64,128", "--targets", "16", "--json");
        assertThat(json.get("rows").size()).isEqualTo(2);
        assertThat(json.get("rows").get(0).get("perplexity").asDouble()).isBetween(50.0, 420.0);
        Path rows = NamedTextsTest.jsonLines(texts, folder.resolve("texts.jsonl.gz"));
        String[] ofRows = {
            "eval", "perplexity", model(), rows.toString(), "--text-column", "body", "--lengths", "64,128", "--json"
        };
        assertThat(json(Stream.concat(Stream.of(ofRows), Stream.of("--targets", "16"))
                        .toArray(String[]::new)))
                .isEqualTo(json);
    }

    @Test
    void perplexityOfWeightsRoundedAsTheyAreReadIsThatOfTheFolderWrittenSo() throws IOException {
        String target = folder.resolve("int4").toString();
        assertThat(zebra("quantize", model(), target, "--group", "64")).isZero();
        String[] options = {texts.toString(), "--lengths", "64,128", "--targets", "16", "--json"};
        JsonNode written = json(Stream.concat(Stream.of("eval", "perplexity", target), Stream.of(options))
                .toArray(String[]::new));
        JsonNode dense = json(Stream.concat(Stream.of("eval", "perplexity", model()), Stream.of(options))
                .toArray(String[]::new));
        JsonNode rounded = json(
                Stream.concat(Stream.of("eval", "perplexity", model(), "--quantization", "int4:64"), Stream.of(options))
                        .toArray(String[]::new));
        assertThat(rounded.get("rows")).isEqualTo(written.get("rows")).isNotEqualTo(dense.get("rows"));
    }

    @Test
    void tokenizerTrainWritesATokenizer() {
        Path tokenizer = folder.resolve("tokenizer.json");
        assertThat(zebra("tokenizer", "train", texts.toString(), "--vocab-size", "300", "--out", tokenizer.toString()))
                .isZero();
        assertThat(out.toString()).contains("300 tokens");
        assertThat(tokenizer).isRegularFile();
    }

    @Test
    void tokenizerTrainHasPatternsAndSpecialTokens() throws IOException {
        Path tokenizer = folder.resolve("tokenizer.json");
        String arguments = "--pattern gpt2 --special <a> --special <b> --vocab-size 300 --out " + tokenizer;
        assertThat(zebra(Stream.concat(
                                Stream.of("tokenizer", "train", texts.toString()), Stream.of(arguments.split(" ")))
                        .toArray(String[]::new)))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("as gpt2 does");
        JsonNode added = new ObjectMapper().readTree(tokenizer.toFile()).get("added_tokens");
        assertThat(added.findValuesAsText("content")).containsExactly("<|endoftext|>", "<a>", "<b>");
    }

    @Test
    void dataPrepareLeavesAFolderAndSaysWhatItSkipped() throws IOException {
        Path rows = Files.createDirectory(folder.resolve("rows"));
        Files.writeString(rows.resolve("a.jsonl"), "{\"body\":\"one\"}\n{\"body\":\"two\"}\n{\"body\":\"one\"}\n");
        Files.writeString(rows.resolve("b.jsonl"), "{oops\n");
        Path out = folder.resolve("prepared");
        String[] arguments = {
            "data",
            "prepare",
            rows.toString(),
            "--out",
            out.toString(),
            "--text-column",
            "body",
            "--tokenizer",
            model() + "/tokenizer.json",
            "--held-out",
            "0"
        };
        assertThat(zebra(with(arguments, "--strict"))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("b.jsonl").hasLineCount(1);
        assertThat(out).doesNotExist();
        assertThat(zebra(arguments)).as(err.toString()).isZero();
        assertThat(this.out.toString()).contains("1 files or rows were skipped", "--data=[" + out + "]");
        JsonNode source = JSON.readTree(out.resolve("manifest.json").toFile())
                .get("sources")
                .get(0);
        assertThat(source.get("documents").asInt()).isEqualTo(2);
        assertThat(source.get("duplicates").asInt()).isEqualTo(1);
        assertThat(zebra(arguments)).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("never changed").hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--format xml      | --format must be auto, text, jsonl",
                "--held-out 1      | held-out share must be from 0 to below 1: got 1.0",
                "--threads 0       | threads must be at least 1: got 0",
                "--end-of-text </s>| --end-of-text must be a token of",
                "--sql select      | --sql must be one query over the table input",
            })
    void aWrongPreparationIsOneLineAndMakesNothing(String option, String message) {
        Path out = folder.resolve("unprepared");
        String[] arguments = {
            "data", "prepare", texts.toString(), "--out", out.toString(), "--tokenizer", model() + "/tokenizer.json"
        };
        assertThat(zebra(with(arguments, option.split(" ")))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
        assertThat(out).doesNotExist();
    }

    private static String[] with(String[] arguments, String... more) {
        var all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--vocab-size 256            | vocabSize must be at least 257",
                "--special <a> --special <a> | a special token must be named once: got <a> twice",
                "--max-words 0               | maxWords must be at least 1: got 0",
                "/no/such/text               | must exist: not found [/no/such/text]",
            })
    void aWrongTokenizerTrainingIsOneLine(String arguments, String message) {
        Path tokenizer = folder.resolve("tokenizer.json");
        String line = "tokenizer train " + texts + " --out " + tokenizer + " " + arguments;
        assertThat(zebra(line.strip().split(" +"))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
        assertThat(tokenizer).doesNotExist();
    }

    @Test
    void aTokenizerWithoutTextNamesWhatWasSkipped() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.txt"), "");
        assertThat(zebra("tokenizer", "train", empty.toString())).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("there must be text to train on").hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--model.window=0        | window counts the query itself, so it must be at least 1: got 0",
                "--model.numKvHeads=3    | numHeads must be a multiple of numKvHeads: got 2 and 3",
                "--model.layerGroupSize=9| layerGroupSize must be between 1 and numLayers: got 9 and 2",
                "--model.headDim=7       | headDim must be even",
                "--train.optimizer.learningRate=-1 | train.optimizer.learningRate must be above 0: got -1.0",
                "--train.schedule.warmupSteps=9 | train.schedule.warmupSteps must be below steps: got 9 and 6",
                "--train.schedule.kind=step | train.schedule.kind must be one of [CONSTANT, COSINE, LINEAR, WSD]",
                "--train.stepz=3         | did you mean train.steps?",
                "--data=[/no/such/text]  | /no/such/text",
            })
    void aWrongSettingIsOneLineAndMakesNothing(String setting, String message) {
        Path other = folder.resolve("wrong");
        assertThat(zebra(train(other, "--train.steps=6", setting))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
        assertThat(other).doesNotExist();
    }

    @Test
    void textThatHoldsNothingIsRefusedByName() throws IOException {
        Path binary = Files.createDirectory(folder.resolve("binary"));
        Files.write(binary.resolve("junk.bin"), new byte[] {0, 1, 2, 0, 0});
        assertThat(zebra(train(folder.resolve("none"), "--train.steps=6", "--data=[" + binary + "]")))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("junk.bin");
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void aFolderThatIsNoModelIsNamed() {
        assertThat(zebra("generate", texts.toString(), "x")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("is no model folder", "config.json").hasLineCount(1);
    }

    @Test
    void aFolderWithOtherFilesIsNotTakenForARun() {
        assertThat(zebra(train(texts, "--train.steps=6"))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("has files in it but no run").hasLineCount(1);
    }

    private String model() {
        return run.resolve("model").toString();
    }

    private String[] train(Path folder, String... more) {
        var arguments = new ArrayList<>(List.of("train", "--out", folder.toString()));
        arguments.addAll(List.of(
                "--data=[" + texts + "]",
                "--vocabSize=400",
                "--model.hiddenSize=32",
                "--model.intermediateSize=64",
                "--model.numLayers=2",
                "--model.numHeads=2",
                "--model.numKvHeads=1",
                "--model.headDim=16",
                "--model.layerGroupSize=2",
                "--model.window=17",
                "--train.contextLength=128",
                "--train.schedule.warmupSteps=2",
                "--train.validateEvery=3",
                "--train.saveEvery=3"));
        arguments.addAll(Arrays.asList(more));
        return arguments.toArray(String[]::new);
    }

    private JsonNode json(String... arguments) throws IOException {
        assertThat(zebra(arguments)).as(err.toString()).isZero();
        return JSON.readTree(out.toString());
    }

    private int zebra(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }
}
