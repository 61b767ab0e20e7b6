package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where the entries of a zip file lie, so that they can be used where they are.
///
/// `java.util.zip` copies what it reads; checkpoints store their entries uncompressed so that nobody has to. The format
/// is PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
final class ZipDirectory {
    private static final int LOCAL_HEADER = 0x04034b50;
    private static final int CENTRAL_HEADER = 0x02014b50;
    private static final int END = 0x06054b50;
    private static final int END_64 = 0x06064b50;
    private static final int END_64_LOCATOR = 0x07064b50;

    private static final int LOCAL_HEADER_BYTES = 30;
    private static final int END_BYTES = 22;
    private static final int END_64_BYTES = 56;
    private static final int LOCATOR_BYTES = 20;
    private static final int MAX_COMMENT_BYTES = 0xFFFF;
    private static final int ZIP64_EXTRA = 1;
    private static final long SATURATED = 0xFFFF_FFFFL;

    /// A directory of so many bytes describes more than a million entries.
    private static final long MAX_DIRECTORY_BYTES = 100_000_000;

    private final String file;
    private final MemorySegment bytes;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private record Entry(String name, long header, long begin, long end) {}

    private record Extent(long begin, long size) {}

    private ZipDirectory(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    /// Returns the bytes of each entry by its name, in the directory's order.
    ///
    /// @throws IllegalArgumentException if the file breaks a rule of the format, or an entry is compressed
    static Map<String, MemorySegment> read(String file, MemorySegment bytes) {
        var zip = new ZipDirectory(file, bytes);
        zip.readEntries();
        Map<String, MemorySegment> found = new LinkedHashMap<>();
        zip.entries.forEach((name, entry) -> found.put(name, bytes.asSlice(entry.begin, entry.end - entry.begin)));
        return Collections.unmodifiableMap(found);
    }

    private void readEntries() {
        Extent directory = directory();
        if (directory.size > MAX_DIRECTORY_BYTES) {
            throw refuse("its directory must be at most " + MAX_DIRECTORY_BYTES + " bytes: got " + directory.size);
        }
        ByteCursor cursor = cursor(directory.begin, directory.size);
        while (cursor.remaining() > 0) {
            Entry entry = readEntry(cursor, directory.begin);
            if (entries.put(entry.name, entry) != null) {
                throw refuse("the entry " + entry.name + " is there twice");
            }
        }
        requireApart();
    }

    /// Finds the directory by the record at the file's end, behind which a comment may stand.
    private Extent directory() {
        long end = bytes.byteSize() - END_BYTES;
        long last = Math.max(0, end - MAX_COMMENT_BYTES);
        for (long at = end; at >= last; at--) {
            ByteCursor cursor = cursor(at, bytes.byteSize() - at);
            if (cursor.readInt() != END) {
                continue;
            }
            cursor.take(4L * Short.BYTES);
            long size = cursor.readUnsignedInt();
            long begin = cursor.readUnsignedInt();
            if (cursor.readShort() != cursor.remaining()) {
                continue; // the four bytes were part of something else
            }
            Extent extent = at >= LOCATOR_BYTES
                            && cursor(at - LOCATOR_BYTES, LOCATOR_BYTES).readInt() == END_64_LOCATOR
                    ? directory64(at - LOCATOR_BYTES)
                    : new Extent(begin, size);
            if (extent.size < 0 || extent.begin < 0 || extent.begin > at - extent.size) {
                throw refuse(
                        "its directory must lie within the file: got " + extent.size + " bytes at " + extent.begin);
            }
            return extent;
        }
        throw refuse("it has no zip directory: it is cut short or damaged");
    }

    private Extent directory64(long locator) {
        ByteCursor cursor = cursor(locator, LOCATOR_BYTES);
        cursor.take(2L * Integer.BYTES);
        long at = cursor.readLong();
        if (at < 0 || at > locator - END_64_BYTES) {
            throw refuse("its zip64 record must lie before byte " + locator + ": got " + Long.toUnsignedString(at));
        }
        ByteCursor end = cursor(at, END_64_BYTES);
        if (end.readInt() != END_64) {
            throw refuse("its zip64 record is not where the file says");
        }
        end.take(Long.BYTES + 2 * Short.BYTES + 2 * Integer.BYTES + 2 * Long.BYTES);
        long size = end.readLong();
        return new Extent(end.readLong(), size);
    }

    private Entry readEntry(ByteCursor cursor, long directory) {
        if (cursor.readInt() != CENTRAL_HEADER) {
            throw cursor.refuse("an entry of the zip directory must begin here");
        }
        cursor.take(2L * Short.BYTES);
        int flags = cursor.readShort();
        int method = cursor.readShort();
        cursor.take(2L * Short.BYTES + Integer.BYTES);
        long stored = cursor.readUnsignedInt();
        long size = cursor.readUnsignedInt();
        int nameBytes = cursor.readShort();
        int extraBytes = cursor.readShort();
        int commentBytes = cursor.readShort();
        cursor.take(2L * Short.BYTES + Integer.BYTES);
        long header = cursor.readUnsignedInt();
        String name = cursor.readText(nameBytes);
        ByteCursor extra = zip64(cursor.take(extraBytes));
        cursor.take(commentBytes);
        // In this order, and only those that did not fit above.
        size = size == SATURATED ? extra.readLong() : size;
        stored = stored == SATURATED ? extra.readLong() : stored;
        header = header == SATURATED ? extra.readLong() : header;
        if (method != 0 || (flags & 1) != 0 || stored != size) {
            throw refuse("the entry " + name + " must be stored as it is: it is compressed or encrypted");
        }
        if (header < 0 || header > directory - LOCAL_HEADER_BYTES) {
            throw refuse(
                    "the entry " + name + " must begin before the directory: got " + Long.toUnsignedString(header));
        }
        long begin = begin(name, header, size, directory);
        return new Entry(name, header, begin, begin + size);
    }

    /// Returns where an entry's bytes begin, behind a header of its own.
    private long begin(String name, long header, long size, long directory) {
        ByteCursor local = cursor(header, directory - header);
        if (local.readInt() != LOCAL_HEADER) {
            throw refuse("the entry " + name + " is not where the directory says");
        }
        local.take(LOCAL_HEADER_BYTES - Integer.BYTES - 2 * Short.BYTES);
        int nameBytes = local.readShort();
        int extraBytes = local.readShort();
        if (!local.readText(nameBytes).equals(name)) {
            throw refuse("the entry " + name + " has another name where it lies");
        }
        local.take(extraBytes);
        if (size < 0 || size > local.remaining()) {
            throw refuse("the entry " + name + " must end before the directory: got " + Long.toUnsignedString(size)
                    + " bytes where " + local.remaining() + " are left");
        }
        return header + local.position();
    }

    private ByteCursor zip64(MemorySegment extra) {
        ByteCursor fields = new ByteCursor(file, extra);
        while (fields.remaining() >= 2 * Short.BYTES) {
            int kind = fields.readShort();
            MemorySegment field = fields.take(fields.readShort());
            if (kind == ZIP64_EXTRA) {
                return new ByteCursor(file, field);
            }
        }
        return new ByteCursor(file, extra.asSlice(0, 0));
    }

    /// Entries that share bytes would show one tensor under two names.
    private void requireApart() {
        List<Entry> ascending = new ArrayList<>(entries.values());
        ascending.sort(Comparator.comparingLong(Entry::header));
        for (int i = 1; i < ascending.size(); i++) {
            if (ascending.get(i).header < ascending.get(i - 1).end) {
                throw refuse("the entries " + ascending.get(i - 1).name + " and " + ascending.get(i).name + " overlap");
            }
        }
    }

    private ByteCursor cursor(long at, long size) {
        return new ByteCursor(file, bytes.asSlice(at, size));
    }

    private IllegalArgumentException refuse(String rule) {
        return new IllegalArgumentException(file + ": " + rule);
    }
}
