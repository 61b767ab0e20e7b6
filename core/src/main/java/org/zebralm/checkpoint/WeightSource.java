package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// The tensors of a checkpoint by the names and in the layout that Hugging Face gives them, whatever file holds them.
///
/// Names and shapes are known once a source is open; the numbers are read when a tensor is asked for. Tensors are
/// read-only, made in the caller's open [Scope], and valid until [#close].
public interface WeightSource extends AutoCloseable {
    /// Returns all names, in the order of the files.
    Set<String> names();

    /// Returns the type a tensor is stored in; a quantized one counts as float32, which is what it decodes to.
    DType dtype(String name);

    /// Returns what a tensor is stored as, in the words of its file's format: `bfloat16`, `Q4_K`.
    default String storedType(String name) {
        return dtype(name).label();
    }

    /// Returns whether a tensor is stored in fewer bits than any number has, so that its type is what it decodes to.
    default boolean isQuantized(String name) {
        return false;
    }

    long[] shape(String name);

    /// Returns a tensor in the type it is stored in: a view of the mapped file wherever the layout allows it.
    Tensor tensor(String name);

    /// Returns a tensor as `dtype`, without gaps: what [#tensor] returns if that is so already, else a copy that is
    /// made without a second one of another type beside it.
    default Tensor tensor(String name, DType dtype) {
        return tensor(name).to(dtype).contiguous();
    }

    /// Returns whether two tensors have the same type, shape and bytes.
    default boolean areEqual(String one, String other) {
        if (dtype(one) != dtype(other) || !Arrays.equals(shape(one), shape(other))) {
            return false;
        }
        try (var _ = Scope.open()) {
            MemorySegment first = tensor(one).contiguous().memory();
            return first.mismatch(tensor(other).contiguous().memory()) == -1;
        }
    }

    @Override
    void close();
}
