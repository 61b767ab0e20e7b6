package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class ModelFolderTest {
    private static final int[] IDS = {3, 9, 4, 7, 7, 30, 2, 11, 5, 40, 8};

    @TempDir
    Path folder;

    @TempDir
    Path elsewhere;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void saveLoadSaveGivesTheSameFiles(boolean tied) throws IOException {
        ZebraConfig config = TinyModel.config(tied, GLOBAL, LOCAL, LOCAL, GLOBAL);
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        try (var tiny = TinyModel.of(config, 1)) {
            ModelFolder.save(first, config, tiny.weights(), DType.FLOAT32, null);
            try (var loaded = open(first, DType.FLOAT32)) {
                assertThat(loaded.folder().config()).isEqualTo(config);
                assertThat(loaded.folder().storedDType()).isEqualTo(DType.FLOAT32);
                assertThat(loaded.folder().stopTokenIds()).containsExactly(2);
                assertThat(logits(loaded.zebra())).isEqualTo(logits(tiny.zebra()));
                ModelFolder.save(second, config, loaded.zebra().parameters(), DType.FLOAT32, null);
            }
        }
        assertThat(contents(second)).isEqualTo(contents(first));
        assertThat(contents(first).keySet())
                .containsExactly("config.json", "generation_config.json", "model.safetensors");
    }

    @Test
    void aTiedHeadIsNotWritten() {
        save(TinyModel.config(true, GLOBAL), DType.FLOAT32, Long.MAX_VALUE);

        try (var weights = FolderWeights.open(folder)) {
            assertThat(weights.names()).doesNotContain("lm_head.weight").contains("model.embed_tokens.weight");
        }
    }

    @Test
    void namesOfAModelAreThoseItAsksFor() {
        for (boolean tied : new boolean[] {true, false}) {
            ZebraConfig config = TinyModel.config(tied, GLOBAL, LOCAL);
            try (var tiny = TinyModel.of(config, 1)) {
                assertThat(tiny.weights().keySet())
                        .containsExactlyElementsOf(
                                ZebraParameters.shapes(config).keySet());
            }
        }
    }

    @Test
    void shardsHoldTheSameModel() throws IOException {
        ZebraConfig config = TinyModel.config(false, GLOBAL, LOCAL);
        save(config, DType.FLOAT32, 4000);

        assertThat(contents(folder).keySet())
                .contains("model.safetensors.index.json", "model-00001-of-00007.safetensors")
                .doesNotContain("model.safetensors");
        try (var tiny = TinyModel.of(config, 1);
                var loaded = open(folder, DType.FLOAT32)) {
            assertThat(logits(loaded.zebra())).isEqualTo(logits(tiny.zebra()));
        }
    }

    @Test
    void savingAgainLeavesNoStaleShardsAndKeepsOtherFiles() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "mine");
        save(TinyModel.config(false, GLOBAL, LOCAL), DType.FLOAT32, 4000);
        save(TinyModel.config(true, GLOBAL), DType.FLOAT32, Long.MAX_VALUE);

        assertThat(contents(folder).keySet())
                .containsExactly("config.json", "generation_config.json", "model.safetensors", "notes.txt");
    }

    @Test
    void weightsAreConvertedAsTheyAreWrittenAndRead() {
        ZebraConfig config = TinyModel.config(true, GLOBAL);
        save(config, DType.BFLOAT16, Long.MAX_VALUE);

        try (var mapped = open(folder, DType.BFLOAT16);
                var converted = open(folder, DType.FLOAT32);
                var files = FolderWeights.open(folder);
                var _ = Scope.open()) {
            assertThat(mapped.folder().storedDType()).isEqualTo(DType.BFLOAT16);
            assertThat(files.dtype("model.norm.weight")).isEqualTo(DType.BFLOAT16);
            Tensor bfloat16 = mapped.zebra().embedding().weight();
            Tensor float32 = converted.zebra().embedding().weight();
            assertThat(bfloat16.dtype()).isEqualTo(DType.BFLOAT16);
            assertThat(float32.dtype()).isEqualTo(DType.FLOAT32);
            assertThat(float32.toFloats()).isEqualTo(bfloat16.toFloats());
        }
    }

    @Test
    void everyWeightThatDoesNotFitIsListedAtOnce() {
        ZebraConfig config = TinyModel.config(false, GLOBAL);
        save(config, DType.FLOAT32, Long.MAX_VALUE);
        replaceWeights(weights -> {
            weights.remove("model.norm.weight");
            weights.put("model.layers.0.self_attn.q_norm.weight", Tensors.zeros(DType.FLOAT32, 4));
            weights.put("lm_head.weight", Tensors.zeros(DType.FLOAT32, 47, 16));
            weights.put("model.layers.0.self_attn.rotary_emb.inv_freq", Tensors.zeros(DType.FLOAT32, 2));
            weights.put("model.layers.0.input_layernorm.weight", Tensors.zeros(DType.INT32, 16));
        });

        assertThatThrownBy(() -> open(folder, DType.FLOAT32))
                .hasMessageContaining("missing: model.norm.weight [16]")
                .hasMessageContaining("unexpected: model.layers.0.self_attn.q_norm.weight [4]")
                .hasMessageContaining("misshapen: lm_head.weight must be [48, 16], but is [47, 16]")
                .hasMessageContaining("not a weight: model.layers.0.input_layernorm.weight is int32")
                .message()
                .doesNotContain("inv_freq");
    }

    @Test
    void aTiedHeadIsToleratedOnlyIfItIsTheEmbedding() {
        save(TinyModel.config(true, GLOBAL), DType.FLOAT32, Long.MAX_VALUE);
        replaceWeights(weights -> weights.put("lm_head.weight", weights.get("model.embed_tokens.weight")));
        open(folder, DType.FLOAT32).close();

        replaceWeights(weights -> weights.put("lm_head.weight", Tensors.zeros(DType.FLOAT32, 48, 16)));
        assertThatThrownBy(() -> open(folder, DType.FLOAT32))
                .hasMessageContaining("contradictory: lm_head.weight differs from model.embed_tokens.weight");
    }

    @Test
    void weightsThatDoNotFitTheConfigAreNotSaved() {
        ZebraConfig config = TinyModel.config(false, GLOBAL);
        try (var tiny = TinyModel.of(config, 1)) {
            Map<String, Tensor> weights = new LinkedHashMap<>(tiny.weights());
            weights.remove("lm_head.weight");

            assertThatThrownBy(() -> ModelFolder.save(folder, config, weights, DType.FLOAT32, null))
                    .hasMessageContaining("missing: lm_head.weight [48, 16]");
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void windowsThatDifferAreNotSaved() {
        ZebraConfig config = TinyModel.config(true, GLOBAL, LOCAL, new AttentionType.Local(7));

        assertThatThrownBy(() -> save(config, DType.FLOAT32, Long.MAX_VALUE))
                .hasMessageContaining("local layers must share one window")
                .hasMessageContaining("5 and 7");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFailedSaveLeavesTheModelThatWasThere() throws IOException {
        ZebraConfig config = TinyModel.config(true, GLOBAL);
        save(config, DType.FLOAT32, Long.MAX_VALUE);
        Map<String, String> before = contents(folder);
        Path tokenizer = Files.writeString(elsewhere.resolve("broken.json"), "{");

        try (var tiny = TinyModel.of(config, 2)) {
            assertThatThrownBy(() -> ModelFolder.save(folder, config, tiny.weights(), DType.FLOAT32, tokenizer))
                    .hasMessageContaining("broken.json is not valid JSON");
        }
        assertThat(contents(folder)).isEqualTo(before);
    }

    @Test
    void aFolderWithoutConfigIsNoModel() throws IOException {
        assertThatThrownBy(() -> ModelFolder.read(folder))
                .hasMessageContaining("is no model folder: it has no config.json");
        Files.createDirectory(folder.resolve(".saving-12"));
        assertThatThrownBy(() -> ModelFolder.read(folder)).hasMessageContaining("a save was interrupted");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../model.safetensors",
                "/etc/passwd",
                "a/b.safetensors",
                "a\\\\b.safetensors",
                "..",
                ".safetensors",
                "model.bin",
                "C:model.safetensors",
                ""
            })
    void aShardOutsideTheFolderIsRefused(String shard) throws IOException {
        save(TinyModel.config(true, GLOBAL), DType.FLOAT32, Long.MAX_VALUE);
        Files.delete(folder.resolve("model.safetensors"));
        Files.writeString(
                folder.resolve("model.safetensors.index.json"), "{\"weight_map\": {\"x\": \"" + shard + "\"}}");

        assertThatThrownBy(() -> open(folder, DType.FLOAT32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a shard must be a plain file name ending in .safetensors");
    }

    @Test
    void anIndexThatDisagreesWithItsShardsIsRefused() throws IOException {
        save(TinyModel.config(false, GLOBAL, LOCAL), DType.FLOAT32, 4000);
        Path index = folder.resolve("model.safetensors.index.json");
        String moved = Files.readString(index).replaceFirst("(\"model.norm.weight\" : \"model)-\\d{5}", "$1-00001");
        Files.writeString(index, moved);

        assertThatThrownBy(() -> open(folder, DType.FLOAT32))
                .hasMessageContaining("model-00001-of-00007.safetensors does not hold model.norm.weight")
                .hasMessageContaining("holds model.norm.weight, which the index does not place there");
    }

    @Test
    void theTokenizerComesAlongWithItsSpecialTokensNamed() throws IOException {
        ZebraConfig config = TinyModel.config(true, GLOBAL);
        Path tokenizer = Files.writeString(elsewhere.resolve("tokenizer.json"), """
                {"added_tokens": [{"id": 1, "content": "<s>"}, {"id": 2, "content": "</s>"}],
                 "model": {"vocab": {"a": 0, "b": 47}}}""");
        try (var tiny = TinyModel.of(config, 1)) {
            ModelFolder.save(folder, config, tiny.weights(), DType.FLOAT32, tokenizer);
        }

        assertThat(folder.resolve("tokenizer.json")).hasSameBinaryContentAs(tokenizer);
        assertThat(folder.resolve("tokenizer_config.json"))
                .content()
                .contains("\"tokenizer_class\" : \"PreTrainedTokenizerFast\"", "\"eos_token\" : \"</s>\"")
                .doesNotContain("pad_token");

        Files.writeString(tokenizer, "{\"model\": {\"vocab\": {\"a\": 48}}}");
        try (var tiny = TinyModel.of(config, 1)) {
            assertThatThrownBy(() -> ModelFolder.save(folder, config, tiny.weights(), DType.FLOAT32, tokenizer))
                    .hasMessageContaining("must not make ids beyond the model's vocabulary of 48: a has id 48");
        }
    }

    @Test
    void aModelWithoutTokensOfItsOwnComesBackWithoutThem() {
        for (AttentionType type : new AttentionType[] {GLOBAL, LOCAL}) {
            ZebraConfig some = TinyModel.config(true, GLOBAL, type);
            var none = new ZebraConfig(48, 16, 24, 4, 2, 4, some.attentionTypes(), 10_000, 1e-5, 64, true, -1, -1, -1);
            save(none, DType.FLOAT32, Long.MAX_VALUE);

            assertThat(ModelFolder.read(folder).config()).isEqualTo(none);
            assertThat(ModelFolder.read(folder).stopTokenIds()).isEmpty();
        }
    }

    private void save(ZebraConfig config, DType dtype, long maxShardBytes) {
        try (var tiny = TinyModel.of(config, 1)) {
            ModelFolder.save(folder, config, tiny.weights(), dtype, null, maxShardBytes);
        }
    }

    private interface Change {
        void apply(Map<String, Tensor> weights);
    }

    private void replaceWeights(Change change) {
        try (var file = SafetensorsFile.open(folder.resolve("model.safetensors"));
                var _ = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            file.names().forEach(name -> weights.put(name, file.tensor(name)));
            change.apply(weights);
            SafetensorsWriter.write(file.path(), weights, Map.of());
        }
    }

    private static LoadedModel open(Path folder, DType dtype) {
        return LoadedModel.open(folder, dtype, new PortableAttention());
    }

    private static float[] logits(Zebra zebra) {
        try (var _ = Scope.open()) {
            return zebra.forward(IDS, CumulativeLengths.single(IDS.length)).toFloats();
        }
    }

    private static Map<String, String> contents(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                contents.put(file.getFileName().toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }
}
