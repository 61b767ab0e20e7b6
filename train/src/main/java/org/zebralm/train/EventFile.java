package org.zebralm.train;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// A file of events in TensorFlow's record format: each has its length (8 bytes), that number's checksum, its
/// bytes, and their checksum, all little-endian.
///
/// An event is written by one call and nothing is kept back, so that a process killed at any moment leaves
/// whole events and at most one torn one at the end.
final class EventFile implements AutoCloseable {
    private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;
    /// More than any event of ours; a length beyond it is not one.
    private static final long MAX_EVENT = 1 << 24;

    private final FileChannel channel;

    private EventFile(FileChannel channel) {
        this.channel = channel;
    }

    static EventFile create(Path path) throws IOException {
        return new EventFile(FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    void append(byte... event) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(FRAME + event.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(event.length);
        record.putInt(maskedChecksum(record.array(), Long.BYTES));
        record.put(event).putInt(maskedChecksum(event, event.length)).flip();
        while (record.hasRemaining()) {
            channel.write(record);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /// Cuts a file off before its first event after `step`, and before one that an interruption tore. From a
    /// place on that cannot be read otherwise, the file stays as it is.
    static void cutAfter(Path path, long step) throws IOException {
        long size = Files.size(path);
        long whole = 0;
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path)))) {
            while (whole < size) {
                long length = Long.reverseBytes(in.readLong());
                in.readInt();
                if (length < 0 || length > MAX_EVENT) {
                    return;
                }
                byte[] event = new byte[(int) length];
                in.readFully(event);
                if (Integer.reverseBytes(in.readInt()) != maskedChecksum(event, event.length)) {
                    return;
                }
                if (EventMessage.step(event) > step) {
                    break;
                }
                whole += FRAME + length;
            }
        } catch (EOFException e) {
            // Torn: what is whole stays.
        }
        if (whole < size) {
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(whole);
            }
        }
    }

    /// A checksum of data that has checksums in it is weak unless those are masked (TensorFlow's `crc32c.h`).
    private static int maskedChecksum(byte[] bytes, int length) {
        var crc = new CRC32C();
        crc.update(bytes, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }
}
