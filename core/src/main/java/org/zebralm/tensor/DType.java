package org.zebralm.tensor;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The element types we store and compute in.
public enum DType {
    FLOAT64(8, ScalarType.Double),
    FLOAT32(4, ScalarType.Float),
    FLOAT16(2, ScalarType.Half),
    BFLOAT16(2, ScalarType.BFloat16),
    INT64(8, ScalarType.Long),
    INT32(4, ScalarType.Int),
    INT8(1, ScalarType.Char),
    UINT8(1, ScalarType.Byte),
    BOOL(1, ScalarType.Bool);

    private final int bytes;
    private final ScalarType scalarType;

    DType(int bytes, ScalarType scalarType) {
        this.bytes = bytes;
        this.scalarType = scalarType;
    }

    /// Returns the size of one element in bytes.
    public int bytes() {
        return bytes;
    }

    /// Returns whether elements are floating-point numbers.
    public boolean isFloating() {
        return this == FLOAT64 || this == FLOAT32 || this == FLOAT16 || this == BFLOAT16;
    }

    /// Returns the name users and `config.json` write: `float32`, `bfloat16`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the type with this [#label].
    public static DType parse(String label) {
        for (DType type : values()) {
            if (type.label().equals(label)) {
                return type;
            }
        }
        throw new IllegalArgumentException("dtype must be one of "
                + Arrays.stream(values()).map(DType::label).collect(Collectors.joining(", ")) + ": got " + label);
    }

    ScalarType scalarType() {
        return scalarType;
    }

    static DType of(ScalarType scalarType) {
        int value = scalarType.value;
        for (DType type : values()) {
            if (type.scalarType.value == value) {
                return type;
            }
        }
        throw new IllegalArgumentException("no element type of ours for libtorch's " + scalarType);
    }
}
