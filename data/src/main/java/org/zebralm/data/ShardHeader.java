package org.zebralm.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// The first 96 bytes of a token shard, little-endian.
///
/// | at | bytes | what |
/// |---:|---:|---|
/// | 0 | 8 | `ZEBRATOK` |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | bytes of a token, 2 or 4, unsigned |
/// | 16 | 8 | documents |
/// | 24 | 8 | tokens |
/// | 32 | 4 | vocabulary size |
/// | 36 | 4 | end-of-text id |
/// | 40 | 32 | SHA-256 of the `tokenizer.json` |
/// | 72 | 8 | CRC-32C of all that follows the header |
/// | 80 | 8 | zero |
/// | 88 | 8 | CRC-32C of the header before it |
///
/// Then come the tokens, zeros up to a multiple of 8, and the first token of each document as int64, with the number of
/// tokens last.
record ShardHeader(
        int tokenBytes,
        long numDocuments,
        long numTokens,
        int vocabSize,
        int endOfText,
        String fingerprint,
        long bodyChecksum) {

    static final int BYTES = 96;

    private static final long MAGIC =
            ByteBuffer.wrap("ZEBRATOK".getBytes(StandardCharsets.US_ASCII)).getLong();
    private static final int VERSION = 1;
    private static final int FINGERPRINT_BYTES = 32;
    private static final int CHECKSUM_AT = 88;

    /// The bytes of a token that can hold every id.
    static int tokenBytes(int vocabSize) {
        return vocabSize <= 1 << Short.SIZE ? Short.BYTES : Integer.BYTES;
    }

    /// Where the document starts begin.
    long startsAt() {
        return (BYTES + numTokens * tokenBytes + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
    }

    /// The size of the whole file.
    long fileBytes() {
        return startsAt() + (numDocuments + 1) * Long.BYTES;
    }

    ByteBuffer write() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        bytes.putLong(MAGIC).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(VERSION).putInt(tokenBytes).putLong(numDocuments).putLong(numTokens);
        bytes.putInt(vocabSize).putInt(endOfText).put(HexFormat.of().parseHex(fingerprint));
        bytes.putLong(bodyChecksum).putLong(0);
        bytes.putLong(checksum(bytes));
        return bytes.flip();
    }

    /// Reads a header; `IllegalArgumentException` says what is wrong, without the file's name.
    static ShardHeader read(ByteBuffer bytes) {
        require(bytes.remaining() >= BYTES, "it is shorter than a header");
        require(bytes.order(ByteOrder.BIG_ENDIAN).getLong() == MAGIC, "it is no token shard");
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        int version = bytes.getInt();
        require(version == VERSION, "its version is " + version + ", not " + VERSION + ": write it anew");
        int tokenBytes = bytes.getInt();
        long numDocuments = bytes.getLong();
        long numTokens = bytes.getLong();
        int vocabSize = bytes.getInt();
        int endOfText = bytes.getInt();
        byte[] fingerprint = new byte[FINGERPRINT_BYTES];
        bytes.get(fingerprint);
        long bodyChecksum = bytes.getLong();
        require(bytes.getLong(CHECKSUM_AT) == checksum(bytes), "its header is corrupt");
        return new ShardHeader(
                tokenBytes,
                numDocuments,
                numTokens,
                vocabSize,
                endOfText,
                HexFormat.of().formatHex(fingerprint),
                bodyChecksum);
    }

    private static long checksum(ByteBuffer header) {
        var crc = new CRC32C();
        crc.update(header.duplicate().position(0).limit(CHECKSUM_AT));
        return crc.getValue();
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }
}
