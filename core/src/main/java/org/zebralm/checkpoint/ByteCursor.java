package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads a stretch of a mapped file from its beginning, little-endian, and never past its end.
final class ByteCursor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String what;
    private final MemorySegment bytes;
    private long at;

    /// @param what names in errors what is read: a file, or a part of one
    ByteCursor(String what, MemorySegment bytes) {
        this.what = what;
        this.bytes = bytes;
    }

    /// Returns how many bytes have been read.
    long position() {
        return at;
    }

    long remaining() {
        return bytes.byteSize() - at;
    }

    /// Reads an unsigned byte.
    int readByte() {
        return Byte.toUnsignedInt(bytes.get(ValueLayout.JAVA_BYTE, advance(1)));
    }

    /// Reads an unsigned number of two bytes.
    int readShort() {
        return Short.toUnsignedInt(bytes.get(SHORT, advance(Short.BYTES)));
    }

    int readInt() {
        return bytes.get(INT, advance(Integer.BYTES));
    }

    long readUnsignedInt() {
        return Integer.toUnsignedLong(readInt());
    }

    long readLong() {
        return bytes.get(LONG, advance(Long.BYTES));
    }

    /// Returns the next bytes, uncopied.
    MemorySegment take(long count) {
        return bytes.asSlice(advance(count), count);
    }

    /// Returns the bytes that `reading` passes over, uncopied.
    MemorySegment span(Runnable reading) {
        long from = at;
        reading.run();
        return bytes.asSlice(from, at - from);
    }

    /// Reads a text of so many bytes of UTF-8, which must be well-formed.
    String readText(long count) {
        if (count > Integer.MAX_VALUE - Long.BYTES) {
            throw refuse("a text must be shorter than 2 GiB: got " + Long.toUnsignedString(count) + " bytes");
        }
        MemorySegment text = take(count);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(text.asByteBuffer())
                    .toString();
        } catch (CharacterCodingException _) {
            throw refuse("a text is not valid UTF-8");
        }
    }

    private long advance(long count) {
        if (count < 0 || count > remaining()) {
            throw refuse(Long.toUnsignedString(count) + " bytes are wanted where " + remaining() + " are left of "
                    + bytes.byteSize() + ": it is cut short or damaged");
        }
        long from = at;
        at += count;
        return from;
    }

    IllegalArgumentException refuse(String rule) {
        return new IllegalArgumentException(what + ": at byte " + at + ": " + rule);
    }
}
