package org.zebralm.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Bytes in the making, numbers with their lowest byte first.
final class LittleEndianBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    LittleEndianBytes putByte(int number) {
        bytes.write(number);
        return this;
    }

    LittleEndianBytes putInt(int number) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array());
        return this;
    }

    LittleEndianBytes putLong(long number) {
        bytes.writeBytes(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array());
        return this;
    }

    LittleEndianBytes putFloat(float number) {
        return putInt(Float.floatToRawIntBits(number));
    }

    /// Puts eight bytes of length, and the text.
    LittleEndianBytes putText(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return putLong(utf8.length).putBytes(utf8);
    }

    LittleEndianBytes putBytes(byte[] more) {
        bytes.writeBytes(more);
        return this;
    }

    int size() {
        return bytes.size();
    }

    byte[] toArray() {
        return bytes.toByteArray();
    }
}
