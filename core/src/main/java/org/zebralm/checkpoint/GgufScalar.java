package org.zebralm.checkpoint;

import org.jspecify.annotations.Nullable;

/// The types of single values in a GGUF file's metadata; codes are the format's.
enum GgufScalar {
    UINT8(0, 1),
    INT8(1, 1),
    UINT16(2, 2),
    INT16(3, 2),
    UINT32(4, 4),
    INT32(5, 4),
    FLOAT32(6, 4),
    BOOL(7, 1),
    /// Eight bytes of length, and the text.
    STRING(8, 8),
    UINT64(10, 8),
    INT64(11, 8),
    FLOAT64(12, 8);

    /// What stands for a list in place of a type.
    static final int LIST_CODE = 9;

    private final int code;

    /// The bytes that a value takes, at least.
    final int minBytes;

    GgufScalar(int code, int minBytes) {
        this.code = code;
        this.minBytes = minBytes;
    }

    int code() {
        return code;
    }

    /// Returns the type of this code, or null if there is none.
    static @Nullable GgufScalar of(int code) {
        for (GgufScalar type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }

    GgufValue read(ByteCursor in) {
        return switch (this) {
            case UINT8 -> new GgufValue.Whole(in.readByte());
            case INT8 -> new GgufValue.Whole((byte) in.readByte());
            case UINT16 -> new GgufValue.Whole(in.readShort());
            case INT16 -> new GgufValue.Whole((short) in.readShort());
            case UINT32 -> new GgufValue.Whole(in.readUnsignedInt());
            case INT32 -> new GgufValue.Whole(in.readInt());
            case UINT64, INT64 -> new GgufValue.Whole(in.readLong());
            case FLOAT32 -> new GgufValue.Real(Float.intBitsToFloat(in.readInt()));
            case FLOAT64 -> new GgufValue.Real(Double.longBitsToDouble(in.readLong()));
            case BOOL -> new GgufValue.Flag(in.readByte() != 0);
            case STRING -> new GgufValue.Text(in.take(in.readLong()));
        };
    }

    /// Passes over `count` values.
    void skip(ByteCursor in, long count) {
        if (this == STRING) {
            for (long i = 0; i < count; i++) {
                in.take(in.readLong());
            }
        } else {
            in.take(count * minBytes);
        }
    }
}
