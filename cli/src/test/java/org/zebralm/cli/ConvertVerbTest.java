package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.model.AttentionType;
import org.zebralm.tensor.DType;

/// `zebra convert` and what `zebra inspect` says beforehand.
class ConvertVerbTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private int zebra(String... arguments) {
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }

    private int convert(String fixture, String... options) {
        List<String> arguments =
                new ArrayList<>(List.of("convert", Fixtures.path(fixture).toString(), target().toString()));
        arguments.addAll(List.of(options));
        return zebra(arguments.toArray(String[]::new));
    }

    private Path target() {
        return folder.resolve("model");
    }

    @Test
    void aLlamaBecomesAZebraAndTheSummarySaysSo() {
        assertThat(convert("llama", "--group", "2", "--window", "5", "--rope", "yarn:4", "--dtype", "bfloat16"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString())
                .contains("bfloat16 weights, from ")
                .contains("changed: the family, from llama to cwm")
                .contains("changed: 1 of 3 layers became local with a window of 5")
                .contains("changed: the rotation, from rotary base 10k to rotary base 10k, YaRN x4 from 128")
                .contains("changed: the longest context, from 128 to 512 tokens")
                .contains("lost: there is no tokenizer to go along");
        ModelFolder written = ModelFolder.read(target());
        assertThat(written.config().attentionTypes())
                .containsExactly(new AttentionType.Global(), new AttentionType.Local(5), new AttentionType.Global());
        assertThat(written.storedDType()).isEqualTo(DType.BFLOAT16);
    }

    @Test
    void aListOfLayersAndALimitAreTaken() {
        assertThat(convert("llama", "--layers", "local,global,local", "--window", "7", "--positions", "99"))
                .as(err.toString())
                .isZero();

        assertThat(ModelFolder.read(target()).config().maxPositions()).isEqualTo(99);
        assertThat(ModelFolder.read(target()).config().attentionTypes())
                .containsExactly(new AttentionType.Local(7), new AttentionType.Global(), new AttentionType.Local(7));
    }

    @Test
    void nothingButTheFormSaysSo() {
        assertThat(convert("gguf/llama.gguf", "--max-shard-size", "20kB")).isZero();

        assertThat(out.toString()).contains("changed: nothing but the form");
        assertThat(target().resolve("model.safetensors.index.json")).exists();
    }

    @Test
    void aFolderThatHoldsSomethingNeedsForce() {
        assertThat(convert("llama")).isZero();
        assertThat(convert("cwm")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("must be empty or new").contains("--force");
        assertThat(convert("cwm", "--force")).isZero();
        assertThat(ModelFolder.read(target()).config().numLayers()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --group 2 --layers GLL  | --group and --layers both say which layers are global
            --group 2               | the model has no local layers yet
            --window 9              | the model has no local layers yet
            --to onnx               | a model can be converted to hf, cwm, gguf: got "onnx"
            --to gguf               | a gguf file is known by its name, which must end in .gguf: got
            --dtype q8_0            | only a gguf file can have quantized weights
            --no-tokenizer          | only a gguf file can be written without the tokenizer
            --to hf --group 2 --window 9 | a llama has no local layers
            --dtype int8            | weights can be stored as float32, float16 or bfloat16: got int8
            --rope cubic:2          | a rotation must be one of
            --positions 0           | positions must be at least 1: got 0
            --max-shard-size many   | a size must be a number of bytes, such as 5GB or 500MiB: got "many"
            """)
    void whatCannotBeIsRefusedInOneLineAndNothingIsWritten(String options, String rule) {
        assertThat(convert("llama", options.split(" ", -1))).isEqualTo(Main.FAILED);

        assertThat(err.toString()).startsWith("zebra: ").contains(rule).doesNotContain("\tat ");
        assertThat(target()).doesNotExist();
    }

    private Path file() {
        return folder.resolve("model.gguf");
    }

    private int convertToFile(String fixture, String... options) {
        List<String> arguments =
                new ArrayList<>(List.of("convert", Fixtures.path(fixture).toString(), file().toString()));
        arguments.addAll(List.of(options));
        return zebra(arguments.toArray(String[]::new));
    }

    @Test
    void aFileThatEndsInGgufIsOne() {
        assertThat(convertToFile("gguf/llama.gguf", "--dtype", "q4_0", "--rope", "yarn:2,original=64"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString())
                .contains("model.gguf: llama, ")
                .contains(" of q4_0 weights, from ")
                .contains("changed: the rotation, from ")
                .contains(" tensors of float16 rounded to Q4_0")
                .contains("lost: the file has no tokenizer, as the model has none");
        assertThat(file()).isRegularFile();
        assertThat(ModelFolder.read(file()).config().maxPositions()).isEqualTo(128);
    }

    @Test
    void aZebraBecomesAGgufWithItsWindowsOrWithGlobalLayersOnly() {
        assertThat(convertToFile("cwm")).as(err.toString()).isZero();
        assertThat(out.toString())
                .contains("changed: the family, from cwm to granite_swa")
                .contains("lost: the file needs a llama.cpp that knows granite_swa, as 0.5.0 does");
        assertThat(ModelFolder.read(file()).config())
                .isEqualTo(ModelFolder.read(Fixtures.path("cwm")).config());

        out.getBuffer().setLength(0);
        assertThat(convertToFile("cwm", "--to", "gguf", "--layers", "G", "--dtype", "bfloat16", "--force"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .contains("changed: the family, from cwm to llama")
                .contains("of 6 layers became global");
        assertThat(ModelFolder.read(file()).config().attentionTypes()).containsOnly(new AttentionType.Global());

        assertThat(convertToFile("llama")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("model.gguf exists already").contains("--force");
        assertThat(ModelFolder.read(file()).config().numLayers()).isEqualTo(6);
        assertThat(convertToFile("llama", "--force")).isZero();
        assertThat(ModelFolder.read(file()).config().numLayers()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --dtype f16             | weights of a gguf can be stored as float32, float16, bfloat16, q8_0 or q4_0: got f16
            --dtype q8_0            | take float16 or bfloat16
            --max-shard-size 1GB    | a gguf is one file, whatever its size
            --group 3 --rope yarn:2,beta_fast=16 --window 9 | in the nearest, granite_swa, yarn has beta_fast 32
            """)
    void whatAGgufCannotBeIsRefused(String options, String rule) throws IOException {
        assertThat(convertToFile("llama", options.split(" ", -1))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).startsWith("zebra: ").contains(rule).doesNotContain("\tat ");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void windowsThatLlamaCppDoesNotComputeAreRefusedWithAWayOut() throws IOException {
        assertThat(convertToFile("families/qwen3-tied", "--group", "3", "--window", "9"))
                .isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .startsWith(
                        "zebra: no architecture of llama.cpp that is written computes this model; in the nearest, qwen3, all"
                                + " layers attend globally: got a window of 9 in layers 1 to 2")
                .contains("(--layers G)")
                .doesNotContain("\tat ");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderIsNoGguf() throws IOException {
        Files.createDirectory(file());
        assertThat(convertToFile("llama", "--force")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("a gguf is one file: ").contains("model.gguf is a folder");
        assertThat(file()).isEmptyDirectory();
    }

    @Test
    void inspectSaysWhatConvertWould() throws IOException {
        String qwen = Fixtures.path("families/qwen2").toString();
        assertThat(zebra("inspect", qwen)).isZero();
        assertThat(out.toString())
                .contains("family qwen2, a Hugging Face folder; stored as float32")
                .contains("unusual:")
                .contains("  biases on queries, keys and values")
                .contains("  hf (qwen2): loses there is no tokenizer")
                .contains("  cwm: no; only a model of Llama's architecture")
                .contains("  gguf (granite_swa): loses ")
                .contains("; the file needs a llama.cpp that knows granite_swa, as 0.5.0 does; older ones refuse it");

        out.getBuffer().setLength(0);
        assertThat(zebra("inspect", Fixtures.path("families/qwen3").toString())).isZero();
        assertThat(out.toString())
                .contains(
                        "  gguf: no; no architecture of llama.cpp that is written computes this model; in the nearest, qwen3, ")
                .contains("; all layers attend globally: got a window of");

        out.getBuffer().setLength(0);
        assertThat(zebra("inspect", Fixtures.path("gguf/llama-quantized.gguf").toString(), "--json"))
                .isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("family").asText()).isEqualTo("llama");
        assertThat(json.path("form").asText()).isEqualTo("a GGUF file");
        assertThat(json.path("storedTypes").path("Q8_0").asLong()).isPositive();
        assertThat(json.at("/exports/hf/possible").asBoolean()).isTrue();
        assertThat(json.at("/exports/hf/lost/0").asText()).endsWith("rounded to bfloat16");
        assertThat(json.at("/exports/cwm/family").asText()).isEqualTo("llama");
        assertThat(json.at("/exports/gguf/possible").asBoolean()).isTrue();
        assertThat(json.at("/exports/gguf/family").asText()).isEqualTo("llama");
        assertThat(json.at("/exports/gguf/lost").toString())
                .contains("rounded to bfloat16")
                .contains("the file has no tokenizer, as the model has none");
        assertThat(json.path("unusual").isArray()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"5GB,5000000000", "500MiB,524288000", "1.5 kb,1500", "17,17", "2TiB,2199023255552", "3b,3"})
    void sizesAreReadInEitherKindOfUnit(String text, long bytes) {
        assertThat(ByteSize.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "5XB", "1e9", "0.1b", "999999999TB", "5GBs"})
    void whatIsNoSizeIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSize.parse(text));
    }
}
