package org.zebralm.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A model with the weights of a folder, which it owns until it is closed.
///
/// Weights stored in the wanted type are views of the mapped files: they take no memory of ours, and must not
/// be written to. Others are converted one at a time as they are read.
public final class LoadedModel implements AutoCloseable {
    private static final String HEAD = "lm_head.weight";
    private static final String EMBEDDING = "model.embed_tokens.weight";

    private final ModelFolder folder;
    private final WeightSource weights;
    private final Lifetime lifetime = new Lifetime();
    private final Zebra zebra;

    private LoadedModel(ModelFolder folder, WeightSource weights, DType dtype, AttentionKernel kernel) {
        this.folder = folder;
        this.weights = weights;
        boolean loaded = false;
        try (var _ = Scope.open()) {
            Params.Source source = (name, _, _) -> read(name, dtype);
            zebra = Zebra.load(Params.of(source), folder.config(), kernel);
            loaded = true;
        } finally {
            if (!loaded) {
                lifetime.close(); // what was converted before the failure
            }
        }
    }

    /// Opens a model as [ModelFolder#read] finds it, its weights as `dtype`.
    ///
    /// @throws IllegalArgumentException if a setting is not implemented, or listing all weights that are
    ///     missing, unexpected or misshapen
    public static LoadedModel open(Path path, DType dtype, AttentionKernel kernel) {
        return open(ModelFolder.read(path), dtype, kernel);
    }

    /// Opens a model whose settings have been read.
    ///
    /// @throws IllegalArgumentException as [#open(Path, DType, AttentionKernel)]
    public static LoadedModel open(ModelFolder folder, DType dtype, AttentionKernel kernel) {
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException("weights must be floating-point numbers: got " + dtype.label());
        }
        WeightSource weights = folder.weights();
        boolean opened = false;
        try {
            requireFit(folder, weights);
            var model = new LoadedModel(folder, weights, dtype, kernel);
            opened = true;
            return model;
        } finally {
            if (!opened) {
                weights.close();
            }
        }
    }

    /// Checks that the weights of a model are those that its config needs.
    ///
    /// @throws IllegalArgumentException listing all that are missing, unexpected or misshapen
    static void requireFit(ModelFolder folder, WeightSource weights) {
        ZebraConfig config = folder.config();
        Map<String, long[]> needed = ZebraParameters.shapes(config);
        Map<String, long[]> there = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        for (String name : weights.names()) {
            if (isLeftover(name)) {
                continue;
            }
            if (name.equals(HEAD) && config.tieEmbeddings() && weights.names().contains(EMBEDDING)) {
                if (!weights.areEqual(HEAD, EMBEDDING)) {
                    problems.add("contradictory: " + HEAD + " differs from " + EMBEDDING
                            + ", though tie_word_embeddings is true; set it to false to use both");
                }
                continue;
            }
            there.put(name, weights.shape(name));
            if (needed.containsKey(name) && !weights.dtype(name).isFloating()) {
                problems.add(
                        "not a weight: " + name + " is " + weights.dtype(name).label());
            }
        }
        problems.addAll(0, ZebraParameters.differences(needed, there));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "the weights in " + folder.path() + " do not fit its config:\n  " + String.join("\n  ", problems));
        }
    }

    /// Rotary frequencies, which old versions of transformers stored though they follow from the config.
    static boolean isLeftover(String name) {
        return name.endsWith(".rotary_emb.inv_freq");
    }

    private Tensor read(String name, DType dtype) {
        try (var _ = Scope.open()) {
            return lifetime.keep(weights.tensor(name, dtype));
        }
    }

    public Zebra zebra() {
        return zebra;
    }

    /// Returns the folder the model came from.
    public ModelFolder folder() {
        return folder;
    }

    @Override
    public void close() {
        lifetime.close();
        weights.close();
    }
}
