package org.zebralm.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes a pickle instruction by instruction, also those that `torch.save` never would.
final class PickleBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static PickleBytes begin() {
        return new PickleBytes().op(0x80).op(2);
    }

    PickleBytes op(int... instructions) {
        for (int instruction : instructions) {
            bytes.write(instruction);
        }
        return this;
    }

    PickleBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return op('X').raw(littleEndian(4).putInt(utf8.length))
                .raw(ByteBuffer.wrap(utf8).position(utf8.length));
    }

    PickleBytes whole(long value) {
        return op(0x8a, 8).raw(littleEndian(8).putLong(value));
    }

    PickleBytes global(String module, String name) {
        return line("c" + module).line(name);
    }

    PickleBytes line(String text) {
        bytes.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    PickleBytes wholes(long... values) {
        op('(');
        for (long value : values) {
            whole(value);
        }
        return op('t');
    }

    PickleBytes storage(String type, String key, long numElements) {
        return op('(').text("storage")
                .global("torch", type)
                .text(key)
                .text("cpu")
                .whole(numElements)
                .op('t', 'Q');
    }

    /// A tensor of floats on a storage with this key.
    PickleBytes tensor(String key, long numElements, long offset, long[] shape, long[] strides) {
        return global("torch._utils", "_rebuild_tensor_v2")
                .op('(')
                .storage("FloatStorage", key, numElements)
                .whole(offset)
                .wholes(shape)
                .wholes(strides)
                .op(0x89)
                .global("collections", "OrderedDict")
                .op(')', 'R', 't', 'R');
    }

    /// Ends the pickle.
    byte[] end() {
        return op('.').bytes.toByteArray();
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private PickleBytes raw(ByteBuffer filled) {
        byte[] copy = new byte[filled.position()];
        filled.flip().get(copy);
        bytes.writeBytes(copy);
        return this;
    }
}
