package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Cost;
import org.zebralm.model.KvCache;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.GatedFeedForward;
import org.zebralm.nn.Linear;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

class QuantizedFolderTest {
    private static final ZebraConfig TIED = TinyModel.config(true, GLOBAL, LOCAL);
    private static final ZebraConfig SEPARATE = TinyModel.config(false, GLOBAL, LOCAL, LOCAL);

    @TempDir
    Path folder;

    static List<QuantizationConfig> quantizations() {
        List<QuantizationConfig> all = new ArrayList<>();
        all.add(QuantizationConfig.ofBits(8));
        for (int group : new int[] {32, 64, 128}) {
            all.add(QuantizationConfig.ofBits(4, group));
        }
        all.add(QuantizationConfig.ofBits(4).with(WeightFormat.INT8, WeightFormat.INT4));
        all.add(QuantizationConfig.ofBits(8).with(WeightFormat.INT4, WeightFormat.INT8));
        return all;
    }

    @ParameterizedTest
    @MethodSource("quantizations")
    void aWrittenModelIsTheOneThatIsRoundedWhileItIsRead(QuantizationConfig quantization) {
        Path dense = save(SEPARATE);
        Path written = folder.resolve("written");
        var sizes = QuantizedFolder.write(ModelFolder.read(dense), written, quantization, DType.FLOAT32, _ -> {});
        try (var read = open(written, null);
                var rounded = open(dense, quantization)) {
            assertThat(read.folder().quantization()).isEqualTo(quantization);
            assertThat(read.zebra().parameters().keySet())
                    .containsExactlyElementsOf(rounded.zebra().parameters().keySet());
            read.zebra()
                    .parameters()
                    .forEach((name, tensor) ->
                            assertThat(bytes(tensor)).as(name).isEqualTo(bytes(parameter(rounded, name))));
            assertThat(logits(read.zebra(), 40)).isEqualTo(logits(rounded.zebra(), 40));
            long bytes = read.zebra().parameters().values().stream()
                    .mapToLong(tensor -> tensor.numElements() * tensor.dtype().bytes())
                    .sum();
            assertThat(sizes.bytes()).isEqualTo(bytes);
            assertThat(new Cost(SEPARATE).weightBytes(DType.FLOAT32, quantization))
                    .isEqualTo(bytes);
            assertThat(sizes.sourceBytes()).isEqualTo(new Cost(SEPARATE).weightBytes(DType.FLOAT32, null));
        }
    }

    /// 40 ids are multiplied by libtorch, 7 by the small products, and one by one with a cache.
    @ParameterizedTest
    @MethodSource("quantizations")
    void logitsAreThoseOfTheDenseModelThatHoldsTheRoundedWeights(QuantizationConfig quantization) {
        Path dense = save(SEPARATE);
        Path same = folder.resolve("same");
        try (var rounded = open(dense, quantization);
                var _ = Scope.open()) {
            ModelFolder.save(same, SEPARATE, dequantized(rounded.zebra()), DType.FLOAT32, null);
            try (var plain = open(same, null)) {
                for (int length : new int[] {40, 7, 1}) {
                    assertClose(logits(rounded.zebra(), length), logits(plain.zebra(), length));
                }
                assertClose(decoded(rounded.zebra()), logits(plain.zebra(), 20));
            }
        }
    }

    @Test
    void aTiedTableIsQuantizedOnceAndItsHeadWithIt() {
        Path dense = save(TIED);
        QuantizationConfig quantization = QuantizationConfig.ofBits(8).with(WeightFormat.INT8, WeightFormat.INT8);
        Path written = folder.resolve("written");
        QuantizedFolder.write(ModelFolder.read(dense), written, quantization, DType.BFLOAT16, _ -> {});
        try (var read = open(written, null)) {
            assertThat(read.zebra().parameters()).containsKey("model.embed_tokens.weight_scale");
            assertThat(read.zebra().head().matrix())
                    .isSameAs(read.zebra().embedding().matrix());
            assertThat(read.zebra().dtype()).isEqualTo(DType.FLOAT32);
        }
    }

    @Test
    void aTiedModelsTableAndHeadHaveOneFormat() {
        Path dense = save(TIED);
        QuantizationConfig quantization = QuantizationConfig.ofBits(4).with(WeightFormat.KEEP, WeightFormat.INT8);
        assertThatThrownBy(() -> open(dense, quantization))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("both must have one format: got keep and int8");
    }

    @Test
    void aQuantizedModelIsNotQuantizedAgain() {
        Path written = folder.resolve("written");
        QuantizationConfig quantization = QuantizationConfig.ofBits(4);
        QuantizedFolder.write(ModelFolder.read(save(TIED)), written, quantization, DType.FLOAT32, _ -> {});
        assertThatThrownBy(() -> open(written, quantization))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("are quantized (int4 (groups of 32), embeddings keep, head keep)")
                .hasMessageContaining("take the model they were made from");
        assertThatThrownBy(() -> QuantizedFolder.write(
                        ModelFolder.read(written), folder.resolve("again"), quantization, DType.FLOAT32, _ -> {}))
                .hasMessageContaining("cannot be quantized");
        assertThat(folder.resolve("again")).doesNotExist();
    }

    @Test
    void aModelIsNotWrittenOverItself() {
        Path dense = save(TIED);
        assertThatThrownBy(() -> QuantizedFolder.write(
                        ModelFolder.read(dense), dense, QuantizationConfig.ofBits(4), DType.FLOAT32, _ -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must go to another folder");
    }

    @Test
    void brokenWeightsLeaveNoModel() throws IOException {
        Path dense = save(SEPARATE);
        Map<String, Tensor> weights = new LinkedHashMap<>();
        try (var loaded = open(dense, null);
                var _ = Scope.open()) {
            weights.putAll(loaded.zebra().parameters());
            weights.put(
                    "model.layers.1.mlp.up_proj.weight",
                    parameter(loaded, "model.layers.1.mlp.up_proj.weight").mul(Double.NaN));
            Path broken = folder.resolve("broken");
            ModelFolder.save(broken, SEPARATE, weights, DType.FLOAT32, null);
            Path target = folder.resolve("target");
            assertThatThrownBy(() -> QuantizedFolder.write(
                            ModelFolder.read(broken), target, QuantizationConfig.ofBits(4), DType.FLOAT32, _ -> {}))
                    .hasMessageContaining("must be finite numbers: got NaN");
            try (var left = Files.list(target)) {
                assertThat(left).isEmpty();
            }
        }
    }

    @Test
    void partsThatAreMissingOrMisshapenAreListed() throws IOException {
        Path written = folder.resolve("written");
        QuantizedFolder.write(
                ModelFolder.read(save(TIED)), written, QuantizationConfig.ofBits(4), DType.FLOAT32, _ -> {});
        Path config = written.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"layers\" : \"int4\"", "\"layers\" : \"int8\""));
        assertThatThrownBy(() -> open(written, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("misshapen: model.layers.0.mlp.up_proj.weight must be [24, 16]");
    }

    @Test
    void otherMethodsAndVersionsAreRefusedByName() throws IOException {
        Path written = folder.resolve("written");
        QuantizedFolder.write(
                ModelFolder.read(save(TIED)), written, QuantizationConfig.ofBits(4), DType.FLOAT32, _ -> {});
        Path config = written.resolve("config.json");
        String text = Files.readString(config);
        Files.writeString(config, text.replace("\"zebra\"", "\"awq\""));
        assertThatThrownBy(() -> ModelFolder.read(written)).hasMessageContaining("\"quant_method\":\"awq\"");
        Files.writeString(config, text.replace("\"version\" : 2", "\"version\" : 1"));
        assertThatThrownBy(() -> ModelFolder.read(written))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("version must be 2: got 1")
                .hasMessageContaining("quantize the model again");
    }

    private Path save(ZebraConfig config) {
        Path dense = folder.resolve("dense");
        try (var tiny = TinyModel.of(config, 1)) {
            ModelFolder.save(dense, config, tiny.weights(), DType.FLOAT32, null);
        }
        return dense;
    }

    private static LoadedModel open(Path path, @Nullable QuantizationConfig quantization) {
        return LoadedModel.open(ModelFolder.read(path), DType.FLOAT32, AttentionKernels.forThisMachine(), quantization);
    }

    private static Map<String, Tensor> dequantized(Zebra zebra) {
        Map<String, Tensor> dense = new LinkedHashMap<>();
        for (var layer : zebra.layers()) {
            String at = "model.layers." + zebra.layers().indexOf(layer) + ".";
            var attention = layer.attention();
            var feedForward = (GatedFeedForward) layer.feedForward();
            put(dense, at + "self_attn.q_proj.weight", attention.query());
            put(dense, at + "self_attn.k_proj.weight", attention.key());
            put(dense, at + "self_attn.v_proj.weight", attention.value());
            put(dense, at + "self_attn.o_proj.weight", attention.out());
            put(dense, at + "mlp.gate_proj.weight", feedForward.gate());
            put(dense, at + "mlp.up_proj.weight", feedForward.up());
            put(dense, at + "mlp.down_proj.weight", feedForward.down());
        }
        dense.put("model.embed_tokens.weight", zebra.embedding().matrix().dense(DType.FLOAT32));
        put(dense, "lm_head.weight", zebra.head());
        zebra.parameters().forEach((name, tensor) -> {
            if (name.endsWith("norm.weight")) {
                dense.put(name, tensor);
            }
        });
        return dense;
    }

    private static void put(Map<String, Tensor> dense, String name, Linear linear) {
        dense.put(name, linear.matrix().dense(DType.FLOAT32));
    }

    private static Tensor parameter(LoadedModel model, String name) {
        return Objects.requireNonNull(model.zebra().parameters().get(name));
    }

    private static byte[] bytes(Tensor tensor) {
        try (var _ = Scope.open()) {
            return tensor.contiguous().memory().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static int[] ids(int length) {
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> (7 * i + 3) % 48);
        return ids;
    }

    private static float[] logits(Zebra zebra, int length) {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            return zebra.forward(ids(length), CumulativeLengths.single(length)).toFloats();
        }
    }

    private static float[] decoded(Zebra zebra) {
        float[] all = new float[20 * 48];
        try (var cache = new KvCache(zebra.config(), DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            for (int i = 0; i < 20; i++) {
                try (var _ = Scope.open()) {
                    float[] row = zebra.logits(zebra.hidden(new int[] {ids(20)[i]}, cache))
                            .toFloats();
                    System.arraycopy(row, 0, all, 48 * i, 48);
                }
            }
        }
        return all;
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-4));
        }
    }
}
