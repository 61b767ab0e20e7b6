package org.zebralm.bench;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// The weights that generation is timed with: a model's, or random ones. Owns them.
public final class GenerateModel implements AutoCloseable {
    private static final int SEED = 1;

    private final String label;
    private final WeightQuantization quantization;
    private final AutoCloseable owner;
    private final Zebra dense;

    private GenerateModel(String label, WeightQuantization quantization, AutoCloseable owner, Zebra dense) {
        this.label = label;
        this.quantization = quantization;
        this.owner = owner;
        this.dense = dense;
    }

    /// Opens a model.
    ///
    /// @param dtype what the weights are wanted in; null for what they are stored as
    /// @param positions how long a context may be; null for what the model was made for
    public static GenerateModel open(
            Path path, @Nullable DType dtype, @Nullable Integer positions, WeightQuantization quantization) {
        quantization.requireSupported();
        ModelFolder read = ModelFolder.read(path);
        ModelFolder folder = positions == null ? read : read.withPositions(positions);
        DType type = dtype == null ? Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32) : dtype;
        LoadedModel loaded = LoadedModel.open(folder, type, kernel());
        return new GenerateModel(String.valueOf(path.getFileName()), quantization, loaded, loaded.zebra());
    }

    /// Draws a model's weights, in memory.
    public static GenerateModel random(RandomModel shape, DType dtype, WeightQuantization quantization) {
        return random("random " + shape.label(), shape.config(), dtype, quantization);
    }

    static GenerateModel random(String label, ZebraConfig config, DType dtype, WeightQuantization quantization) {
        quantization.requireSupported();
        if (dtype != DType.FLOAT32 && dtype != DType.BFLOAT16) {
            throw new IllegalArgumentException("dtype must be float32 or bfloat16: got " + dtype.label());
        }
        var lifetime = new Lifetime();
        boolean drawn = false;
        try (var _ = Scope.open()) {
            Params.Source source = (name, init, shape) -> {
                try (var _ = Scope.open();
                        var full = new Lifetime()) { // one matrix at a time is float32
                    return lifetime.keep(
                            new FreshParams(SEED, full).get(name, init, shape).to(dtype));
                }
            };
            Zebra zebra = Zebra.load(Params.of(source), config, kernel());
            drawn = true;
            return new GenerateModel(label, quantization, lifetime, zebra);
        } finally {
            if (!drawn) {
                lifetime.close();
            }
        }
    }

    private static AttentionKernel kernel() {
        return AttentionKernels.forThisMachine();
    }

    /// Returns the model with a system's layers; all systems share the weights.
    Zebra zebra(GenerateSystem system) {
        Map<String, Tensor> parameters = dense.parameters();
        try (var _ = Scope.open()) {
            Params.Source same = (name, _, _) -> Objects.requireNonNull(parameters.get(name), name);
            return quantization.apply(Zebra.load(Params.of(same), system.of(dense.config()), dense.kernel()));
        }
    }

    /// Returns the name of the model, for people.
    public String label() {
        return label;
    }

    public WeightQuantization quantization() {
        return quantization;
    }

    /// Returns what the weights are computed in.
    public DType dtype() {
        return dense.embedding().weight().dtype();
    }

    /// Returns the model's own sizes.
    public ZebraConfig config() {
        return dense.config();
    }

    @Override
    public void close() {
        try {
            owner.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("cannot close " + label, e);
        }
    }
}
