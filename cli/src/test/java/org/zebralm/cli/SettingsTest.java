package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private enum Precision {
        FLOAT32,
        BFLOAT_16
    }

    private record Model(int numLayers, int window) {
        Model {
            if (window < 1) {
                throw new IllegalArgumentException("window must be at least 1: got " + window);
            }
        }
    }

    private record Stage(String name, long steps) {}

    private record Train(
            Model model,
            double learningRate,
            long tokens,
            float dropout,
            boolean shuffle,
            Precision precision,
            String name,
            Path out,
            List<Integer> lengths,
            List<Stage> stages,
            @Nullable Path resume,
            @Nullable Model teacher) {}

    private static final Train DEFAULTS = new Train(
            new Model(12, 257),
            3e-4,
            1_000_000,
            0.1f,
            true,
            Precision.FLOAT32,
            "run",
            Path.of("runs/out"),
            List.of(256, 512),
            List.of(new Stage("warm", 10)),
            null,
            null);

    @TempDir
    private Path folder;

    @Test
    void defaultsHoldWhereNothingIsSaid() {
        assertThat(Settings.read(DEFAULTS, null, List.of())).isEqualTo(DEFAULTS);
    }

    @Test
    void theFileIsLaidOverTheDefaultsAndTheArgumentsOverTheFile() {
        Train train = read("""
                model:
                  numLayers: 8
                  window: 65
                learningRate: 1.5e-3
                precision: bfloat-16
                lengths: [1024]
                stages:
                  - {name: one, steps: 5}
                  - {name: two, steps: 6}
                out: ../elsewhere
                """, "--model.numLayers=4", "--shuffle=false", "--name=1.10", "--resume=old/run");

        assertThat(train)
                .isEqualTo(new Train(
                        new Model(4, 65),
                        1.5e-3,
                        1_000_000,
                        0.1f,
                        false,
                        Precision.BFLOAT_16,
                        "1.10",
                        Path.of("../elsewhere"),
                        List.of(1024),
                        List.of(new Stage("one", 5), new Stage("two", 6)),
                        Path.of("old/run"),
                        null));
    }

    @Test
    void jsonIsYaml() {
        assertThat(read("{\"model\": {\"numLayers\": 3}, \"tokens\": 7}")
                        .model()
                        .numLayers())
                .isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing but a comment\n", "---\n"})
    void anEmptyFileSaysNothing(String yaml) {
        assertThat(read(yaml)).isEqualTo(DEFAULTS);
    }

    @ParameterizedTest
    @CsvSource({"1e-4, 0.0001", "5, 5", "1_000.5, 1000.5", "+2, 2", "-.5, -0.5"})
    void fractionsMayBeWrittenAsPeopleDo(String written, double value) {
        assertThat(read("learningRate: " + written).learningRate()).isEqualTo(value);
        assertThat(read("", "--learningRate=" + written).learningRate()).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"1e6, 1000000", "2_000, 2000", "9223372036854775807, 9223372036854775807", "3.0, 3"})
    void wholeNumbersMayBeWrittenAsPeopleDo(String written, long value) {
        assertThat(read("tokens: " + written).tokens()).isEqualTo(value);
        assertThat(read("", "--tokens=" + written).tokens()).isEqualTo(value);
    }

    @Test
    void argumentsReachListsAndWholeGroupsAndTheLastOneHolds() {
        Train train =
                read("", "--lengths=[1, 2]", "--lengths=[3]", "--model={window: 9}", "--stages=[{name: a, steps: 1}]");
        assertThat(train.lengths()).containsExactly(3);
        assertThat(train.model()).isEqualTo(new Model(12, 9));
        assertThat(train.stages()).containsExactly(new Stage("a", 1));
    }

    @Test
    void aGroupThatIsNullByDefaultCanBeFilled() {
        assertThat(read("", "--teacher.numLayers=2", "--teacher.window=3").teacher())
                .isEqualTo(new Model(2, 3));
        assertRefused(
                "", "teacher.window needs a value: a whole number of at most 2147483647", "--teacher.numLayers=2");
        assertThat(read("teacher: {numLayers: 2, window: 3}", "--teacher=null").teacher())
                .isNull();
    }

    @Test
    void anUnknownKeyIsRefusedWithTheClosestKnownOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read("model: {num_layer: 3}"))
                .withMessage("unknown key model.num_layer (in " + file()
                        + "): did you mean model.numLayers? known keys of model are numLayers, window");
        assertRefused(
                "",
                "unknown key learning-rat (on the command line): did you mean learningRate? known keys are model,",
                "--learning-rat=1");
        assertRefused("", "unknown key xyzzy (on the command line): known keys are model, learningRate", "--xyzzy=1");
        assertRefused("", "unknown key model.x (on the command line)", "--model.x.y=1");
        assertRefused("", "name has no settings below it: got --name.x=1", "--name.x=1");
        assertRefused("stages: [{nam: a, steps: 1}]", "unknown key stages[0].nam (in");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model: {numLayers: eight} | model.numLayers must be a whole number of at most 2147483647: got \"eight\"",
                "model: {numLayers: 1.5}   | model.numLayers must be a whole number",
                "model: {numLayers: 3000000000} | model.numLayers must be a whole number of at most 2147483647",
                "model: 3                  | model must be a group of settings: got 3",
                "tokens: true              | tokens must be a whole number: got true",
                "learningRate: fast        | learningRate must be a number: got \"fast\"",
                "shuffle: maybe            | shuffle must be true or false: got \"maybe\"",
                "shuffle: 1                | shuffle must be true or false: got 1",
                "precision: float8         | precision must be one of [FLOAT32, BFLOAT_16]: got \"float8\"",
                "name: 3                   | name must be text: got 3, put it in quotes",
                "lengths: 256              | lengths must be a list such as [1, 2]: got 256",
                "lengths: [1, x]           | lengths[1] must be a whole number of at most 2147483647: got \"x\"",
                "stages: [{name: a}]       | stages[0].steps needs a value: a whole number",
                "tokens:                   | tokens needs a value: a whole number",
                "lengths: [1, null]        | lengths[1] must be a whole number",
            })
    void aWrongValueIsNamedWithItsKeyAndFile(String yaml, String message) {
        assertRefused(yaml, message);
        assertRefused(yaml, "(in " + file() + ")");
    }

    @Test
    void aWrongArgumentIsSaidToBeOne() {
        assertRefused("", "tokens must be a whole number: got \"many\" (on the command line)", "--tokens=many");
        assertRefused("", "--lengths=[1 is not valid YAML", "--lengths=[1");
        assertRefused("", "a setting is written --key=value: got --tokens", "--tokens");
        assertRefused("", "a setting is written --key=value: got tokens=3", "tokens=3");
        assertRefused("", "a setting is written --key=value: got --=3", "--=3");
        assertRefused("", "tokens needs a value: a whole number (on the command line)", "--tokens=");
    }

    @Test
    void aKeyWrittenTwiceIsRefused() {
        assertRefused("tokens: 1\ntokens: 2\n", "not valid YAML: Duplicate field 'tokens'");
    }

    @Test
    void brokenYamlIsRefusedWithItsPlace() {
        assertRefused("tokens: 1\nlengths: [1, 2\n", ", line ");
        assertRefused("just words", "settings are lines of 'key: value': got \"just words\"");
        assertRefused("- 1\n- 2\n", "settings are lines of 'key: value': got [1,2]");
        assertRefused("tokens: 1\n---\ntokens: 2\n", "not valid YAML");
    }

    @Test
    void theRecordsOwnRefusalNamesTheFullKeyAndTheFile() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read("model: {window: 0}"))
                .withMessage(file() + ": model.window must be at least 1: got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Settings.read(DEFAULTS, null, List.of("--model.window=0")))
                .withMessage("model.window must be at least 1: got 0");
    }

    @Test
    void aMissingFileIsAnIoError() {
        assertThatThrownBy(() -> Settings.read(DEFAULTS, folder.resolve("none.yaml"), List.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(NoSuchFileException.class);
    }

    @Test
    void whatIsWrittenReadsAsTheSame() {
        var awkward = new Train(
                new Model(1, 2),
                1e300,
                Long.MIN_VALUE,
                1e-30f,
                false,
                Precision.BFLOAT_16,
                "true: 08 # \"quoted\" 'too' \n null",
                Path.of("C:/a b/ü"),
                List.of(),
                List.of(new Stage("1e-4", 0), new Stage("null", 1), new Stage("", 2)),
                Path.of("x"),
                new Model(3, 4));
        assertThat(read(Settings.toYaml(awkward))).isEqualTo(awkward);
        assertThat(read(Settings.toYaml(DEFAULTS))).isEqualTo(DEFAULTS);
        assertThat(Settings.toYaml(DEFAULTS))
                .startsWith("model:\n  numLayers: 12\n  window: 257\nlearningRate: 3.0E-4\n");
    }

    private Train read(String yaml, String... overrides) {
        try {
            return Settings.read(DEFAULTS, Files.writeString(file(), yaml), List.of(overrides));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertRefused(String yaml, String message, String... overrides) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(yaml, overrides))
                .withMessageContaining(message);
    }

    private Path file() {
        return folder.resolve("train.yaml");
    }
}
