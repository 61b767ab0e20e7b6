package org.zebralm.checkpoint;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.LongConsumer;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int4Weight;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.kernel.Weight;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The tensors of a quantized model, each matrix rounded when the first of its parts is to be written and forgotten
/// after the last.
final class PendingWeights {
    private final WeightSource weights;
    private final QuantizationConfig quantization;
    private final DType dtype;
    private final LongConsumer progress;
    private final SequencedMap<String, PendingTensor> tensors = new LinkedHashMap<>();
    private long sourceBytes;
    private long done;

    PendingWeights(
            ZebraConfig config,
            WeightSource weights,
            QuantizationConfig quantization,
            DType dtype,
            LongConsumer progress) {
        this.weights = weights;
        this.quantization = quantization;
        this.dtype = dtype;
        this.progress = progress;
        try (var _ = Scope.open()) {
            Tensor nothing = Tensors.empty(DType.FLOAT32, 0);
            Zebra.load(Params.of(new Noting(nothing)), config, new PortableAttention());
        }
    }

    SequencedMap<String, PendingTensor> tensors() {
        return tensors;
    }

    /// Returns the bytes that the source's weights take.
    long sourceBytes() {
        return sourceBytes;
    }

    private void keep(String name) {
        long bytes = count(name);
        tensors.put(name, PendingTensor.of(dtype, weights.shape(name), sink -> {
            try (var _ = Scope.open()) {
                sink.take(weights.tensor(name, dtype));
            }
            report(bytes);
        }));
    }

    private void round(String name, WeightFormat format, long out, long in) {
        long bytes = count(name);
        var rounded = new Rounded(name);
        boolean byRow = format == WeightFormat.INT8;
        int group = quantization.group();
        tensors.put(
                name,
                PendingTensor.of(
                        byRow ? DType.INT8 : DType.INT32,
                        byRow ? new long[] {out, in} : Int4Weight.wordsShape(out, in, group),
                        sink -> {
                            sink.take(rounded.part(""));
                            report(bytes);
                        }));
        tensors.put(
                name + Weight.SCALE,
                PendingTensor.of(
                        byRow ? DType.FLOAT32 : DType.BFLOAT16,
                        byRow ? new long[] {out} : Int4Weight.scalesShape(out, in, group),
                        sink -> {
                            sink.take(rounded.part(Weight.SCALE));
                            rounded.forget();
                        }));
    }

    private long count(String name) {
        long bytes = PendingTensor.of(weights, name, weights.dtype(name)).numBytes();
        sourceBytes += bytes;
        return bytes;
    }

    private void report(long bytes) {
        done += bytes;
        progress.accept(done);
    }

    /// One matrix, rounded.
    private final class Rounded {
        private final String name;
        private final Map<String, Tensor> parts = new LinkedHashMap<>();
        private Lifetime lifetime = new Lifetime();

        Rounded(String name) {
            this.name = name;
        }

        Tensor part(String suffix) {
            if (parts.isEmpty()) {
                try (var _ = Scope.open()) {
                    parts.putAll(
                            quantization.quantize(name, weights.tensor(name)).tensors());
                    parts.values().forEach(lifetime::keep);
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
                }
            }
            return Objects.requireNonNull(parts.get(suffix));
        }

        void forget() {
            parts.clear();
            lifetime.close();
            lifetime = new Lifetime();
        }
    }

    /// Notes what the model asks for.
    private final class Noting implements Params.Source {
        private final Tensor nothing;

        Noting(Tensor nothing) {
            this.nothing = nothing;
        }

        @Override
        public Tensor get(String name, Init init, long... shape) {
            keep(name);
            return nothing;
        }

        @Override
        public Weight weight(String name, Init init, long out, long in) {
            WeightFormat format = quantization.formatOf(name);
            if (format == WeightFormat.KEEP) {
                keep(name);
            } else {
                round(name, format, out, in);
            }
            return new DenseWeight(nothing);
        }
    }
}
