package org.zebralm.data;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The hash of a word's bytes, eight at a time.
final class WordHash {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    // Odd numbers without a pattern: the fraction of the golden ratio, and of the square root of 3.
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final long ROOT = 0xBB67AE8584CAA73BL;

    private WordHash() {}

    static int of(byte[] bytes, int start, int end) {
        long hash = (end - start) * ROOT;
        int at = start;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = mix(hash ^ (long) LONGS.get(bytes, at));
        }
        if (at < end) {
            hash = mix(hash ^ tail(bytes, at, end));
        }
        return (int) (hash >>> 32);
    }

    private static long mix(long value) {
        long product = value * GOLDEN;
        return product ^ (product >>> 29);
    }

    /// The last bytes, fewer than eight, as one number.
    private static long tail(byte[] bytes, int at, int end) {
        if (at + Long.BYTES <= bytes.length) {
            return (long) LONGS.get(bytes, at) & ((1L << (8 * (end - at))) - 1);
        }
        long tail = 0;
        for (int i = end - 1; i >= at; i--) {
            tail = tail << 8 | (bytes[i] & 0xFF);
        }
        return tail;
    }
}
