package org.zebralm.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes a GGUF file field by field, also as llama.cpp never would.
final class GgufBytes {
    private static final int ALIGNMENT = 32;

    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 12).order(ByteOrder.LITTLE_ENDIAN);

    GgufBytes(int version, long numTensors, long numKeys) {
        bytes.put("GGUF".getBytes(StandardCharsets.US_ASCII))
                .putInt(version)
                .putLong(numTensors)
                .putLong(numKeys);
    }

    GgufBytes whole(long number) {
        bytes.putLong(number);
        return this;
    }

    GgufBytes number(int... numbers) {
        for (int number : numbers) {
            bytes.putInt(number);
        }
        return this;
    }

    GgufBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes.putLong(utf8.length).put(utf8);
        return this;
    }

    /// A key with a number of type uint32.
    GgufBytes key(String key, int value) {
        return text(key).number(4, value);
    }

    GgufBytes key(String key, String value) {
        return text(key).number(8).text(value);
    }

    GgufBytes key(String key, String... values) {
        text(key).number(9, 8).whole(values.length);
        Arrays.stream(values).forEach(this::text);
        return this;
    }

    GgufBytes key(String key, float value) {
        return text(key).number(6, Float.floatToRawIntBits(value));
    }

    GgufBytes flags(String key, boolean... flags) {
        text(key).number(9, 7).whole(flags.length);
        for (boolean flag : flags) {
            bytes.put((byte) (flag ? 1 : 0));
        }
        return this;
    }

    GgufBytes wholes(String key, int... numbers) {
        return text(key).number(9, 5).whole(numbers.length).number(numbers);
    }

    /// A tensor with these sizes, innermost first.
    GgufBytes tensor(String name, int type, long offset, long... sizes) {
        text(name).number(sizes.length);
        Arrays.stream(sizes).forEach(this::whole);
        return number(type).whole(offset);
    }

    /// Returns the header, filled up to the alignment, and the tensors' bytes behind it.
    byte[] end(byte[] data) {
        int header = Math.ceilDiv(bytes.position(), ALIGNMENT) * ALIGNMENT;
        byte[] all = Arrays.copyOf(bytes.array(), header + data.length);
        System.arraycopy(data, 0, all, header, data.length);
        return all;
    }
}
