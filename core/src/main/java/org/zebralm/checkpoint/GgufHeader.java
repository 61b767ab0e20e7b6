package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a GGUF file says of itself: metadata, and where its tensors lie.
///
/// The format: `GGUF`, a version, two counts, keys with values, names with shapes and offsets, then the tensors'
/// bytes. See `docs/gguf.md` of <https://github.com/ggml-org/ggml>.
record GgufHeader(Map<String, GgufValue> metadata, Map<String, Entry> tensors) {
    private static final int MAGIC = 0x46554747;
    private static final int OLDEST = 2;
    private static final int NEWEST = 3;
    private static final int DEFAULT_ALIGNMENT = 32;
    private static final int MAX_ALIGNMENT = 1 << 16;
    private static final int MAX_RANK = 4;
    private static final int MAX_NAME_BYTES = 1024;

    /// Far above any file, and few enough that a hostile one costs little.
    private static final long MAX_COUNT = 100_000;

    /// One tensor: its sizes, the innermost first as in the file, and its bytes behind the header.
    record Entry(String name, GgufType type, List<Long> sizes, MemorySegment bytes) {
        /// Returns the shape as we have it, outermost first.
        long[] shape() {
            long[] shape = new long[sizes.size()];
            for (int axis = 0; axis < shape.length; axis++) {
                shape[axis] = sizes.get(shape.length - 1 - axis);
            }
            return shape;
        }
    }

    private record Placed(String name, GgufType type, List<Long> sizes, long offset, long bytes) {}

    /// Reads the header at the beginning of a file.
    ///
    /// @throws IllegalArgumentException naming the file and the rule of the format that it breaks
    static GgufHeader read(String file, MemorySegment bytes) {
        var in = new ByteCursor(file, bytes);
        if (in.readInt() != MAGIC) {
            throw new IllegalArgumentException(file + " is no GGUF file: it does not begin with GGUF");
        }
        int version = in.readInt();
        if (version < OLDEST || version > NEWEST) {
            boolean isBigEndian = Integer.reverseBytes(version) >= OLDEST && Integer.reverseBytes(version) <= NEWEST;
            throw new IllegalArgumentException(file + ": the version of a GGUF file must be 2 or 3: got "
                    + (isBigEndian ? "a big-endian file" : Integer.toUnsignedString(version)));
        }
        long numTensors = count(in, "tensors");
        long numKeys = count(in, "keys");
        Map<String, GgufValue> metadata = new LinkedHashMap<>();
        for (long i = 0; i < numKeys; i++) {
            String key = in.readText(nameBytes(in));
            if (metadata.put(key, readValue(in, key)) != null) {
                throw in.refuse("the key " + key + " is there twice");
            }
        }
        List<Placed> placed = new ArrayList<>();
        for (long i = 0; i < numTensors; i++) {
            placed.add(readTensor(in));
        }
        return new GgufHeader(Collections.unmodifiableMap(metadata), place(in, bytes, placed, alignment(in, metadata)));
    }

    private static long count(ByteCursor in, String what) {
        long count = in.readLong();
        if (count < 0 || count > MAX_COUNT) {
            throw in.refuse(
                    "there must be at most " + MAX_COUNT + " " + what + ": got " + Long.toUnsignedString(count));
        }
        return count;
    }

    private static long nameBytes(ByteCursor in) {
        long length = in.readLong();
        if (length < 0 || length > MAX_NAME_BYTES) {
            throw in.refuse(
                    "a name must have at most " + MAX_NAME_BYTES + " bytes: got " + Long.toUnsignedString(length));
        }
        return length;
    }

    private static GgufValue readValue(ByteCursor in, String key) {
        int code = in.readInt();
        if (code != GgufScalar.LIST_CODE) {
            return scalar(in, key, code).read(in);
        }
        GgufScalar type = scalar(in, key, in.readInt());
        long count = in.readLong();
        if (count < 0 || count > in.remaining() / type.minBytes) {
            throw in.refuse("the list " + key + " must end within the file: got " + Long.toUnsignedString(count)
                    + " entries where " + in.remaining() + " bytes are left");
        }
        return new GgufValue.Items(type, count, in.span(() -> type.skip(in, count)));
    }

    private static GgufScalar scalar(ByteCursor in, String key, int code) {
        @Nullable GgufScalar type = GgufScalar.of(code);
        if (type == null) {
            throw in.refuse("the value of " + key + " must be a number, a flag, a text or a list of them: got type "
                    + Integer.toUnsignedString(code));
        }
        return type;
    }

    private static Placed readTensor(ByteCursor in) {
        String name = in.readText(nameBytes(in));
        int rank = in.readInt();
        if (rank < 1 || rank > MAX_RANK) {
            throw in.refuse("the tensor " + name + " must have 1 to " + MAX_RANK + " axes: got "
                    + Integer.toUnsignedString(rank));
        }
        List<Long> sizes = new ArrayList<>();
        long numElements = 1;
        for (int axis = 0; axis < rank; axis++) {
            long size = in.readLong();
            if (size < 1 || numElements > (Long.MAX_VALUE >> 4) / size) {
                throw in.refuse("the sizes of the tensor " + name + " must be from 1, with a product below 2^59: got "
                        + Long.toUnsignedString(size) + " after " + sizes);
            }
            numElements *= size;
            sizes.add(size);
        }
        GgufType type;
        try {
            type = GgufType.of(in.readInt());
        } catch (IllegalArgumentException e) {
            throw in.refuse("the tensor " + name + ": " + e.getMessage());
        }
        if (sizes.getFirst() % type.blockElements != 0) {
            throw in.refuse("the rows of the tensor " + name + " must be whole blocks of " + type.blockElements
                    + " elements: got " + sizes.getFirst());
        }
        long offset = in.readLong();
        return new Placed(name, type, List.copyOf(sizes), offset, numElements / type.blockElements * type.blockBytes);
    }

    private static long alignment(ByteCursor in, Map<String, GgufValue> metadata) {
        GgufValue value = metadata.get("general.alignment");
        long alignment = value instanceof GgufValue.Whole(long number) ? number : value == null ? DEFAULT_ALIGNMENT : 0;
        if (alignment < Long.BYTES || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
            throw in.refuse("general.alignment must be a power of two from 8 to " + MAX_ALIGNMENT + ": got "
                    + (value == null ? "" : value.describe()));
        }
        return alignment;
    }

    private static Map<String, Entry> place(ByteCursor in, MemorySegment file, List<Placed> placed, long alignment) {
        long begin = Math.min(Math.ceilDiv(in.position(), alignment) * alignment, file.byteSize());
        MemorySegment data = file.asSlice(begin);
        Map<String, Entry> tensors = new LinkedHashMap<>();
        for (Placed tensor : placed) {
            if (tensor.offset < 0
                    || tensor.offset % alignment != 0
                    || tensor.bytes > data.byteSize()
                    || tensor.offset > data.byteSize() - tensor.bytes) {
                throw in.refuse("the tensor " + tensor.name + " of " + tensor.bytes
                        + " bytes must begin at a multiple of "
                        + alignment + " and end within the " + data.byteSize() + " bytes behind the header: got offset "
                        + Long.toUnsignedString(tensor.offset));
            }
            Entry entry = new Entry(tensor.name, tensor.type, tensor.sizes, data.asSlice(tensor.offset, tensor.bytes));
            if (tensors.put(tensor.name, entry) != null) {
                throw in.refuse("the tensor " + tensor.name + " is there twice");
            }
        }
        List<Placed> ascending = new ArrayList<>(placed);
        ascending.sort(Comparator.comparingLong(Placed::offset));
        for (int i = 1; i < ascending.size(); i++) {
            if (ascending.get(i).offset < ascending.get(i - 1).offset + ascending.get(i - 1).bytes) {
                throw in.refuse(
                        "the tensors " + ascending.get(i - 1).name + " and " + ascending.get(i).name + " overlap");
            }
        }
        return Collections.unmodifiableMap(tensors);
    }
}
