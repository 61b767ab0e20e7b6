package org.zebralm.checkpoint;

import java.io.IOException;
import java.util.Arrays;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A tensor to be written whose numbers are made when their turn comes, all at once or piece by piece.
///
/// So a file may be larger than memory.
public final class PendingTensor {
    private final DType dtype;
    private final long[] shape;
    private final Pieces pieces;

    private PendingTensor(DType dtype, long[] shape, Pieces pieces) {
        this.dtype = dtype;
        this.shape = shape.clone();
        this.pieces = pieces;
    }

    /// Makes the pieces that follow one another in the tensor's memory, and hands over each.
    @FunctionalInterface
    public interface Pieces {
        void writeTo(Sink sink) throws IOException;
    }

    /// Takes a piece of any shape, and is done with it when it returns.
    @FunctionalInterface
    public interface Sink {
        void take(Tensor piece) throws IOException;
    }

    /// A tensor whose `pieces` have `dtype` or are converted to it.
    public static PendingTensor of(DType dtype, long[] shape, Pieces pieces) {
        return new PendingTensor(dtype, shape, pieces);
    }

    /// A tensor that is there, as `dtype`.
    static PendingTensor of(Tensor tensor, DType dtype) {
        return new PendingTensor(dtype, tensor.shape(), sink -> sink.take(tensor));
    }

    /// A tensor that is read from `source`, as `dtype`, when its turn comes.
    static PendingTensor of(WeightSource source, String name, DType dtype) {
        return new PendingTensor(dtype, source.shape(name), sink -> {
            try (var _ = Scope.open()) {
                sink.take(source.tensor(name, dtype));
            }
        });
    }

    DType dtype() {
        return dtype;
    }

    long[] shape() {
        return shape.clone();
    }

    long numBytes() {
        return Arrays.stream(shape).reduce(dtype.bytes(), Math::multiplyExact);
    }

    void writeTo(Sink sink) throws IOException {
        pieces.writeTo(sink);
    }
}
