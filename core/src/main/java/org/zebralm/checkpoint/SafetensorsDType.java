package org.zebralm.checkpoint;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// The names of element types in safetensors files.
final class SafetensorsDType {
    private SafetensorsDType() {}

    static String code(DType dtype) {
        return switch (dtype) {
            case FLOAT64 -> "F64";
            case FLOAT32 -> "F32";
            case FLOAT16 -> "F16";
            case BFLOAT16 -> "BF16";
            case INT64 -> "I64";
            case INT32 -> "I32";
            case INT8 -> "I8";
            case UINT8 -> "U8";
            case BOOL -> "BOOL";
        };
    }

    /// Returns the type of this name, or null if it is none of ours.
    static @Nullable DType parse(String code) {
        for (DType dtype : DType.values()) {
            if (code(dtype).equals(code)) {
                return dtype;
            }
        }
        return null;
    }
}
