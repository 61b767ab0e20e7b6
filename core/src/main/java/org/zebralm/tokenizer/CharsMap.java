package org.zebralm.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/// SentencePiece's `precompiled_charsmap`: strings to replace by others, the longest first.
///
/// Source: `normalizer.cc` of SentencePiece and the double array of Darts-clone: the number of the array's bytes, the
/// array, and the replacements, each ended by a zero. A rule that a damaged map cannot follow is an error when a text
/// needs it.
final class CharsMap {

    /// For a string to replace and for its replacement; that of U+FDFA, the longest of NFKC, has 33.
    private static final int MAX_BYTES = 4096;

    private final int[] units;
    private final byte[] replacements;

    /// @throws IllegalArgumentException if the bytes are no map
    CharsMap(byte[] precompiled) {
        ByteBuffer bytes = ByteBuffer.wrap(precompiled).order(ByteOrder.LITTLE_ENDIAN);
        long size = precompiled.length < Integer.BYTES ? -1 : Integer.toUnsignedLong(bytes.getInt());
        if (size < Integer.BYTES || size % Integer.BYTES != 0 || size >= bytes.remaining()) {
            throw new IllegalArgumentException(
                    "precompiled_charsmap must hold an array of 4 bytes or more and replacements after it: it has"
                            + " %d bytes, %d of them said to be the array's".formatted(precompiled.length, size));
        }
        this.units = new int[(int) size / Integer.BYTES];
        bytes.asIntBuffer().get(units);
        this.replacements = Arrays.copyOfRange(precompiled, Integer.BYTES + (int) size, precompiled.length);
    }

    /// A match: how many bytes of a text are replaced by what stands from where to where in [#replacements].
    record Rule(int length, int from, int to) {}

    private static final Rule NO_RULE = new Rule(0, 0, 0);

    /// The longest rule for the beginning of a text; of length 0 where there is none.
    Rule longest(byte[] text, int from, int to) {
        int length = 0;
        int value = 0;
        int node = offset(unit(0));
        int last = Math.min(to, from + MAX_BYTES);
        for (int i = from; i < last; i++) {
            node ^= text[i] & 0xFF;
            int unit = unit(node);
            if ((unit & 0x8000_00FF) != (text[i] & 0xFF)) {
                break;
            }
            node ^= offset(unit);
            if ((unit >>> 8 & 1) == 1) {
                length = i + 1 - from;
                value = unit(node) & 0x7FFF_FFFF;
            }
        }
        return length == 0 ? NO_RULE : new Rule(length, value, end(value));
    }

    /// What [Rule] points into.
    byte[] replacements() {
        return replacements;
    }

    private int unit(int index) {
        if (index < 0 || index >= units.length) {
            throw new IllegalArgumentException("precompiled_charsmap must not point outside its %d units: got %s"
                    .formatted(units.length, Integer.toUnsignedString(index)));
        }
        return units[index];
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private int end(int start) {
        int end = start;
        while (end < replacements.length && replacements[end] != 0 && end - start <= MAX_BYTES) {
            end++;
        }
        if (start >= replacements.length || end - start > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "a replacement of precompiled_charsmap must stand in its %d bytes and have at most %d: got one at %d"
                            .formatted(replacements.length, MAX_BYTES, start));
        }
        return end;
    }
}
