package org.zebralm.bench;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Weight;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.BriefThread;
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
        ModelFolder read = ModelFolder.read(path);
        ModelFolder folder = positions == null ? read : read.withPositions(positions);
        DType type = dtype == null ? Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32) : dtype;
        LoadedModel loaded = BriefThread.call(
                "bench-weights", () -> LoadedModel.open(folder, type, kernel(), quantization.config()));
        return new GenerateModel(String.valueOf(path.getFileName()), quantization, loaded, loaded.zebra());
    }

    /// Draws a model's weights, in memory.
    public static GenerateModel random(RandomModel shape, DType dtype, WeightQuantization quantization) {
        return random("random " + shape.label(), shape.config(), dtype, quantization);
    }

    static GenerateModel random(String label, ZebraConfig config, DType dtype, WeightQuantization quantization) {
        if (dtype != DType.FLOAT32 && dtype != DType.BFLOAT16) {
            throw new IllegalArgumentException("dtype must be float32 or bfloat16: got " + dtype.label());
        }
        var lifetime = new Lifetime();
        boolean drawn = false;
        try {
            Zebra zebra = BriefThread.call("bench-weights", () -> {
                try (var _ = Scope.open()) {
                    var source = new Drawn(dtype, quantization.config(), lifetime);
                    return Zebra.load(Params.of(source), config, kernel());
                }
            });
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

    /// Draws weights, of which one is float32 at a time, and rounds matrices that are wanted in fewer bits.
    private record Drawn(DType dtype, @Nullable QuantizationConfig quantization, Lifetime lifetime)
            implements Params.Source {
        @Override
        public Tensor get(String name, Init init, long... shape) {
            try (var _ = Scope.open();
                    var full = new Lifetime()) {
                return lifetime.keep(
                        new FreshParams(SEED, full).get(name, init, shape).to(dtype));
            }
        }

        @Override
        public Weight weight(String name, Init init, long out, long in) {
            if (quantization == null || quantization.formatOf(name) == WeightFormat.KEEP) {
                return new DenseWeight(get(name, init, out, in));
            }
            try (var _ = Scope.open();
                    var full = new Lifetime()) {
                Weight rounded = quantization.quantize(name, new FreshParams(SEED, full).get(name, init, out, in));
                rounded.tensors().values().forEach(lifetime::keep);
                return rounded;
            }
        }
    }

    /// Returns the model with a system's layers; all systems share the weights.
    Zebra zebra(GenerateSystem system) {
        return dense.withAttentionTypes(system.of(dense.config()).attentionTypes());
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
        return dense.dtype();
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
