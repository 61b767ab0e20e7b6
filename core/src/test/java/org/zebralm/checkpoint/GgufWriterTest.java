package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.NormPlacement;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// GGUF files that we write: to the byte what llama.cpp's converter and library make of the same models
/// (`oracle/gguf_export.py`, `oracle/gguf_files.py`), and what our own reader makes of them.
class GgufWriterTest {
    private static final GgufOutput F32 = new GgufOutput(GgufOutput.Type.F32);

    @TempDir
    Path folder;

    private static JsonNode converted() {
        try {
            return new ObjectMapper()
                    .readTree(Fixtures.path("gguf/export.json").toFile())
                    .path("models");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> checkpoints() {
        return converted().propertyStream().map(Map.Entry::getKey);
    }

    static byte[] bytes(GgufHeader.Entry entry) {
        return entry.bytes().toArray(ValueLayout.JAVA_BYTE);
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static Object plain(GgufValue value) {
        return switch (value) {
            case GgufValue.Whole(long number) -> (double) number;
            case GgufValue.Real(double number) -> number;
            case GgufValue.Flag(boolean flag) -> flag;
            case GgufValue.Text text -> text.read("a test");
            case GgufValue.Items items ->
                items.read("a test", 1 << 20).stream()
                        .map(GgufWriterTest::plain)
                        .toList();
        };
    }

    static Object plain(JsonNode node) {
        if (node.isArray()) {
            return node.valueStream().map(GgufWriterTest::plain).toList();
        }
        return node.isNumber() ? (Object) node.doubleValue() : node.isBoolean() ? node.booleanValue() : node.asText();
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void filesAreThoseOfLlamaCppsConverter(String name) {
        JsonNode expected = converted().path(name);
        Path path = folder.resolve("a.gguf");

        List<String> remarks =
                GgufWriter.write(ModelFolder.read(FamilyFixture.of(name).folder()), path, F32);

        assertThat(remarks).containsExactly("the file has no tokenizer, as the model has none");
        try (GgufFile file = GgufFile.open(path);
                var _ = Scope.open()) {
            expected.path("keys").properties().forEach(entry -> {
                if (entry.getKey().equals("cohere2.rope.scaling.type")) {
                    assertThat(entry.getValue().asText()).isEqualTo("none"); // which is what a missing one means
                    return;
                }
                assertThat(plain(Objects.requireNonNull(file.metadata().get(entry.getKey()), entry.getKey())))
                        .as(entry.getKey())
                        .isEqualTo(plain(entry.getValue()));
            });
            JsonNode tensors = expected.path("tensors");
            assertThat(file.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(
                            tensors.propertyStream().map(Map.Entry::getKey).toList());
            file.tensors().forEach((tensor, entry) -> {
                JsonNode wanted = tensors.path(tensor);
                assertThat(entry.type().name()).isEqualTo(wanted.path("type").asText());
                assertThat(entry.shape())
                        .containsExactly(wanted.path("shape")
                                .valueStream()
                                .mapToLong(JsonNode::longValue)
                                .toArray());
                // The factors of frequencies come of float32 there.
                if (!tensor.equals(GgufNames.ROPE_FACTORS)) {
                    assertThat(sha256(bytes(entry)))
                            .as(tensor)
                            .isEqualTo(wanted.path("sha256").asText());
                }
            });
        }
    }

    /// Read and written again, in the type they have.
    @ParameterizedTest
    @CsvSource({"llama, F16", "llama-quantized, Q8_0", "qwen2, F32", "qwen3, BF16", "gemma2, F16", "gemma3, F16"})
    void whatLlamaCppsLibraryWroteIsWrittenAgain(String name, GgufOutput.Type type) {
        Path original = Fixtures.path("gguf/" + name + ".gguf");
        Path path = folder.resolve("a.gguf");

        GgufWriter.write(ModelFolder.read(original), path, new GgufOutput(type));

        try (GgufFile expected = GgufFile.open(original);
                GgufFile file = GgufFile.open(path)) {
            assertThat(file.tensors().keySet()).isEqualTo(expected.tensors().keySet());
            file.tensors().forEach((tensor, entry) -> {
                GgufHeader.Entry wanted =
                        Objects.requireNonNull(expected.tensors().get(tensor));
                assertThat(entry.type()).isEqualTo(wanted.type());
                assertThat(entry.sizes()).isEqualTo(wanted.sizes());
                if (tensor.equals(GgufNames.ROPE_FACTORS)) {
                    for (int i = 0; i < 8; i++) {
                        float found = entry.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                        float factor = wanted.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
                        assertThat(found).isCloseTo(factor, offset(factor * 1e-5f));
                    }
                } else {
                    assertThat(bytes(entry)).as(tensor).isEqualTo(bytes(wanted));
                }
            });
            expected.metadata().forEach((key, value) -> {
                if (!key.equals("general.file_type")) {
                    assertThat(plain(Objects.requireNonNull(file.metadata().get(key), key)))
                            .as(key)
                            .isEqualTo(plain(value));
                }
            });
        }
    }

    static Stream<String> readable() {
        return GgufModels.names().stream()
                .filter(name -> !List.of("olmo3", "cohere2", "smollm3").contains(name));
    }

    @ParameterizedTest
    @MethodSource("readable")
    void ourReaderMakesTheSameModelOfThem(String name) {
        ModelFolder model = GgufModels.write(folder.resolve(name), name, 1);
        Path path = folder.resolve("a.gguf");
        List<String> told = new ArrayList<>();

        List<String> remarks = GgufWriter.write(
                model,
                path,
                new GgufOutput(
                        GgufOutput.Type.F32, true, (tensor, bytes, total) -> told.add(tensor + bytes * 100 / total)));

        assertThat(remarks).last().asString().startsWith("the file has no chat template: ");
        boolean isLocal = model.config().architecture().normPlacement() == NormPlacement.BEFORE
                && !model.config().equals(model.config().allGlobal());
        assertThat(remarks).hasSize(isLocal ? 2 : 1);
        assertThat(told).hasSize(ZebraParameters.shapes(model.config()).size());
        assertThat(told.getLast()).endsWith("100");
        ModelFolder back = ModelFolder.read(path);
        int[] ids = new int[60];
        Arrays.setAll(ids, i -> (i * 37 + 11) % 256);
        assertThat(logits(back, ids)).containsExactly(logits(model, ids), offset(2e-5f));
        assertThat(back.config().bosTokenId()).isEqualTo(278);
        assertThat(back.stopTokenIds()).containsExactly(279);
        try (var before = Objects.requireNonNull(model.tokenizer());
                var after = Objects.requireNonNull(back.tokenizer())) {
            String text = "he le<end> me 123 naïve 日本";
            assertThat(after.encodePrompt(text)).containsExactly(before.encodePrompt(text));
        }
    }

    private static float[] logits(ModelFolder folder, int... ids) {
        try (var model = LoadedModel.open(folder, DType.FLOAT32, new PortableAttention());
                var _ = Scope.open()) {
            return model.zebra()
                    .forward(ids, CumulativeLengths.of(0, ids.length))
                    .toFloats();
        }
    }

    @ParameterizedTest
    @EnumSource
    void matricesHaveTheWantedTypeAndNormsAreExact(GgufOutput.Type type) {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "qwen3", 1);
        Path path = folder.resolve("a.gguf");
        GgufWriter.write(model, path, new GgufOutput(type));
        try (WeightSource before = model.weights();
                WeightSource after = ModelFolder.read(path).weights();
                GgufFile file = GgufFile.open(path);
                var _ = Scope.open()) {
            for (String name : before.names()) {
                GgufHeader.Entry entry = Objects.requireNonNull(file.tensors()
                        .get(GgufNames.stored(
                                name, model.config().architecture().normPlacement())));
                boolean isOuter = name.contains("embed_tokens");
                String expected = entry.sizes().size() == 1
                        ? "F32"
                        : isOuter && type == GgufOutput.Type.Q4_0 ? "Q8_0" : type.name();
                assertThat(entry.type().name()).as(name).isEqualTo(expected);
                Tensor exact = before.tensor(name, DType.FLOAT32);
                float[] found = after.tensor(name, DType.FLOAT32).toFloats();
                switch (entry.type()) {
                    case F32 -> assertThat(found).containsExactly(exact.toFloats());
                    case F16 ->
                        assertThat(found)
                                .containsExactly(exact.to(DType.FLOAT16).toFloats());
                    case BF16 ->
                        assertThat(found)
                                .containsExactly(exact.to(DType.BFLOAT16).toFloats());
                    case Q8_0, Q4_0 -> {
                        // Within half a step of the block's scale, which is at most the largest number's part.
                        double steps = entry.type() == GgufType.Q8_0 ? 127 : 8;
                        double most = maximum(exact.toFloats());
                        assertThat(found).containsExactly(exact.toFloats(), offset((float) (most / steps * 1.01)));
                    }
                    case Q4_K, Q6_K -> throw new AssertionError(entry.type());
                }
            }
        }
    }

    private static double maximum(float... numbers) {
        double most = 0;
        for (float number : numbers) {
            most = Math.max(most, Math.abs(number));
        }
        return most;
    }

    @ParameterizedTest
    @ValueSource(strings = {"Q8_0", "Q4_0"})
    void blocksAreRoundedAsLlamaCppsLibraryDoes(String type) {
        try (var fixture = SafetensorsFile.open(Fixtures.path("gguf/export-quants.safetensors"));
                var _ = Scope.open()) {
            float[] values = fixture.tensor("values").toFloats();
            byte[] expected = fixture.tensor(type).memory().toArray(ValueLayout.JAVA_BYTE);
            byte[] found = new byte[expected.length];

            GgufQuantizer.encode(GgufType.valueOf(type), values, values.length / 32, found);

            assertThat(found).isEqualTo(expected);
        }
    }

    @Test
    void whatATypeCannotHoldIsRefusedAndNothingIsLeft() throws IOException {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "llama", 1);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        Path path = folder.resolve("out/a.gguf");
        Files.createDirectories(path.getParent());
        Files.writeString(path, "what was there");
        try (WeightSource source = SafetensorsFile.open(folder.resolve("m/model.safetensors"));
                var _ = Scope.open()) {
            source.names().forEach(name -> weights.put(name, source.tensor(name).copy()));
            String name = "model.layers.1.mlp.up_proj.weight";
            weights.put(name, Tensors.of(new float[96 * 64], 96, 64).add(70_000));
            SafetensorsWriter.write(folder.resolve("m/model.safetensors"), weights, Map.of());
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> GgufWriter.write(model, path, new GgufOutput(GgufOutput.Type.F16)))
                    .withMessageContaining(name + ": numbers must be finite and below 65520 to be stored as F16");
            weights.put(name, Tensors.of(new float[96 * 64], 96, 64).add(Double.NaN));
            SafetensorsWriter.write(folder.resolve("m/model.safetensors"), weights, Map.of());
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> GgufWriter.write(model, path, new GgufOutput(GgufOutput.Type.Q4_0)))
                    .withMessageContaining(name + ": numbers must be finite to be quantized: got NaN");
            weights.remove(name);
            SafetensorsWriter.write(folder.resolve("m/model.safetensors"), weights, Map.of());
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> GgufWriter.write(model, path, F32))
                    .withMessageContaining("missing: " + name);
        }
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            assertThat(files).containsExactly(path);
        }
        assertThat(path).hasContent("what was there");
    }

    @Test
    void rowsThatAreNoWholeBlocksAreRefused() {
        ObjectNode config = GgufModels.config("llama").put("intermediate_size", 40);
        ModelFolder model = GgufModels.write(folder.resolve("m"), config, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> GgufWriter.write(model, folder.resolve("a.gguf"), new GgufOutput(GgufOutput.Type.Q8_0)))
                .withMessageContaining("rows must be whole blocks of 32 numbers to be stored as Q8_0: those of "
                        + "model.layers.0.mlp.down_proj.weight have 40");
    }
}
