package org.zebralm.train;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// TensorBoard's `Event` as protocol buffers have it on the wire (`event.proto` and `summary.proto` of
/// TensorBoard): a wall time, a step, and either a version, a start, or values with their tags.
final class EventMessage {
    /// Makes readers take a start for what it is, instead of guessing from steps that repeat.
    static final String VERSION = "brain.Event:2";

    // Fields of Event.
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;
    private static final int SESSION_LOG = 7;
    // Fields of Summary, Summary.Value and SessionLog.
    private static final int VALUE = 1;
    private static final int TAG = 1;
    private static final int SIMPLE_VALUE = 2;
    private static final int STATUS = 1;
    private static final int STATUS_START = 1;

    // Wire types.
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private EventMessage() {}

    /// A value with its name.
    record Value(String tag, double value) {}

    /// Opens every file.
    static byte[] version(double time) {
        return event(time, 0)
                .bytes(FILE_VERSION, VERSION.getBytes(StandardCharsets.UTF_8))
                .end();
    }

    /// Says that a run goes on: what files before this one have of `step` and later no longer holds.
    static byte[] start(double time, long step) {
        return event(time, step)
                .bytes(
                        SESSION_LOG,
                        new EventMessage().varint(STATUS, STATUS_START).end())
                .end();
    }

    static byte[] values(double time, long step, List<Value> values) {
        var summary = new EventMessage();
        for (Value value : values) {
            summary.bytes(
                    VALUE,
                    new EventMessage()
                            .bytes(TAG, value.tag().getBytes(StandardCharsets.UTF_8))
                            .fixed32(SIMPLE_VALUE, Float.floatToRawIntBits((float) value.value()))
                            .end());
        }
        return event(time, step).bytes(SUMMARY, summary.end()).end();
    }

    /// Returns the step of an event, 0 if it names none.
    ///
    /// @throws IllegalArgumentException if the bytes are no message
    static long step(byte[] event) {
        ByteBuffer in = ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN);
        long step = 0;
        while (in.hasRemaining()) {
            long key = varint(in);
            switch ((int) (key & 7)) {
                case VARINT -> {
                    long value = varint(in);
                    step = key >>> 3 == STEP ? value : step;
                }
                case FIXED64 -> skip(in, Long.BYTES);
                case FIXED32 -> skip(in, Integer.BYTES);
                case BYTES -> skip(in, varint(in));
                default -> throw new IllegalArgumentException("no wire type of an event: " + (key & 7));
            }
        }
        return step;
    }

    private static EventMessage event(double time, long step) {
        return new EventMessage()
                .fixed64(WALL_TIME, Double.doubleToRawLongBits(time))
                .varint(STEP, step);
    }

    private byte[] end() {
        return bytes.toByteArray();
    }

    private EventMessage varint(int field, long value) {
        key(field, VARINT);
        varint(value);
        return this;
    }

    private EventMessage fixed64(int field, long bits) {
        key(field, FIXED64);
        little(Long.BYTES, bits);
        return this;
    }

    private EventMessage fixed32(int field, int bits) {
        key(field, FIXED32);
        little(Integer.BYTES, bits);
        return this;
    }

    private EventMessage bytes(int field, byte... content) {
        key(field, BYTES);
        varint(content.length);
        bytes.writeBytes(content);
        return this;
    }

    private void key(int field, int wireType) {
        varint(((long) field << 3) | wireType);
    }

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        bytes.write((int) rest);
    }

    private void little(int count, long bits) {
        for (int i = 0; i < count; i++) {
            bytes.write((int) (bits >>> (8 * i)));
        }
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE && in.hasRemaining(); shift += 7) {
            byte next = in.get();
            value |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of an event does not end");
    }

    private static void skip(ByteBuffer in, long count) {
        if (count < 0 || count > in.remaining()) {
            throw new IllegalArgumentException("a field of an event does not end");
        }
        in.position(in.position() + (int) count);
    }
}
