package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.data.Offset.offset;
import static org.zebralm.checkpoint.GgufOutput.Type.Q8_0;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.ReferenceDecoder;

/// Models converted to GGUF files, which our own reader opens again.
class GgufConversionTest {
    private static final Conversion GGUF = Conversion.unchanged(ConvertTarget.GGUF);
    private static final double TOLERANCE = 1e-4;

    @TempDir
    Path folder;

    private Path out;
    private Path file;

    @BeforeEach
    void nameTheFile() throws IOException {
        out = Files.createDirectory(folder.resolve("out"));
        file = out.resolve("model.gguf");
    }

    private ConversionPlan convert(Path source, Conversion conversion) {
        ConversionPlan plan = ConversionPlan.of(source, conversion);
        plan.write(file, false, _ -> {});
        return plan;
    }

    private List<Path> written() throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            return files.toList();
        }
    }

    private static Conversion as(GgufOutput.Type type) {
        return switch (type) {
            case F32 -> GGUF.withDType(DType.FLOAT32);
            case F16 -> GGUF.withDType(DType.FLOAT16);
            case BF16 -> GGUF.withDType(DType.BFLOAT16);
            case Q8_0, Q4_0 -> GGUF.quantized(type);
        };
    }

    /// A folder of float32 with numbers that are float16, whose logits are transformers'.
    @ParameterizedTest
    @CsvSource({"F32, 1e-4", "F16, 1e-4", "BF16, 0.14"})
    void plainTypesGiveTransformersLogits(GgufOutput.Type type, double most) {
        Path source = folder.resolve("source");
        ConversionPlan.of(
                        Fixtures.path("gguf/llama.gguf"),
                        Conversion.unchanged(ConvertTarget.HF).withDType(DType.FLOAT32))
                .write(source, false, _ -> {});
        convert(source, as(type));

        var expected = TransformersFixture.of(file, Fixtures.path("gguf/llama.safetensors"));
        try (var model = LoadedModel.open(file, DType.FLOAT32, new PortableAttention())) {
            // bfloat16: 3e-2 of the largest logit, which is 4.8
            assertThat(expected.maxDifference(model.zebra())).isLessThanOrEqualTo(most);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeIsTheReferencesModelWithWeightsRoundedInPlainLoops(GgufOutput.Type type) throws IOException {
        Path source = folder.resolve("source");
        ConversionPlan.of(
                        Fixtures.path("gguf/llama.gguf"),
                        Conversion.unchanged(ConvertTarget.HF)
                                .withRope(RopeChange.parse("default,original=128"))
                                .withDType(DType.FLOAT32))
                .write(source, false, _ -> {});
        ConversionPlan plan = convert(source, as(type));

        assertThat(plan.typeLabel()).isEqualTo(type.label());
        assertThat(plan.diskBytes()).isEqualTo(Files.size(file));
        assertThat(plan.losses().stream().filter(loss -> loss.contains(" of float32 rounded to ")))
                .hasSize(
                        switch (type) {
                            case F32 -> 0;
                            case F16, BF16, Q8_0 -> 1;
                            case Q4_0 -> 2; // some are Q8_0
                        });
        Map<String, double[]> weights = weights(source);
        weights.replaceAll((name, numbers) -> {
            boolean isOuter = name.contains("embed_tokens") || name.contains("lm_head");
            boolean isMatrix = !name.contains("norm");
            return !isMatrix ? numbers : rounded(numbers, isOuter && type == GgufOutput.Type.Q4_0 ? Q8_0 : type);
        });
        requireReference(ModelFolder.read(source).config(), weights);
    }

    private static double[] rounded(double[] numbers, GgufOutput.Type type) {
        double[] rounded = new double[numbers.length];
        for (int i = 0; i < numbers.length; i++) {
            float number = (float) numbers[i];
            rounded[i] = switch (type) {
                case F32 -> number;
                case F16 -> Float.float16ToFloat(Float.floatToFloat16(number));
                case BF16 -> {
                    int bits = Float.floatToRawIntBits(number);
                    yield Float.intBitsToFloat((bits + 0x7FFF + ((bits >>> 16) & 1)) & 0xFFFF0000);
                }
                case Q8_0, Q4_0 -> inBlock(numbers, i, type);
            };
        }
        return rounded;
    }

    /// As ggml defines its blocks: 32 numbers share a scale, by the largest of them.
    private static double inBlock(double[] numbers, int i, GgufOutput.Type type) {
        float largest = 0;
        for (int j = i / 32 * 32; j < i / 32 * 32 + 32; j++) {
            if (Math.abs(numbers[j]) > Math.abs(largest)) {
                largest = (float) numbers[j];
            }
        }
        float scale = type == Q8_0 ? Math.abs(largest) / 127 : largest / -8;
        float times = (float) numbers[i] * (1 / scale);
        float stored = Float.float16ToFloat(Float.floatToFloat16(scale));
        if (type == Q8_0) {
            return stored * (float) (Math.signum(times) * Math.floor(Math.abs(times) + 0.5));
        }
        return stored * (float) (Math.min(15, (int) (times + 8.5f)) - 8);
    }

    private static Map<String, double[]> weights(Path source) {
        Map<String, double[]> weights = new HashMap<>();
        try (var files = FolderWeights.open(source);
                var _ = Scope.open()) {
            files.names().forEach(name -> weights.put(name, files.tensor(name).toDoubles()));
        }
        return weights;
    }

    private void requireReference(ZebraConfig config, Map<String, double[]> weights) {
        int[] ids = new Random(1).ints(40, 3, 48).toArray();
        double[][] expected = new ReferenceDecoder(config, weights).logits(ids);
        float[] found = logits(ModelFolder.read(file), ids);
        double most = 0;
        for (int i = 0; i < found.length; i++) {
            int width = found.length / ids.length;
            most = Math.max(most, Math.abs(found[i] - expected[i / width][i % width]));
        }
        assertThat(most).isLessThanOrEqualTo(TOLERANCE);
    }

    @Test
    void withoutATypeItIsTheOneThatIsStored() {
        assertThat(ConversionPlan.of(Fixtures.path("gguf/llama.gguf"), GGUF).typeLabel())
                .isEqualTo("float16");
        assertThat(ConversionPlan.of(Fixtures.path("gguf/llama-quantized.gguf"), GGUF)
                        .typeLabel())
                .isEqualTo("bfloat16");
        assertThat(convert(Fixtures.path("llama"), GGUF).typeLabel()).isEqualTo("float32");

        var expected = TransformersFixture.of(file, Fixtures.path("llama/expected.safetensors"));
        try (var model = LoadedModel.open(file, DType.FLOAT32, new PortableAttention())) {
            assertThat(expected.maxDifference(model.zebra())).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    @Test
    void aZebraIsTheReferencesModel() throws IOException {
        Path zebra = Fixtures.path("cwm");
        ConversionPlan plan = convert(zebra, GGUF);

        assertThat(plan.familyAfter()).isEqualTo("granite_swa");
        assertThat(plan.losses())
                .contains("the file needs a llama.cpp that knows granite_swa, as 0.5.0 does; older ones refuse it");
        assertThat(plan.diskBytes()).isEqualTo(Files.size(file));
        ModelFolder back = ModelFolder.read(file);
        assertThat(back.config()).isEqualTo(ModelFolder.read(zebra).config());
        assertThat(back.config().attentionTypes())
                .contains(new AttentionType.Global())
                .hasAtLeastOneElementOfType(AttentionType.Local.class);
        requireReference(back.config(), weights(zebra));
    }

    /// Of Llamas, one with windows and biases everywhere has no folder of its own; as a file it is what was asked for.
    @Test
    void aLlamaWithBiasesGetsWindows() throws IOException {
        ModelFolder llama = ModelFolder.read(FamilyFixture.of("llama-linear").folder());
        ConversionPlan plan = convert(llama.path(), GGUF.withLayers(LayerPattern.parse("GLL", 9)));

        ZebraConfig wanted = llama.config()
                .withAttentionTypes(
                        List.of(new AttentionType.Global(), new AttentionType.Local(9), new AttentionType.Local(9)));
        assertThat(plan.after()).isEqualTo(wanted);
        assertThat(ModelFolder.read(file).config()).isEqualTo(wanted);
        // Biases are checked against transformers; here it matters that all of them have come along.
        var windowed = new ModelFolder(llama.path(), wanted, llama.stopTokenIds(), llama.storedDType(), null);
        int[] ids = new Random(3).ints(40, 3, 90).toArray();
        assertThat(logits(ModelFolder.read(file), ids)).containsExactly(logits(windowed, ids), offset(1e-5f));
    }

    @Test
    void whatIsRefusedForItsWindowsCanBeWrittenWithoutThem() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        convert(FamilyFixture.of("qwen3-tied").folder(), GGUF.withLayers(LayerPattern.parse("GLL", 9))))
                .withMessageContaining("in the nearest, qwen3, all layers attend globally: got a window of")
                .withMessageEndingWith(
                        "; with global layers only (--layers G) it is another model, which can be written");
    }

    @Test
    void aZebraWithGlobalLayersOnlyIsTheReferencesModel() throws IOException {
        Path zebra = Fixtures.path("cwm");
        ConversionPlan plan = convert(zebra, GGUF.withLayers(LayerPattern.parse("G", null)));
        assertThat(plan.familyAfter()).isEqualTo("llama");

        ZebraConfig wanted = ModelFolder.read(zebra).config().allGlobal();
        assertThat(ModelFolder.read(file).config().attentionTypes()).containsOnly(new AttentionType.Global());
        requireReference(wanted, weights(zebra));
    }

    private static float[] logits(ModelFolder folder, int... ids) {
        try (var model = LoadedModel.open(folder, DType.FLOAT32, new PortableAttention());
                var _ = Scope.open()) {
            return model.zebra()
                    .forward(ids, CumulativeLengths.single(ids.length))
                    .toFloats();
        }
    }

    /// A folder's logits are transformers' ([ConversionInteropTest]), and longer than the trained length.
    @ParameterizedTest
    @ValueSource(strings = {"linear:4", "ntk:4", "yarn:4", "llama3:8", "theta=77777", "yarn:2,original=32"})
    void rotationsAreThoseOfAFolder(String rope) {
        Conversion change = Conversion.unchanged(ConvertTarget.HF).withRope(RopeChange.parse(rope));
        Path source = Fixtures.path("llama");
        Path other = folder.resolve("folder");
        ConversionPlan.of(source, change).write(other, false, _ -> {});

        ConversionPlan plan = convert(source, GGUF.withRope(RopeChange.parse(rope)));

        ModelFolder expected = ModelFolder.read(other);
        assertThat(plan.after()).isEqualTo(expected.config());
        assertThat(ModelFolder.read(file).config().maxPositions())
                .isEqualTo(expected.config().maxPositions());
        int[] ids = new Random(2).ints(150, 3, 90).toArray();
        float[] logits =
                logits(expected.withPositions(Math.max(150, expected.config().maxPositions())), ids);
        float[] before = logits(ModelFolder.read(source), ids);
        float[] found = logits(ModelFolder.read(file), ids);
        double most = 0;
        double changed = 0;
        for (int i = 0; i < logits.length; i++) {
            most = Math.max(most, Math.abs(found[i] - logits[i]));
            changed = Math.max(changed, Math.abs(before[i] - logits[i]));
        }
        assertThat(most).isLessThanOrEqualTo(TOLERANCE);
        assertThat(changed).isGreaterThan(0.01);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            llama              | yarn:4,beta_fast=16 | keep | yarn has beta_fast 32 and beta_slow 1: got 16.0 and 1.0
            families/qwen3-tied | default            | GLL  | all layers attend globally: got a window of 9 in layers 1 to 2
            llama              | yarn:4,beta_fast=16 | GLL  | granite_swa, yarn has beta_fast 32 and beta_slow 1
            families/qwen3     | llama3:4,original=32 | G   | llama3 scaling is not known
            families/gpt-oss   | default,original=36 | keep | experts are not written
            """)
    void whatLlamaCppDoesNotComputeIsRefused(String name, String rope, String layers, String reason)
            throws IOException {
        LayerPattern pattern = LayerPattern.parse(layers, layers.contains("L") ? 9 : null);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(
                        Fixtures.path(name),
                        GGUF.withRope(RopeChange.parse(rope)).withLayers(pattern)))
                .withMessageContaining("no architecture of llama.cpp that is written computes this model")
                .withMessageContaining(reason);
        assertThat(written()).isEmpty();
    }

    @Test
    void rowsThatAreNoWholeBlocksAreRefusedBeforeAnythingIsWritten() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(Fixtures.path("llama"), as(GgufOutput.Type.Q8_0)))
                .withMessageContaining("down_proj.weight have 48; take float16 or bfloat16");
        assertThat(written()).isEmpty();
    }

    @Test
    void onlyAFreeFileIsWritten() throws IOException {
        ConversionPlan plan = ConversionPlan.of(Fixtures.path("llama"), GGUF);
        Path inside = Files.createDirectory(folder.resolve("dir.gguf"));
        for (boolean force : new boolean[] {false, true}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> plan.write(inside, force, _ -> {}))
                    .withMessageContaining("a gguf is one file: ")
                    .withMessageContaining("dir.gguf is a folder");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> plan.write(folder.resolve("model"), force, _ -> {}))
                    .withMessageContaining("must end in .gguf: got ");
        }
        Files.writeString(file, "what was there");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan.write(file, false, _ -> {}))
                .withMessageContaining("exists already")
                .withMessageContaining("--force");
        assertThat(file).hasContent("what was there");

        plan.write(file, true, _ -> {});
        assertThat(ModelFolder.read(file).config()).isEqualTo(plan.after());

        Path link = Files.createSymbolicLink(folder.resolve("link.gguf"), file);
        for (Path own : List.of(file, link)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ConversionPlan.of(file, GGUF).write(own, true, _ -> {}))
                    .withMessageContaining("must have a file of its own");
        }
        assertThat(written()).containsExactly(file);
    }

    @Test
    void stoppingLeavesNothingBehind() throws IOException {
        ConversionPlan plan = ConversionPlan.of(Fixtures.path("llama"), GGUF);
        List<Long> bytes = new ArrayList<>();
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> plan.write(file, false, done -> {
                    bytes.add(done);
                    if (bytes.size() == 3) {
                        throw new UncheckedIOException("enough", new IOException());
                    }
                }));
        assertThat(written()).isEmpty();

        bytes.clear();
        plan.write(file, false, bytes::add);
        assertThat(bytes).isSorted().endsWith(plan.weightBytes());
    }

    @Test
    void aTokenizerThatLlamaCppLacksIsRefusedOrLeftOut() throws IOException {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "llama", 1);
        assertThat(ConversionPlan.of(model.path(), GGUF).losses()).noneMatch(loss -> loss.contains("no tokenizer"));
        assertThat(ConversionPlan.of(model.path(), GGUF.withoutTokenizer()).losses())
                .contains("the file has no tokenizer, as was wished");
        Files.writeString(
                folder.resolve("m/tokenizer.json"),
                "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"a\",\"vocab\":{\"a\":0,\"b\":1}},\"added_tokens\":[]}");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(model.path(), GGUF))
                .withMessageContaining("but the model can without it (--no-tokenizer): ")
                .withMessageContaining("WordLevel");
        assertThat(written()).isEmpty();
        convert(model.path(), GGUF.withoutTokenizer());
        assertThat(ModelFolder.read(file).config()).isEqualTo(model.config());
    }

    @Test
    void whatOnlyAGgufFileCanBeIsRefusedElsewhere() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Conversion.unchanged(ConvertTarget.HF).quantized(GgufOutput.Type.Q8_0))
                .withMessage(
                        "only a gguf file can have quantized weights, others float32, float16 or bfloat16: got q8_0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Conversion.unchanged(null).withoutTokenizer())
                .withMessageContaining("only a gguf file can be written without the tokenizer");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GGUF.quantized(GgufOutput.Type.F16))
                .withMessageContaining("weights are stored as a type or in blocks: got float16");
    }
}
