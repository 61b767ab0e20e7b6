package org.zebralm.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads event files by the letter of their format, with nothing of what writes them: the checksum bit by bit,
/// messages field by field.
final class EventReader {
    /// @param start whether the event says that a run goes on
    record Event(double time, long step, String version, boolean start, Map<String, Float> values) {}

    private EventReader() {}

    static List<Event> read(Path path) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (in.hasRemaining()) {
            ByteBuffer head = in.slice(in.position(), 8);
            int length = Math.toIntExact(in.getLong());
            check(head, in.getInt());
            ByteBuffer body = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
            in.position(in.position() + length);
            check(body, in.getInt());
            events.add(event(body));
        }
        return events;
    }

    private static void check(ByteBuffer bytes, int stored) {
        int crc = ~0;
        for (int i = 0; i < bytes.limit(); i++) {
            crc ^= bytes.get(i) & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
            }
        }
        crc = ~crc;
        int masked = ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
        if (masked != stored) {
            throw new AssertionError("checksum is %08x, should be %08x".formatted(stored, masked));
        }
    }

    private static Event event(ByteBuffer in) {
        double time = Double.NaN;
        long step = 0;
        String version = "";
        boolean start = false;
        Map<String, Float> values = new LinkedHashMap<>();
        while (in.hasRemaining()) {
            switch (in.get()) {
                case 1 << 3 | 1 -> time = in.getDouble();
                case 2 << 3 -> step = varint(in);
                case 3 << 3 | 2 -> version = text(in);
                case 5 << 3 | 2 -> {
                    ByteBuffer summary = bytes(in);
                    while (summary.hasRemaining()) {
                        expect(summary, 1 << 3 | 2);
                        ByteBuffer value = bytes(summary);
                        expect(value, 1 << 3 | 2);
                        String tag = text(value);
                        expect(value, 2 << 3 | 5);
                        values.put(tag, value.getFloat());
                    }
                }
                case 7 << 3 | 2 -> {
                    ByteBuffer session = bytes(in);
                    expect(session, 1 << 3);
                    start = varint(session) == 1;
                }
                default -> throw new AssertionError("no field of an event");
            }
        }
        return new Event(time, step, version, start, values);
    }

    private static void expect(ByteBuffer in, int key) {
        int found = in.get();
        if (found != key) {
            throw new AssertionError("field %d, should be %d".formatted(found, key));
        }
    }

    private static String text(ByteBuffer in) {
        return StandardCharsets.UTF_8.decode(bytes(in)).toString();
    }

    private static ByteBuffer bytes(ByteBuffer in) {
        int length = (int) varint(in);
        ByteBuffer bytes = in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        in.position(in.position() + length);
        return bytes;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        byte next;
        do {
            next = in.get();
            value += (long) (next & 127) << shift;
            shift += 7;
        } while (next < 0);
        return value;
    }
}
