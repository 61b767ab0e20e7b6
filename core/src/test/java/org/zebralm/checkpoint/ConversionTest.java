package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.ReferenceDecoder;

/// What a converted model computes: what transformers does where nothing has changed, else what the reference does.
class ConversionTest {
    private static final double TOLERANCE = 1e-4;

    /// Families whose models are Llama's architecture with layer types and one rotation, so that cwm can say them.
    private static final Set<String> LIKE_LLAMA = Set.of(
            "llama2",
            "llama31",
            "llama-dynamic",
            "llama-yarn",
            "llama-yarn-truncate-off",
            "mistral",
            "mistral-full",
            "ministral",
            "cwm-scaled",
            "zebra-official");

    @TempDir
    Path folder;

    static Stream<String> families() {
        return FamilyFixture.names();
    }

    @ParameterizedTest
    @MethodSource("families")
    void aModelOfAnyFamilyIsTheSameInItsOwn(String name) {
        var fixture = FamilyFixture.of(name);
        ConvertTarget fits = name.equals("zebra-official") ? ConvertTarget.CWM : ConvertTarget.HF;
        Path target = folder.resolve("model");
        ConversionPlan plan = ConversionPlan.of(fixture.folder(), Conversion.unchanged(null));

        assertThat(plan.target()).isEqualTo(fits);
        assertThat(plan.after()).isEqualTo(plan.before());
        plan.write(target, false, _ -> {});

        try (var model = fixture.open(target, DType.FLOAT32, new PortableAttention())) {
            assertThat(fixture.float32Distance(model.zebra()).most()).isLessThanOrEqualTo(TOLERANCE);
        }
        assertThat(ModelFolder.read(target).stopTokenIds())
                .isEqualTo(ModelFolder.read(fixture.folder()).stopTokenIds());
    }

    @ParameterizedTest
    @MethodSource("families")
    void cwmTakesWhatIsLikeLlamaAndRefusesTheRest(String name) {
        var fixture = FamilyFixture.of(name);
        Conversion conversion = Conversion.unchanged(ConvertTarget.CWM);
        if (!LIKE_LLAMA.contains(name)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ConversionPlan.of(fixture.folder(), conversion))
                    .withMessageContaining("written as llama or cwm");
            return;
        }
        Path target = folder.resolve("model");
        ConversionPlan.of(fixture.folder(), conversion).write(target, false, _ -> {});

        try (var model = fixture.open(target, DType.FLOAT32, new PortableAttention())) {
            assertThat(fixture.float32Distance(model.zebra()).most()).isLessThanOrEqualTo(TOLERANCE);
        }
    }

    /// By the rules of each family, not by what is written: which can have layers of both kinds in any order.
    @ParameterizedTest
    @MethodSource("families")
    void layersChangeWhereAFamilyHasWordsForIt(String name) {
        Path source = FamilyFixture.of(name).folder();
        ZebraConfig before = ModelFolder.read(source).config();
        List<AttentionType> wanted =
                new ArrayList<>(Collections.nCopies(before.numLayers(), new AttentionType.Local(6)));
        wanted.set(0, new AttentionType.Global());
        Conversion conversion =
                Conversion.unchanged(ConvertTarget.HF).withLayers(LayerPattern.grouped(before.numLayers(), 6));
        if (name.startsWith("llama") || name.startsWith("mistral") || name.startsWith("zebra")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ConversionPlan.of(source, conversion))
                    .withMessageContaining("(--to cwm)");
            return;
        }
        Path target = folder.resolve("model");
        ConversionPlan.of(source, conversion).write(target, false, _ -> {});

        ZebraConfig after = ModelFolder.read(target).config();
        assertThat(after.attentionTypes()).isEqualTo(wanted);
        assertThat(after.architecture()).isEqualTo(before.architecture());
        if (name.startsWith("gemma3") || name.equals("olmo3") || name.startsWith("cohere2")) {
            // There, rotation goes with the kind of layer: the first now rotates as the others of its kind did.
            int global = before.attentionTypes().indexOf(new AttentionType.Global());
            assertThat(after.ropes().getFirst()).isEqualTo(before.ropes().get(global));
        } else {
            assertThat(after.ropes()).isEqualTo(before.ropes());
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void allLayersCanBecomeGlobalInEveryFamily(String name) {
        Path source = FamilyFixture.of(name).folder();
        Path target = folder.resolve("model");
        ConversionPlan.of(source, Conversion.unchanged(ConvertTarget.HF).withLayers(LayerPattern.parse("G", null)))
                .write(target, false, _ -> {});

        assertThat(ModelFolder.read(target).config().attentionTypes()).containsOnly(new AttentionType.Global());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            llama    | 0,5,5 | 10000               | 1 |
            llama    | 5,0,5 | 1000000             | 1 | theta=1000000
            llama    | 0,5,5 | 10000               | 4 | linear:4
            llama    | 0,5,5 | 63496.04207872797   | 1 | ntk:4
            llama-bin | 0,5,5 | 10000              | 1 |
            """)
    void changedLayersAndRotationsAreThoseOfTheReference(
            String name, String windows, double theta, double factor, @Nullable String rope) {
        Path source = Fixtures.path(name);
        List<AttentionType> types = Stream.of(windows.split(","))
                .map(Integer::valueOf)
                .map(window -> window == 0 ? GLOBAL : new AttentionType.Local(window))
                .toList();
        String letters = windows.replace(",", "").replace('0', 'G').replace('5', 'L');
        Conversion layers = Conversion.unchanged(null).withLayers(LayerPattern.parse(letters, 5));
        Path target = folder.resolve("model");
        ConversionPlan plan =
                ConversionPlan.of(source, rope == null ? layers : layers.withRope(RopeChange.parse(rope)));
        plan.write(target, false, _ -> {});
        assertThat(plan.target()).isEqualTo(ConvertTarget.CWM);

        int[] ids = {3, 9, 4, 7, 7, 30, 2, 11, 5, 40, 8, 61, 17, 90, 33, 12};
        double[][] expected = reference(source, types, theta, factor).logits(ids);
        try (var model = LoadedModel.open(target, DType.FLOAT32, new PortableAttention());
                var _ = Scope.open()) {
            float[] ours = model.zebra()
                    .forward(ids, CumulativeLengths.single(ids.length))
                    .toFloats();
            int at = 0;
            for (double[] row : expected) {
                for (double logit : row) {
                    assertThat((double) ours[at++]).isCloseTo(logit, within(TOLERANCE));
                }
            }
        }
    }

    private static ReferenceDecoder reference(Path source, List<AttentionType> types, double theta, double factor) {
        RopeScaling scaling = factor == 1 ? new RopeScaling.None() : new RopeScaling.Linear(factor);
        ZebraConfig config = ModelFolder.read(source)
                .config()
                .withAttentionTypes(types)
                .withRopes(Collections.nCopies(types.size(), new RopeConfig.Rotary(theta, scaling)));
        Map<String, double[]> weights = new HashMap<>();
        try (var files = FolderWeights.open(source);
                var _ = Scope.open()) {
            files.names().forEach(name -> weights.put(name, files.tensor(name).toDoubles()));
        }
        return new ReferenceDecoder(config, weights);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-quantized", "qwen2", "qwen3", "gemma2", "gemma3"})
    void aGgufFileBecomesAFolderOfItsFamily(String name) {
        Path target = folder.resolve("model");
        ConversionPlan plan = ConversionPlan.of(
                Fixtures.path("gguf/" + name + ".gguf"),
                Conversion.unchanged(ConvertTarget.HF).withDType(DType.FLOAT32));
        plan.write(target, false, _ -> {});

        var expected = TransformersFixture.of(target, Fixtures.path("gguf/" + name + ".safetensors"));
        try (var model = LoadedModel.open(target, DType.FLOAT32, new PortableAttention())) {
            assertThat(expected.maxDifference(model.zebra())).isLessThanOrEqualTo(TOLERANCE);
        }
        assertThat(plan.losses().stream().filter(loss -> loss.contains("rounded")))
                .isEmpty();
    }

    @Test
    void quantizedWeightsAreRoundedUnlessAllOfTheirDigitsAreAskedFor() {
        ConversionPlan plan =
                ConversionPlan.of(Fixtures.path("gguf/llama-quantized.gguf"), Conversion.unchanged(ConvertTarget.HF));

        assertThat(plan.dtype()).isEqualTo(DType.BFLOAT16);
        assertThat(plan.losses()).anyMatch(loss -> loss.matches("\\d+ tensors of Q\\w+ rounded to bfloat16"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aLlama2cCheckpointBecomesALlama(int version) throws IOException {
        try (var tiny = TinyModel.of(TinyModel.config(true, GLOBAL, GLOBAL), 1)) {
            Path source = Files.write(folder.resolve("stories.bin"), Llama2cFiles.model(tiny, version));
            Path target = folder.resolve("model");
            ConversionPlan plan = ConversionPlan.of(source, Conversion.unchanged(null));
            plan.write(target, false, _ -> {});

            assertThat(plan.familyAfter()).isEqualTo("llama");
            assertThat(plan.losses()).contains("there is no tokenizer to go along");
            assertThat(ModelFolder.read(target).stopTokenIds()).containsExactly(2, 1);
            try (var model = LoadedModel.open(target, DType.FLOAT32, new PortableAttention())) {
                assertThat(logits(model.zebra())).isEqualTo(logits(tiny.zebra()));
            }
        }
    }

    private static float[] logits(Zebra zebra) {
        try (var _ = Scope.open()) {
            return zebra.forward(new int[] {3, 9, 4, 7, 7, 30}, CumulativeLengths.single(6))
                    .toFloats();
        }
    }

    @Test
    void whatNoTargetCanSayIsRefusedWithEveryReason() {
        Path qwen = FamilyFixture.of("qwen2").folder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(qwen, Conversion.unchanged(ConvertTarget.CWM)))
                .withMessageContaining("got biases on queries, keys and values");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(qwen, Conversion.unchanged(ConvertTarget.GGUF)))
                .withMessageContaining("gguf");
        Path biased = FamilyFixture.of("llama-linear").folder();
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ConversionPlan.of(biased, Conversion.unchanged(null).withLayers(LayerPattern.grouped(3, 9))))
                .withMessageContaining("no target can say this")
                .withMessageContaining("hf: a llama has no local layers")
                .withMessageContaining("cwm: only a model of Llama's architecture");
    }

    @Test
    void whatIsWrongWhateverTheTargetIsSaidOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(
                        Fixtures.path("llama"), Conversion.unchanged(null).withLayers(LayerPattern.grouped(4, 9))))
                .withMessage("a group must have at most the model's 3 layers: got 4");
    }

    @Test
    void positionsAreWhatIsAskedFor() {
        ConversionPlan plan = ConversionPlan.of(
                Fixtures.path("llama"), Conversion.unchanged(ConvertTarget.HF).withPositions(999));
        assertThat(plan.after().maxPositions()).isEqualTo(999);
        assertThat(plan.after().withPositions(128)).isEqualTo(plan.before());

        Path dynamic = FamilyFixture.of("llama-dynamic").folder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(
                        dynamic, Conversion.unchanged(ConvertTarget.HF).withPositions(999)))
                .withMessageContaining("cannot have these rotations");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            gemma3-text  | yarn:4,original=64 | 256
            olmo3        | linear:2,original=64 | 128
            qwen3        | yarn:4,original=64 | 256
            smollm3      | llama3:2,original=64 | 128
            gpt-oss      | default,original=36 | 36
            cohere2      | theta=77777 |
            mistral-full | yarn:2,original=64 | 128
            """)
    void rotationsChangeInEveryFamily(String name, String rope, @Nullable Integer positions) {
        Path source = FamilyFixture.of(name).folder();
        ZebraConfig before = ModelFolder.read(source).config();
        Path target = folder.resolve("model");
        ConversionPlan.of(source, Conversion.unchanged(ConvertTarget.HF).withRope(RopeChange.parse(rope)))
                .write(target, false, _ -> {});

        ZebraConfig after = ModelFolder.read(target).config();
        assertThat(after.ropes()).isNotEqualTo(before.ropes());
        assertThat(after.maxPositions()).isEqualTo(positions == null ? before.maxPositions() : (int) positions);
        for (int i = 0; i < before.numLayers(); i++) {
            assertThat(after.ropes().get(i) instanceof RopeConfig.None)
                    .isEqualTo(before.ropes().get(i) instanceof RopeConfig.None);
            boolean isByKind = name.equals("gemma3-text") || name.equals("olmo3");
            if (isByKind && before.attentionTypes().get(i) instanceof AttentionType.Local) {
                assertThat(after.ropes().get(i)).isEqualTo(before.ropes().get(i));
            }
        }
    }
}
