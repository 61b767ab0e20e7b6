package org.zebralm.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.zebralm.tokenizer.Tokenizer;

/// Documents as token ids, in a file mapped into memory.
///
/// Each document ends with the end-of-text id, so none is empty. The file is checked as a whole when it is opened; one
/// that is cut short, corrupt or made with another tokenizer is refused by name. Safe for use by many threads.
public final class TokenShard implements AutoCloseable {

    private static final ValueLayout.OfShort UINT16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt UINT32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong INT64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final long CHECKED_AT_ONCE = 1 << 30;

    private final Path path;
    private final ShardHeader header;
    private final Arena arena;
    private final MemorySegment bytes;

    private TokenShard(Path path, ShardHeader header, Arena arena, MemorySegment bytes) {
        this.path = path;
        this.header = header;
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Opens a shard that this tokenizer made.
    public static TokenShard open(Path path, Tokenizer tokenizer) {
        TokenShard shard = open(path);
        try {
            shard.requireFingerprint(tokenizer.fingerprint());
            return shard;
        } catch (IllegalArgumentException e) {
            shard.close();
            throw e;
        }
    }

    /// Opens a shard, whichever tokenizer made it.
    @SuppressWarnings("MustBeClosedChecker") // The arena lives as long as the shard, whose close() closes it.
    public static TokenShard open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new IllegalArgumentException("a token shard must be a file: " + path + " is none");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new TokenShard(path, check(bytes), arena, bytes);
        } catch (IllegalArgumentException e) {
            arena.close();
            throw new IllegalArgumentException("cannot use token shard " + path + ": " + e.getMessage(), e);
        } catch (IOException e) {
            arena.close();
            throw new UncheckedIOException("cannot read token shard " + path + ": " + e.getMessage(), e);
        }
    }

    private static ShardHeader check(MemorySegment bytes) {
        long size = bytes.byteSize();
        var header = ShardHeader.read(
                bytes.asSlice(0, Math.min(size, ShardHeader.BYTES)).asByteBuffer());
        if (header.fileBytes() != size) {
            throw new IllegalArgumentException(
                    "it must have " + header.fileBytes() + " bytes and has " + size + ": write it anew");
        }
        var crc = new CRC32C();
        for (long at = ShardHeader.BYTES; at < size; at += CHECKED_AT_ONCE) {
            crc.update(bytes.asSlice(at, Math.min(CHECKED_AT_ONCE, size - at)).asByteBuffer());
        }
        if (crc.getValue() != header.bodyChecksum()) {
            throw new IllegalArgumentException("its checksum does not fit, so it is corrupt: write it anew");
        }
        return header;
    }

    void requireFingerprint(String fingerprint) {
        if (!header.fingerprint().equals(fingerprint)) {
            throw new IllegalArgumentException("a token shard must be read with the tokenizer that made it: " + path
                    + " was made with one of SHA-256 " + header.fingerprint() + ", this one has " + fingerprint
                    + "; encode the text again or name the other tokenizer");
        }
    }

    /// The file.
    public Path path() {
        return path;
    }

    /// The number of documents.
    public int numDocuments() {
        return (int) header.numDocuments();
    }

    /// The number of tokens, the end-of-text ids included.
    public long numTokens() {
        return header.numTokens();
    }

    /// Every id is below this.
    public int vocabSize() {
        return header.vocabSize();
    }

    /// The id that ends each document.
    public int endOfText() {
        return header.endOfText();
    }

    /// The [Tokenizer#fingerprint] of the tokenizer that made the shard.
    public String fingerprint() {
        return header.fingerprint();
    }

    /// The CRC-32C of all that follows the header, in hexadecimal.
    String checksum() {
        return HexFormat.of().toHexDigits((int) header.bodyChecksum());
    }

    /// The place of a document's first token; for [#numDocuments] the place after the last token of all.
    public long documentStart(int document) {
        Objects.checkIndex(document, numDocuments() + 1);
        return bytes.get(INT64, header.startsAt() + (long) document * Long.BYTES);
    }

    /// The number of a document's tokens, its end-of-text id included.
    public long documentLength(int document) {
        return documentStart(document + 1) - documentStart(document);
    }

    /// One token.
    public int token(long i) {
        return get(Objects.checkIndex(i, numTokens()));
    }

    /// Copies `n` tokens from `start` on into `destination` at `offset`.
    public void read(long start, int n, int[] destination, int offset) {
        Objects.checkFromIndexSize(start, n, numTokens());
        Objects.checkFromIndexSize(offset, n, destination.length);
        for (int i = 0; i < n; i++) {
            destination[offset + i] = get(start + i);
        }
    }

    private int get(long i) {
        long at = ShardHeader.BYTES + i * header.tokenBytes();
        return header.tokenBytes() == Short.BYTES ? Short.toUnsignedInt(bytes.get(UINT16, at)) : bytes.get(UINT32, at);
    }

    @Override
    public void close() {
        arena.close();
    }
}
