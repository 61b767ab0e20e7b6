package org.zebralm.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Scope;

/// Writes a model as a GGUF file for llama.cpp, where that has an architecture that computes the same function.
///
/// Weights are read, arranged and written one at a time; the file is replaced atomically.
public final class GgufWriter {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    private static final int QUANTIZATION_VERSION = 2;

    private final ModelFolder model;
    private final GgufOutput.Type type;
    private final GgufTarget target;
    private final List<GgufTensor> tensors;
    private final GgufKeys keys = new GgufKeys();
    private final List<String> remarks = new ArrayList<>();
    private final byte[] header;

    private GgufWriter(ModelFolder model, GgufOutput.Type type, boolean hasTokenizer) {
        this.model = model;
        this.type = type;
        this.target = GgufTarget.of(model.config());
        this.tensors = GgufTensor.of(target, model.config(), type);
        putKeys(hasTokenizer);
        this.header = header();
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
        GgufWriter writer = of(model, output.type(), output.hasTokenizer());
        writer.write(file, output.progress());
        return writer.remarks();
    }

    /// Makes ready all of a file but the numbers, of which none is read: what can be refused without them is refused.
    ///
    /// @throws IllegalArgumentException as [#write] does
    static GgufWriter of(ModelFolder model, GgufOutput.Type type, boolean hasTokenizer) {
        model.requireDense("written as GGUF");
        Optional<String> refusal = refusal(model.config());
        if (refusal.isPresent()) {
            throw new IllegalArgumentException(model.path() + ": " + refusal.get());
        }
        return new GgufWriter(model, type, hasTokenizer);
    }

    /// Returns what the file will not say, though the model does.
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    GgufOutput.Type type() {
        return type;
    }

    /// Returns what each tensor of the model is stored as, by its name in transformers.
    Map<String, GgufType> types() {
        Map<String, GgufType> types = new HashMap<>();
        for (GgufTensor tensor : tensors) {
            if (tensor.source() instanceof GgufTensor.Weight weight) {
                types.putIfAbsent(weight.known(), tensor.type()); // an embedding that is written twice is the same
            }
        }
        return types;
    }

    /// Returns the bytes that progress is counted in: those of the model's weights.
    long tensorBytes() {
        return tensors.stream()
                .filter(tensor -> tensor.source() instanceof GgufTensor.Weight)
                .mapToLong(GgufTensor::numBytes)
                .sum();
    }

    long fileBytes() {
        return header.length
                + tensors.stream()
                        .mapToLong(tensor -> aligned(tensor.numBytes()))
                        .sum();
    }

    /// Writes the file, replacing one that is there.
    void write(Path file, GgufOutput.Progress progress) {
        try (WeightSource weights = model.weights()) {
            LoadedModel.requireFit(model, weights);
            AtomicFile.write(file, channel -> {
                AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
                writeTensors(weights, channel, progress);
            });
        }
    }

    private void putKeys(boolean hasTokenizer) {
        keys.put("general.architecture", target.label);
        keys.put("general.type", "model");
        Path name = model.path().toAbsolutePath().normalize().getFileName();
        keys.put("general.name", name == null ? "model" : name.toString());
        // Of llama.h's llama_ftype: the type that most tensors have.
        keys.put(
                "general.file_type",
                switch (type) {
                    case F32 -> 0;
                    case F16 -> 1;
                    case Q4_0 -> 2;
                    case Q8_0 -> 7;
                    case BF16 -> 32;
                });
        keys.put("general.quantization_version", QUANTIZATION_VERSION);
        GgufModelKeys.put(target, model.config(), keys);
        if (target == GgufTarget.GRANITE_SWA) {
            remarks.add("the file needs a llama.cpp that knows granite_swa, as 0.5.0 does; older ones refuse it");
        }
        remarks.addAll(GgufVocabularyKeys.put(model, hasTokenizer, keys));
    }

    private byte[] header() {
        var bytes = new LittleEndianBytes();
        bytes.putBytes("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(VERSION);
        bytes.putLong(tensors.size()).putLong(keys.count());
        bytes.putBytes(keys.toBytes());
        long offset = 0;
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

    private void writeTensors(WeightSource weights, FileChannel channel, GgufOutput.Progress progress)
            throws IOException {
        long total = tensorBytes();
        long written = 0;
        for (GgufTensor tensor : tensors) {
            try (var _ = Scope.open()) {
                GgufTensorWriter.write(tensor.read(weights), tensor.type(), channel);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(model.path() + ": " + tensor.label() + ": " + e.getMessage(), e);
            }
            fillUp(channel);
            if (tensor.source() instanceof GgufTensor.Weight weight) {
                written += tensor.numBytes();
                progress.written(weight.known(), written, total);
            }
        }
    }

    private static void fillUp(FileChannel channel) throws IOException {
        long missing = aligned(channel.position()) - channel.position();
        AtomicFile.writeFully(channel, ByteBuffer.allocate((int) missing));
    }
}
