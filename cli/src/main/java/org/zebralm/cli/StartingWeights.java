package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.model.Architecture;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.train.Checkpoint;
import org.zebralm.train.Checkpoints;

/// What a new run begins with instead of fresh weights: those of another run, of one of its checkpoints,
/// or of a model folder.
///
/// @param checkpoint the state they are in, or null for a model folder, which is `source` then
record StartingWeights(
        Path source, ZebraConfig model, @Nullable Checkpoint checkpoint) {
    /// Finds the weights; their tensors are read later.
    ///
    /// @throws IllegalArgumentException if `named` is none of the three, nor the id of a cached model
    static StartingWeights of(Path named) {
        Path source = Files.exists(named) ? named : ModelLocation.find(named.toString());
        if (Files.isRegularFile(source)) {
            Checkpoint checkpoint = Checkpoint.open(source);
            return new StartingWeights(source, checkpoint.model(), checkpoint);
        }
        Path checkpoints = source.resolve("checkpoints");
        if (Files.isDirectory(checkpoints)) {
            Checkpoint latest = new Checkpoints(checkpoints, 1)
                    .latestOfAnotherRun()
                    .orElseThrow(() -> new IllegalArgumentException("the run in " + source
                            + " has no checkpoint yet to begin from; wait for one, or name another with --init-from"));
            return new StartingWeights(source, latest.model(), latest);
        }
        if (!Files.exists(source.resolve("config.json"))) {
            throw new IllegalArgumentException("--init-from must name a run, a checkpoint or a model folder: got "
                    + source + ", which has neither checkpoints/ nor config.json");
        }
        ModelFolder folder = ModelFolder.read(source);
        folder.requireDense("trained");
        return new StartingWeights(source, folder.config(), null);
    }

    /// Returns the settings that a run beginning here has unless the user says otherwise: the model's
    /// shape and tokenizer.
    RunSettings defaults() {
        RunSettings settings = RunSettings.defaults();
        List<AttentionType> types = model.attentionTypes();
        int groupSize = types.size();
        int window = settings.model().window();
        for (int i = types.size() - 1; i > 0; i--) {
            switch (types.get(i)) {
                case AttentionType.Global _ -> groupSize = i;
                case AttentionType.Local local -> window = local.window();
            }
        }
        if (!types.equals(AttentionType.grouped(types.size(), groupSize, window))) {
            throw new IllegalArgumentException("the layers of " + source
                    + " must be in groups of one global layer and local ones of one window: got " + types);
        }
        return new RunSettings(
                settings.data(),
                settings.mixture(),
                settings.packing(),
                settings.maxCharacters(),
                settings.heldOut(),
                tokenizer(),
                model.vocabSize(),
                settings.endOfText(),
                source,
                new ModelSettings(
                        model.hiddenSize(),
                        model.intermediateSize(),
                        model.numLayers(),
                        model.numHeads(),
                        model.numKvHeads(),
                        model.headDim(),
                        groupSize,
                        window,
                        ropeTheta(),
                        model.normEps(),
                        model.tieEmbeddings()),
                settings.train());
    }

    /// Refuses what a run's settings cannot say, rather than training another model than the one given.
    private double ropeTheta() {
        if (!model.architecture().equals(Architecture.LLAMA)) {
            throw new IllegalArgumentException(
                    "--init-from must name a model of Llama's architecture: that of " + source + " is another");
        }
        if (model.sharedRope().orElse(null) instanceof RopeConfig.Rotary(double theta, RopeScaling.None _)) {
            return theta;
        }
        throw new IllegalArgumentException(
                "--init-from must name a model whose layers all have the usual rotation: got "
                        + model.ropes().stream().distinct().toList() + " in " + source);
    }

    /// A checkpoint's lies in its run's folder, two levels up.
    private @Nullable Path tokenizer() {
        Path root = Files.isDirectory(source) ? source : source.resolve("../..").normalize();
        return Stream.of(root.resolve("tokenizer.json"), root.resolve("model").resolve("tokenizer.json"))
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
    }

    /// Hands a source of the weights over, valid during the call.
    ///
    /// @throws IllegalArgumentException from the source, naming a weight that the new model wants and
    ///     that is not there in its shape
    void read(AttentionKernel kernel, Consumer<Params.Source> reader) {
        if (checkpoint != null) {
            checkpoint.readWeights(weights -> reader.accept(source(weights)));
            return;
        }
        ModelFolder folder = ModelFolder.read(source);
        DType stored = Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
        try (LoadedModel loaded = LoadedModel.open(source, stored, kernel)) {
            reader.accept(source(loaded.zebra().parameters()));
        }
    }

    private Params.Source source(Map<String, Tensor> weights) {
        return (name, _, shape) -> {
            Tensor weight = weights.get(name);
            if (weight == null || !Arrays.equals(weight.shape(), shape)) {
                throw new IllegalArgumentException(
                        "the weights in %s must fit the new model: it needs %s %s, and got %s"
                                .formatted(source, name, Arrays.toString(shape), weight == null ? "none" : weight));
            }
            return weight;
        };
    }
}
