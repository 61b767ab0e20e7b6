package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// A conversion that is known to be possible: what it changes, what it loses, how large its result is.
///
/// Making one reads settings and the names of weights only; [#write] does the work.
public final class ConversionPlan {
    private final SourceModel source;
    private final Conversion conversion;
    private final ConvertedConfig converted;
    private final StoredWeights stored;
    private final SequencedMap<String, DType> types;

    private ConversionPlan(SourceModel source, Conversion conversion, ConvertedConfig converted, StoredWeights stored) {
        this.source = source;
        this.conversion = conversion;
        this.converted = converted;
        this.stored = stored;
        this.types = stored.written(conversion.dtype(), ConversionLosses.decoded(source));
    }

    /// Plans the conversion of a model, which may be of any form that [ModelFolder#read] reads.
    ///
    /// @throws IllegalArgumentException if the model cannot be read, or the target cannot say what results
    public static ConversionPlan of(Path model, Conversion conversion) {
        SourceModel source = SourceModel.read(model);
        ConvertedConfig converted = ConvertedConfig.of(source, conversion);
        try (WeightSource weights = source.folder().weights()) {
            return new ConversionPlan(source, conversion, converted, StoredWeights.of(source.folder(), weights));
        }
    }

    /// Returns what is written: a target was asked for, or this one fits.
    public ConvertTarget target() {
        return converted.target();
    }

    /// Returns the model's family as it calls itself, `llama`.
    public String familyBefore() {
        return source.type().label;
    }

    public String familyAfter() {
        return converted.modelType();
    }

    public ZebraConfig before() {
        return source.config();
    }

    public ZebraConfig after() {
        return converted.config();
    }

    /// Returns what most of the result's numbers are stored as.
    public DType dtype() {
        return stored.usual(types);
    }

    public long weightBytes() {
        return stored.tensors().entrySet().stream()
                .mapToLong(tensor -> Math.multiplyExact(
                        tensor.getValue().numElements(), type(tensor.getKey()).bytes()))
                .sum();
    }

    /// Returns what the model has and the result has not, in words.
    public List<String> losses() {
        return ConversionLosses.of(source, converted, stored, conversion.dtype());
    }

    /// Writes the result as a model folder: first beside its place, then there by renaming, `config.json` last.
    ///
    /// Weights are read and converted one at a time, so that memory holds one beyond the mapped files.
    ///
    /// @param force whether a folder that holds something already may be written to: a model there is replaced,
    ///     other files stay
    /// @param progress told the bytes of weights written so far
    /// @throws IllegalArgumentException if the folder is the model's own or holds something
    /// @throws UncheckedIOException if it cannot be written, saying why
    public void write(Path folder, boolean force, LongConsumer progress) {
        requireUsable(folder, force);
        switch (converted.target()) {
            case HF, CWM -> writeFolder(folder, progress);
            case GGUF -> throw new AssertionError("no plan is made for what is not built in");
        }
    }

    private void writeFolder(Path folder, LongConsumer progress) {
        try (WeightSource weights = source.folder().weights()) {
            var stream = new WeightStream(weights, progress);
            SequencedMap<String, PendingTensor> pending = new LinkedHashMap<>();
            types.forEach((name, dtype) -> pending.put(name, stream.tensor(name, dtype)));
            new ModelFolderWriter(
                            folder,
                            converted.json(dtype()),
                            pending,
                            conversion.maxShardBytes(),
                            this::writeCompanions,
                            ConversionPlan::isReplaced)
                    .save();
        }
    }

    /// Returns whether a file that lies in the folder goes: what belonged to another model, or a save that was killed.
    private static boolean isReplaced(String name) {
        return TokenizerFiles.isOne(name)
                || name.equals(ModelFolder.GENERATION_CONFIG)
                || ModelFolderWriter.isStaging(name);
    }

    private void writeCompanions(Path staging) {
        ObjectNode generation = source.files() instanceof HuggingFaceFiles files ? files.generationConfig() : null;
        JsonFile.write(
                staging.resolve(ModelFolder.GENERATION_CONFIG),
                generation != null
                        ? generation
                        : ConfigWriter.generationConfig(after(), source.folder().stopTokenIds()));
        TokenizerFiles.copy(source.files(), after(), staging);
    }

    private void requireUsable(Path folder, boolean force) {
        Path model = real(source.folder().path());
        Path home = Files.isDirectory(model) ? model : Objects.requireNonNull(model.getParent());
        Path target = real(folder);
        // A file's neighbours may be other models; a folder is one model, and so is what a shard lies in.
        boolean isWithin = Files.isDirectory(model)
                ? target.startsWith(home)
                : source.files() instanceof HuggingFaceFiles && target.equals(home);
        if (isWithin) {
            throw new IllegalArgumentException(
                    "the converted model must have a folder of its own, not within the model it is made of: got "
                            + folder);
        }
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("the converted model needs a folder: " + folder + " is a file");
        }
        if (Files.exists(folder) && !force && !isEmpty(folder)) {
            throw new IllegalArgumentException(folder
                    + " must be empty or new: it holds something; name another folder, or replace the model there with"
                    + " --force");
        }
    }

    private static boolean isEmpty(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.allMatch(
                    file -> ModelFolderWriter.isStaging(file.getFileName().toString()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder + ": " + e.getMessage(), e);
        }
    }

    /// Returns where a path leads, which may not exist yet.
    private static Path real(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            if (Files.exists(absolute)) {
                return absolute.toRealPath();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot find " + path + ": " + e.getMessage(), e);
        }
        Path parent = absolute.getParent();
        return parent == null ? absolute : real(parent).resolve(absolute.getFileName());
    }

    private DType type(String name) {
        return TensorNames.find(types, name, "the result");
    }
}
