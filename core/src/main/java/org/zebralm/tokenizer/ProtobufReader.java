package org.zebralm.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Walks over the fields of a Protocol Buffers message.
///
/// Nothing is allocated but what a caller asks for, and that is never more than the bytes there are. Whatever is not
/// the wire format (protobuf.dev/programming-guides/encoding) is an `IllegalArgumentException`.
final class ProtobufReader {

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final ByteBuffer bytes;
    private int field;
    private int wireType;

    ProtobufReader(byte[] bytes) {
        this(ByteBuffer.wrap(bytes));
    }

    private ProtobufReader(ByteBuffer bytes) {
        this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Goes to the next field; its value must be read or skipped before the one after it.
    ///
    /// @return whether there is one
    boolean next() {
        if (!bytes.hasRemaining()) {
            return false;
        }
        long tag = readVarint();
        wireType = (int) (tag & 7);
        if (tag >>> 3 < 1 || tag >>> 3 > 0x1FFF_FFFF) {
            throw new IllegalArgumentException(
                    "a field must have a number from 1 to 2^29 - 1: got " + Long.toUnsignedString(tag >>> 3));
        }
        field = (int) (tag >>> 3);
        return true;
    }

    /// The number of the field.
    int field() {
        return field;
    }

    /// The value of a field of whole numbers, truth values or enumerations.
    long varint() {
        require(VARINT);
        return readVarint();
    }

    boolean flag() {
        return varint() != 0;
    }

    /// The value of a field of type float.
    float float32() {
        require(FIXED32);
        requireLeft(Float.BYTES);
        return bytes.getFloat();
    }

    /// The value of a field of text, which must be UTF-8.
    String string() {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(slice()).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a text must be UTF-8: field " + field + " is not", e);
        }
    }

    /// The value of a field of bytes.
    byte[] bytes() {
        ByteBuffer slice = slice();
        byte[] copy = new byte[slice.remaining()];
        slice.get(copy);
        return copy;
    }

    /// The value of a field that is a message itself; its bytes are not copied.
    ProtobufReader message() {
        return new ProtobufReader(slice());
    }

    /// Passes over a value that nobody wants.
    void skip() {
        switch (wireType) {
            case VARINT -> readVarint();
            case FIXED64 -> advance(Long.BYTES);
            case LENGTH -> slice();
            case FIXED32 -> advance(Integer.BYTES);
            default ->
                throw new IllegalArgumentException(
                        "a field must have wire type 0, 1, 2 or 5: field %d has %d".formatted(field, wireType));
        }
    }

    private ByteBuffer slice() {
        require(LENGTH);
        long length = readVarint();
        if (length < 0 || length > bytes.remaining()) {
            throw new IllegalArgumentException(
                    "a field must end within its message: field %d has %s bytes, with %d left"
                            .formatted(field, Long.toUnsignedString(length), bytes.remaining()));
        }
        ByteBuffer slice = bytes.slice(bytes.position(), (int) length);
        advance((int) length);
        return slice;
    }

    private long readVarint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            requireLeft(1);
            byte b = bytes.get();
            value |= (b & 0x7FL) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a whole number must have at most 10 bytes: field " + field + " has more");
    }

    private void advance(int numBytes) {
        requireLeft(numBytes);
        bytes.position(bytes.position() + numBytes);
    }

    private void require(int expected) {
        if (wireType != expected) {
            throw new IllegalArgumentException(
                    "field %d must have wire type %d: got %d".formatted(field, expected, wireType));
        }
    }

    private void requireLeft(int numBytes) {
        if (bytes.remaining() < numBytes) {
            throw new IllegalArgumentException("it ends within a field: %d bytes are left where %d must be"
                    .formatted(bytes.remaining(), numBytes));
        }
    }
}
