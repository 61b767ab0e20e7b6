package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.DType;

/// Writes a model with its matrices rounded to fewer bits, as a Hugging Face folder that only we open.
///
/// Tensors are rounded and written one after the other. As with [ModelFolder#save], an interruption leaves the old
/// model, the new one, or a folder that is not taken for a model.
public final class QuantizedFolder {
    /// What a tokenizer and its use may lie in.
    private static final List<String> COPIED = List.of(
            ModelFolder.TOKENIZER,
            ModelFolder.SENTENCE_PIECE,
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "chat_template.json",
            ModelFolder.GENERATION_CONFIG);

    private QuantizedFolder() {}

    /// What a model's weights took, and take.
    public record Sizes(long sourceBytes, long bytes) {}

    /// Writes `source`, quantized, to the folder `target`, replacing a model that is there.
    ///
    /// @param dtype of what is kept
    /// @param progress told the bytes of the source's weights that are done, of [#sourceBytes]
    /// @throws IllegalArgumentException if the source cannot be quantized so, or is the target
    /// @throws UncheckedIOException if the folder cannot be written, saying why
    public static Sizes write(
            ModelFolder source, Path target, QuantizationConfig quantization, DType dtype, LongConsumer progress) {
        source.requireDense("quantized");
        quantization.requireFit(source.config().tieEmbeddings());
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException("what is kept must be floating-point numbers: got " + dtype.label());
        }
        requireElsewhere(source.path(), target);
        ObjectNode json = TextConfig.of(ModelFiles.at(source.path()).config());
        json.set(QuantizationJson.KEY, QuantizationJson.of(quantization));
        json.put("dtype", dtype.label());
        json.put("torch_dtype", dtype.label());
        try (WeightSource weights = source.weights()) {
            LoadedModel.requireFit(source, weights);
            var pending = new PendingWeights(source.config(), weights, quantization, dtype, progress);
            StagedFolder.write(target, staging -> {
                write(staging, pending.tensors());
                copy(source.path(), staging);
                JsonFile.write(staging.resolve(ModelFolder.CONFIG), json);
            });
            return new Sizes(pending.sourceBytes(), bytes(pending.tensors()));
        }
    }

    /// Returns the bytes of a model's weights that are read to quantize it.
    public static long sourceBytes(ModelFolder source) {
        try (WeightSource weights = source.weights()) {
            return ZebraParameters.shapes(source.config()).keySet().stream()
                    .filter(weights.names()::contains)
                    .mapToLong(name ->
                            PendingTensor.of(weights, name, weights.dtype(name)).numBytes())
                    .sum();
        }
    }

    private static void requireElsewhere(Path source, Path target) {
        try {
            if (Files.exists(target) && Files.isSameFile(source, target)) {
                throw new IllegalArgumentException(
                        "a quantized model must go to another folder than the one it is made from: got " + target);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + target + ": " + e.getMessage(), e);
        }
    }

    private static void write(Path staging, Map<String, PendingTensor> tensors) {
        List<Map<String, PendingTensor>> shards = Shards.fill(tensors, ModelFolder.DEFAULT_MAX_SHARD_BYTES);
        Map<String, String> metadata = Map.of("format", "pt");
        if (shards.size() == 1) {
            SafetensorsWriter.writeAsMade(staging.resolve(FolderWeights.SINGLE_FILE), tensors, metadata);
            return;
        }
        Map<String, String> shardByName = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String shard = Shards.name(i, shards.size());
            SafetensorsWriter.writeAsMade(staging.resolve(shard), shards.get(i), metadata);
            shards.get(i).keySet().forEach(name -> shardByName.put(name, shard));
        }
        JsonFile.write(staging.resolve(ShardIndex.FILE_NAME), new ShardIndex(shardByName).toJson(bytes(tensors)));
    }

    private static long bytes(Map<String, PendingTensor> tensors) {
        return tensors.values().stream().mapToLong(PendingTensor::numBytes).sum();
    }

    private static void copy(Path source, Path staging) {
        for (String name : COPIED) {
            Path file = Files.isDirectory(source) ? source.resolve(name) : source.resolveSibling(name);
            if (Files.exists(file)) {
                try {
                    AtomicFile.write(staging.resolve(name), Files.readAllBytes(file));
                } catch (IOException e) {
                    throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
                }
            }
        }
    }
}
