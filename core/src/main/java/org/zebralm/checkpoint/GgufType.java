package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// How the numbers of a GGUF tensor are stored: one by one, or in blocks of small whole numbers with shared scales.
///
/// Codes and sizes are those of ggml's `ggml_type`.
enum GgufType {
    F32(0, 1, 4, DType.FLOAT32),
    F16(1, 1, 2, DType.FLOAT16),
    BF16(30, 1, 2, DType.BFLOAT16),
    Q4_0(2, 32, 18, null),
    Q8_0(8, 32, 34, null),
    Q4_K(12, 256, 144, null),
    Q6_K(14, 256, 210, null);

    final int code;
    final int blockElements;
    final int blockBytes;

    /// The type of numbers stored one by one; null where they have to be decoded.
    final @Nullable DType plain;

    GgufType(int code, int blockElements, int blockBytes, @Nullable DType plain) {
        this.code = code;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.plain = plain;
    }

    /// Returns the type of this code.
    ///
    /// @throws IllegalArgumentException if we do not read it
    static GgufType of(int code) {
        for (GgufType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new IllegalArgumentException("the type must be one of "
                + Arrays.stream(values()).map(GgufType::name).collect(Collectors.joining(", ")) + ": got "
                + name(code));
    }

    private static String name(int code) {
        return switch (code) {
            case 3 -> "Q4_1";
            case 6 -> "Q5_0";
            case 7 -> "Q5_1";
            case 9 -> "Q8_1";
            case 10 -> "Q2_K";
            case 11 -> "Q3_K";
            case 13 -> "Q5_K";
            case 15 -> "Q8_K";
            case 16 -> "IQ2_XXS";
            case 17 -> "IQ2_XS";
            case 18 -> "IQ3_XXS";
            case 19 -> "IQ1_S";
            case 20 -> "IQ4_NL";
            case 21 -> "IQ3_S";
            case 22 -> "IQ2_S";
            case 23 -> "IQ4_XS";
            case 24 -> "I8";
            case 25 -> "I16";
            case 26 -> "I32";
            case 27 -> "I64";
            case 28 -> "F64";
            case 29 -> "IQ1_M";
            case 34 -> "TQ1_0";
            case 35 -> "TQ2_0";
            case 39 -> "MXFP4";
            default -> "the unknown number " + Integer.toUnsignedString(code);
        };
    }
}
