package org.zebralm.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensors;

/// Writes a model as a GGUF file for llama.cpp, where that has an architecture that computes the same function.
///
/// Weights are read, arranged and written one at a time; the file is replaced atomically.
public final class GgufWriter {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int QUANTIZATION_VERSION = 2;

    private final ModelFolder model;
    private final GgufOutput output;
    private final GgufTarget target;
    private final List<GgufTensor> tensors;
    private final float[] ropeFactors;
    private final GgufKeys keys = new GgufKeys();
    private final List<String> remarks = new ArrayList<>();

    private GgufWriter(ModelFolder model, GgufOutput output) {
        this.model = model;
        this.output = output;
        this.target = GgufTarget.of(model.config());
        this.tensors = GgufTensor.of(target, model.config(), output.type());
        this.ropeFactors = GgufModelKeys.ropeFactors(model.config());
    }

    /// Says why a model cannot be written as GGUF: every way in which llama.cpp would compute something else. Nothing
    /// if it can.
    public static Optional<String> refusal(ZebraConfig config) {
        return GgufRefusal.of(config);
    }

    /// Writes a model, replacing `file`.
    ///
    /// @return what the file does not say, though the model does: a sentence each, to be shown
    /// @throws IllegalArgumentException if llama.cpp would compute something else ([#refusal]), or encode texts
    ///     otherwise; if the weights do not fit the config or the type
    /// @throws java.io.UncheckedIOException if the file cannot be written, saying why
    public static List<String> write(ModelFolder model, Path file, GgufOutput output) {
        Optional<String> refusal = refusal(model.config());
        if (refusal.isPresent()) {
            throw new IllegalArgumentException(model.path() + ": " + refusal.get());
        }
        return new GgufWriter(model, output).write(file);
    }

    private List<String> write(Path file) {
        putKeys();
        byte[] header = header();
        try (WeightSource weights = model.weights()) {
            LoadedModel.requireFit(model, weights);
            AtomicFile.write(file, channel -> {
                AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
                writeTensors(weights, channel);
            });
        }
        return List.copyOf(remarks);
    }

    private void putKeys() {
        keys.put("general.architecture", target.label);
        keys.put("general.type", "model");
        Path name = model.path().toAbsolutePath().normalize().getFileName();
        keys.put("general.name", name == null ? "model" : name.toString());
        // Of llama.h's llama_ftype: the type that most tensors have.
        keys.put(
                "general.file_type",
                switch (output.type()) {
                    case F32 -> 0;
                    case F16 -> 1;
                    case Q4_0 -> 2;
                    case Q8_0 -> 7;
                    case BF16 -> 32;
                });
        keys.put("general.quantization_version", QUANTIZATION_VERSION);
        GgufModelKeys.put(target, model.config(), keys);
        remarks.addAll(GgufVocabularyKeys.put(model, output.hasTokenizer(), keys));
    }

    private byte[] header() {
        boolean hasFactors = ropeFactors.length > 0;
        var bytes = new LittleEndianBytes();
        bytes.putBytes("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(VERSION);
        bytes.putLong(tensors.size() + (hasFactors ? 1 : 0)).putLong(keys.count());
        bytes.putBytes(keys.toBytes());
        long offset = 0;
        if (hasFactors) {
            putEntry(bytes, GgufNames.ROPE_FACTORS, GgufType.F32, offset, ropeFactors.length);
            offset += aligned((long) ropeFactors.length * Float.BYTES);
        }
        for (GgufTensor tensor : tensors) {
            putEntry(bytes, tensor.name(), tensor.type(), offset, tensor.shape());
            offset += aligned(tensor.numBytes());
        }
        return bytes.putBytes(new byte[(int) (aligned(bytes.size()) - bytes.size())])
                .toArray();
    }

    /// Puts a tensor's name, its sizes with the innermost first, its type, and where it begins.
    private static void putEntry(LittleEndianBytes bytes, String name, GgufType type, long offset, long... shape) {
        bytes.putText(name).putInt(shape.length);
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            bytes.putLong(shape[axis]);
        }
        bytes.putInt(type.code).putLong(offset);
    }

    private static long aligned(long bytes) {
        return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    }

    private void writeTensors(WeightSource weights, FileChannel channel) throws IOException {
        long total = tensors.stream().mapToLong(GgufTensor::numBytes).sum();
        long written = 0;
        if (ropeFactors.length > 0) {
            try (var _ = Scope.open()) {
                GgufTensorWriter.write(Tensors.of(ropeFactors, ropeFactors.length), GgufType.F32, channel);
                fillUp(channel);
            }
        }
        for (GgufTensor tensor : tensors) {
            try (var _ = Scope.open()) {
                GgufTensorWriter.write(tensor.read(weights), tensor.type(), channel);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(model.path() + ": " + tensor.known() + ": " + e.getMessage(), e);
            }
            fillUp(channel);
            written += tensor.numBytes();
            output.progress().written(tensor.known(), written, total);
        }
    }

    private static void fillUp(FileChannel channel) throws IOException {
        long missing = aligned(channel.position()) - channel.position();
        AtomicFile.writeFully(channel, ByteBuffer.allocate((int) missing));
    }
}
