package org.zebralm.tokenizer;

import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/// What SentencePiece does to a text before it cuts it, step by step as in its `normalizer.cc`.
///
/// Works on UTF-8. User-defined pieces are left as they are; of the rest, the longest string that has a rule is
/// replaced, and what comes out is not looked at again.
final class SentencePieceNormalizer {

    private static final byte[] BLANK = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};
    private static final byte[] SPACE = {' '};

    private final @Nullable CharsMap charsMap;
    private final ByteTrie userDefined;
    private final SentencePieceText text;
    private final byte[] blank;

    SentencePieceNormalizer(SentencePieceText text, ByteTrie userDefined) {
        this.charsMap = text.charsmap() == null
                ? null
                : new CharsMap(Base64.getDecoder().decode(text.charsmap()));
        this.userDefined = userDefined;
        this.text = text;
        this.blank = text.escapeWhitespaces() ? BLANK : SPACE;
    }

    /// Returns what the bytes of a text become.
    byte[] normalize(byte[] bytes, int from, int to) {
        var out = new Out(to - from);
        var next = new Prefix(bytes);
        int at = from;
        if (text.removeExtraWhitespaces()) {
            while (at < to) {
                next.read(at, to);
                if (next.end - next.start != 1 || next.source[next.start] != ' ') {
                    break;
                }
                at += next.length;
            }
        }
        if (at == to) {
            return new byte[0];
        }
        if (text.dummyPrefix()) {
            out.append(blank, 0, blank.length);
        }
        boolean isAfterSpace = text.removeExtraWhitespaces();
        while (at < to) {
            next.read(at, to);
            int start = next.start;
            while (isAfterSpace && start < next.end && next.source[start] == ' ') {
                start++;
            }
            if (start < next.end) {
                appendEscaped(out, next.source, start, next.end);
                isAfterSpace = text.removeExtraWhitespaces() && next.source[next.end - 1] == ' ';
            }
            at += next.length;
        }
        return out.bytes(text.removeExtraWhitespaces() ? blank : null);
    }

    private void appendEscaped(Out out, byte[] source, int start, int end) {
        int written = start;
        for (int i = start; i < end; i++) {
            if (source[i] == ' ') {
                out.append(source, written, i);
                out.append(blank, 0, blank.length);
                written = i + 1;
            }
        }
        out.append(source, written, end);
    }

    /// What the next bytes of a text become: one character, one rule, or one user-defined piece.
    private final class Prefix {
        private final byte[] text;
        private byte[] source;
        private int start;
        private int end;
        private int length;

        Prefix(byte[] text) {
            this.text = text;
            this.source = text;
        }

        void read(int at, int to) {
            source = text;
            start = at;
            end = userDefined.longestEnd(text, at, to);
            length = end - at;
            if (length > 0) {
                return;
            }
            if (charsMap != null) {
                CharsMap.Rule rule = charsMap.longest(text, at, to);
                if (rule.length() > 0) {
                    source = charsMap.replacements();
                    start = rule.from();
                    end = rule.to();
                    length = rule.length();
                    return;
                }
            }
            length = Math.min(to - at, SentencePieceEncoder.characterLength(text[at]));
            end = at + length;
        }
    }

    private static final class Out {
        private byte[] bytes;
        private int size;

        Out(int capacity) {
            this.bytes = new byte[capacity + 16];
        }

        void append(byte[] source, int from, int to) {
            int grown = Math.addExact(size, to - from);
            if (grown > bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8, grown + (grown >> 1) + 64L));
            }
            System.arraycopy(source, from, bytes, size, to - from);
            size = grown;
        }

        /// What was written, without some blanks at its end.
        byte[] bytes(byte @Nullable [] trailing) {
            while (trailing != null
                    && size >= trailing.length
                    && Arrays.equals(bytes, size - trailing.length, size, trailing, 0, trailing.length)) {
                size -= trailing.length;
            }
            return Arrays.copyOf(bytes, size);
        }
    }
}
