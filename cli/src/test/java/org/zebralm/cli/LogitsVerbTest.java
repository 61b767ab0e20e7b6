package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// `zebra logits` against what transformers computed for the same ids (`oracle/fixtures.py`).
class LogitsVerbTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private Path ids;
    private Path file;

    @BeforeEach
    void nameFiles() {
        ids = folder.resolve("ids.json");
        file = folder.resolve("logits.safetensors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "cwm", "cwm-tied", "llama-bin"})
    void logitsAreThoseOfTransformers(String name) throws IOException {
        Path model = Fixtures.path(name);
        Path expectedFile = Fixtures.path((name.equals("llama-bin") ? "llama" : name) + "/expected.safetensors");
        try (var expected = SafetensorsFile.open(expectedFile);
                var _ = Scope.open()) {
            long[] wanted = expected.tensor("ids").toLongs();
            long[] shape = expected.shape("ids");
            Files.writeString(ids, json(wanted, Math.toIntExact(shape[1])));
            Files.writeString(file, "an older file, replaced");

            assertThat(logits(model, "--dtype", "float32")).as(err.toString()).isZero();

            try (var ours = SafetensorsFile.open(file)) {
                assertThat(ours.names()).containsExactly("ids", "logits");
                assertThat(ours.dtype("ids")).isEqualTo(DType.INT64);
                assertThat(ours.shape("ids")).isEqualTo(shape);
                assertThat(ours.tensor("ids").toLongs()).isEqualTo(wanted);
                assertThat(ours.dtype("logits")).isEqualTo(DType.FLOAT32);
                assertThat(ours.shape("logits")).isEqualTo(expected.shape("logits"));
                assertThat(ours.tensor("logits").toFloats())
                        .containsExactly(expected.tensor("logits").toFloats(), offset(1e-4f));
            }
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void bfloat16IsComputedInAndStoredAsFloat32() throws IOException {
        Files.writeString(ids, "[3, 4, 5]");

        assertThat(logits(Fixtures.path("llama"), "--dtype", "bfloat16"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString()).contains("logits [1, 3, ", "computed in bfloat16");
        try (var ours = SafetensorsFile.open(file);
                var _ = Scope.open()) {
            assertThat(ours.dtype("logits")).isEqualTo(DType.FLOAT32);
            for (float logit : ours.tensor("logits").toFloats()) {
                assertThat(Float.floatToRawIntBits(logit) & 0xffff).isZero(); // no more digits than bfloat16 has
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[[1, 2], [3]]     | must hold rows of one length (no id is taken for padding",
                "[[1, 2], [3]]     | got 2 ids in row 0 and 1 in row 1",
                "[[1, 2], 3]       | must hold a list of rows of ids, such as [[1, 2, 3], [4, 5, 6]], or one row: got 3",
                "[[1, 2], [3, 400]]| must hold ids from 0 to 95, the model's vocabulary: got 400 at [1][1]",
                "[[1, -1]]         | got -1 at [0][1]",
                "[1, 2.5]          | must hold token ids, whole numbers: got 2.5 at [1]",
                "[1, 99999999999]  | must hold token ids, whole numbers: got 99999999999 at [1]",
                "[[1, \"a\"]]      | must hold token ids, whole numbers: got \"a\" at [0][1]",
                "[]                | must hold at least one id: got []",
                "[[], []]          | must hold rows of at least one id: got an empty one",
                "{\"ids\": [1]}    | must hold a list of rows of ids",
                "[[1, 2]           | must be JSON",
                "[1, 2] [3, 4]     | must be JSON",
            })
    void idsThatAreNoRowsAreRefusedInOneLine(String text, String message) throws IOException {
        Files.writeString(ids, text);

        assertThat(logits(Fixtures.path("llama"))).isEqualTo(Main.FAILED);

        assertThat(err.toString()).contains(message).contains("ids.json").hasLineCount(1);
        assertThat(file).doesNotExist();
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        assertThat(logits(Fixtures.path("llama"))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("no such file or folder: " + ids).hasLineCount(1);

        Files.writeString(ids, "[1]");
        file = folder.resolve("no/such/folder/logits.safetensors");
        assertThat(logits(Fixtures.path("llama"))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("its folder does not exist").hasLineCount(1);

        assertThat(zebra("logits", Fixtures.path("llama").toString(), "--ids", ids.toString()))
                .isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("--out");
    }

    private static String json(long[] ids, int length) {
        List<String> rows = new ArrayList<>();
        for (int start = 0; start < ids.length; start += length) {
            rows.add(Arrays.toString(Arrays.copyOfRange(ids, start, start + length)));
        }
        return rows.toString();
    }

    private int logits(Path model, String... more) {
        return zebra(Stream.concat(
                        Stream.of("logits", model.toString(), "--ids", ids.toString(), "--out", file.toString()),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    private int zebra(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }
}
