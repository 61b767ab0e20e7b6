package org.zebralm.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/// Damages a file in ways that parsers trip over; a function of its random numbers alone.
final class Mutation {
    private static final long[] TELLING = {
        0,
        1,
        2,
        7,
        0x7F,
        0x80,
        0xFF,
        0x7FFF,
        0xFFFF,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xFFFF_FFFFL,
        1L << 32,
        1L << 40,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1
    };
    private static final int EDGE = 1500;

    private Mutation() {}

    /// Returns `bytes` with one to four changes.
    static byte[] of(byte[] bytes, RandomGenerator random) {
        byte[] mutant = bytes.clone();
        for (int i = random.nextInt(1, 5); i > 0 && mutant.length > 16; i--) {
            mutant = change(mutant, random);
        }
        return mutant;
    }

    private static byte[] change(byte[] bytes, RandomGenerator random) {
        int at = position(bytes.length, random);
        int room = bytes.length - at;
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (random.nextInt(9)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt();
            case 2 -> bytes[at] = (byte) TELLING[random.nextInt(TELLING.length)];
            case 3 -> {
                if (room >= Integer.BYTES) {
                    buffer.putInt(at, (int) TELLING[random.nextInt(TELLING.length)]);
                }
            }
            case 4 -> {
                if (room >= Long.BYTES) {
                    buffer.putLong(at, TELLING[random.nextInt(TELLING.length)]);
                }
            }
            case 5 -> bytes[at] += (byte) (random.nextBoolean() ? 1 : -1);
            case 6 -> {
                return Arrays.copyOf(bytes, at); // cut short
            }
            case 7 -> {
                return moved(bytes, at, Math.min(room, random.nextInt(1, 40)), random); // something twice
            }
            default -> {
                int count = Math.min(room, random.nextInt(1, 20)); // something left out
                byte[] shorter = Arrays.copyOf(bytes, bytes.length - count);
                System.arraycopy(bytes, at + count, shorter, at, room - count);
                return shorter;
            }
        }
        return bytes;
    }

    private static byte[] moved(byte[] bytes, int at, int count, RandomGenerator random) {
        int to = position(bytes.length, random);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + count);
        System.arraycopy(bytes, to, longer, to + count, bytes.length - to);
        System.arraycopy(bytes, at, longer, to, count);
        return longer;
    }

    /// What parsers read lies at the beginning or at the end.
    private static int position(int length, RandomGenerator random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(length);
            case 1 -> length - 1 - random.nextInt(Math.min(length, EDGE));
            default -> random.nextInt(Math.min(length, EDGE));
        };
    }
}
