package org.zebralm.kernel;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// How elements lie in memory; all of them are computed with in float32.
enum Storage {
    FLOAT32(4),
    BFLOAT16(2),
    /// With a factor for each token and head, see [KeyScales].
    INT8(1);

    private final int bytes;

    Storage(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /// Returns how many elements a 32-bit word holds.
    int perWord() {
        return 4 / bytes;
    }

    /// Returns the number of the order in which words give elements, from 0 on: see [WordOrder].
    int order() {
        return Integer.numberOfTrailingZeros(perWord());
    }

    static Storage of(Tensor x) {
        return switch (x.dtype()) {
            case DType.FLOAT32 -> FLOAT32;
            case DType.BFLOAT16 -> BFLOAT16;
            case DType.INT8 -> INT8;
            default -> throw new IllegalArgumentException("the kernel stores float32, bfloat16 and int8: got " + x);
        };
    }
}
