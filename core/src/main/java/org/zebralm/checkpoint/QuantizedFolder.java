package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.DType;

/// Writes a model with its matrices rounded to fewer bits, as a Hugging Face folder that only we open.
///
/// Tensors are rounded and written one after the other. As with [ModelFolder#save], an interruption leaves the old
/// model, the new one, or a folder that is not taken for a model.
public final class QuantizedFolder {
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
        ModelFiles files = ModelFiles.at(source.path());
        try (WeightSource weights = source.weights()) {
            LoadedModel.requireFit(source, weights);
            var pending = new PendingWeights(source.config(), weights, quantization, dtype, progress);
            new ModelFolderWriter(
                            target,
                            json,
                            pending.tensors(),
                            ModelFolder.DEFAULT_MAX_SHARD_BYTES,
                            staging -> writeCompanions(source, files, staging),
                            TokenizerFiles::isOne)
                    .save();
            return new Sizes(
                    pending.sourceBytes(),
                    pending.tensors().values().stream()
                            .mapToLong(PendingTensor::numBytes)
                            .sum());
        }
    }

    private static void writeCompanions(ModelFolder source, ModelFiles files, Path staging) {
        ObjectNode generation = files instanceof HuggingFaceFiles folder ? folder.generationConfig() : null;
        JsonFile.write(
                staging.resolve(ModelFolder.GENERATION_CONFIG),
                generation != null
                        ? generation
                        : ConfigWriter.generationConfig(source.config(), source.stopTokenIds()));
        TokenizerFiles.copy(files, source.config(), staging);
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
}
