package org.zebralm.kernel;

import java.util.Arrays;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The factors of int8 keys and values, one for each token and head: `[keys, numKvHeads]` in float32.
///
/// An element is its int8 number times its row's factor. A row has one factor, not a block of it, so that a
/// kernel multiplies a score and a probability by it instead of every element.
public record KeyScales(Tensor k_SK, Tensor v_SK) {
    public KeyScales {
        for (Tensor scales : new Tensor[] {k_SK, v_SK}) {
            if (scales.rank() != 2 || scales.dtype() != DType.FLOAT32) {
                throw new IllegalArgumentException("scales must be [keys, numKvHeads] of float32: got " + scales);
            }
        }
        if (!Arrays.equals(k_SK.shape(), v_SK.shape())) {
            throw new IllegalArgumentException(
                    "keys and values must have one number of scales: got " + k_SK + " and " + v_SK);
        }
    }

    KeyScales narrow(long start, long length) {
        return new KeyScales(k_SK.narrow(0, start, length), v_SK.narrow(0, start, length));
    }
}
