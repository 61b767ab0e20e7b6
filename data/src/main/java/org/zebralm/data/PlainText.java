package org.zebralm.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/// A whole file as a text.
///
/// @param text the text, invalid UTF-8 replaced
/// @param numBytes its size, unpacked
/// @param numReplaced invalid sequences that became U+FFFD
record PlainText(String text, long numBytes, long numReplaced) {

    /// Binary files show it early.
    private static final int HEAD_BYTES = 8192;

    /// More invalid sequences than one in this many bytes of the head, and it is no text. Random bytes have
    /// about one in three, a Latin-1 text in French one in thirty.
    private static final int BYTES_PER_INVALID = 10;

    /// Reads a file; one that is binary, empty, corrupt or over `maxBytes` is an [UnreadableFileException].
    static PlainText read(Path file, int maxBytes) throws UnreadableFileException {
        try (InputStream in = Compression.open(file)) {
            byte[] head = in.readNBytes(HEAD_BYTES);
            requireText(head);
            byte[] rest = in.readNBytes(maxBytes + 1 - Math.min(maxBytes, head.length));
            if ((long) head.length + rest.length > maxBytes) {
                throw new UnreadableFileException(
                        "over " + maxBytes + " bytes: cut " + file.getFileName() + " into several documents");
            }
            byte[] bytes = new byte[head.length + rest.length];
            System.arraycopy(head, 0, bytes, 0, head.length);
            System.arraycopy(rest, 0, bytes, head.length, rest.length);
            Utf8 decoded = Utf8.decode(ByteBuffer.wrap(bytes));
            return new PlainText(decoded.text(), bytes.length, decoded.numReplaced());
        } catch (IOException e) {
            throw UnreadableFileException.of(e);
        }
    }

    private static void requireText(byte[] head) throws UnreadableFileException {
        if (head.length == 0) {
            throw new UnreadableFileException("empty");
        }
        for (int i = 0; i < head.length; i++) {
            if (head[i] == 0) {
                throw new UnreadableFileException("binary: byte " + i + " is NUL");
            }
        }
        long invalid = Utf8.decode(ByteBuffer.wrap(head)).numReplaced();
        if (invalid * BYTES_PER_INVALID > head.length) {
            throw new UnreadableFileException(
                    "binary or not UTF-8: " + invalid + " invalid sequences in the first " + head.length + " bytes");
        }
    }
}
