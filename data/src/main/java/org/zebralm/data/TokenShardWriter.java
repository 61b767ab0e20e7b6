package org.zebralm.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.zebralm.tokenizer.Tokenizer;

/// Writes a token shard, document by document.
///
/// Memory holds a buffer and 8 bytes a document. Nothing stands at the path before [#finish]; closed without it, the
/// writer leaves nothing behind.
public final class TokenShardWriter implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 20;

    private final AtomicFile file;
    private final int vocabSize;
    private final int endOfText;
    private final String fingerprint;
    private final int tokenBytes;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C checksum = new CRC32C();
    private long[] starts = new long[1024];
    private int numDocuments;
    private long numTokens;

    private TokenShardWriter(Path path, int vocabSize, int endOfText, String fingerprint) {
        if (endOfText < 0 || endOfText >= vocabSize) {
            throw new IllegalArgumentException(
                    "the end-of-text id must be in the vocabulary of " + vocabSize + ": got " + endOfText);
        }
        this.file = AtomicFile.create(path);
        this.vocabSize = vocabSize;
        this.endOfText = endOfText;
        this.fingerprint = fingerprint;
        this.tokenBytes = ShardHeader.tokenBytes(vocabSize);
        // The header is known last; it takes this place then.
        file.append(ByteBuffer.allocate(ShardHeader.BYTES));
    }

    /// Starts a shard of a tokenizer's ids.
    ///
    /// @param endOfText the id that ends each document
    public static TokenShardWriter create(Path path, Tokenizer tokenizer, int endOfText) {
        return create(path, tokenizer.vocabSize(), endOfText, tokenizer.fingerprint());
    }

    /// Starts a shard of ids below `vocabSize` from a tokenizer known by its fingerprint.
    static TokenShardWriter create(Path path, int vocabSize, int endOfText, String fingerprint) {
        return new TokenShardWriter(path, vocabSize, endOfText, fingerprint);
    }

    /// Adds ids to the document under way.
    public void append(int[] ids) {
        for (int id : ids) {
            if (id < 0 || id >= vocabSize || id == endOfText) {
                throw new IllegalArgumentException("a document's ids must be below " + vocabSize
                        + " and none the end-of-text id " + endOfText + ", which the writer adds: got " + id);
            }
            put(id);
        }
    }

    /// Ends the document under way with the end-of-text id.
    public void endDocument() {
        put(endOfText);
        if (numDocuments + 1 == starts.length) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
        }
        starts[++numDocuments] = numTokens;
    }

    /// The tokens so far, the end-of-text ids included.
    public long numTokens() {
        return numTokens;
    }

    /// Completes the file and puts it in its place.
    public void finish() {
        if (starts[numDocuments] != numTokens) {
            throw new IllegalStateException("the last document was not ended: call endDocument() before finish()");
        }
        makeRoom();
        for (long end = numTokens * tokenBytes; end % Long.BYTES != 0; end++) {
            buffer.put((byte) 0);
        }
        for (int document = 0; document <= numDocuments; document++) {
            makeRoom();
            buffer.putLong(starts[document]);
        }
        flush();
        var header = new ShardHeader(
                tokenBytes, numDocuments, numTokens, vocabSize, endOfText, fingerprint, checksum.getValue());
        file.overwrite(header.write(), 0);
        file.commit();
    }

    @Override
    public void close() {
        file.close();
    }

    private void put(int id) {
        makeRoom();
        if (tokenBytes == Short.BYTES) {
            buffer.putShort((short) id);
        } else {
            buffer.putInt(id);
        }
        numTokens++;
    }

    private void makeRoom() {
        if (buffer.remaining() < Long.BYTES) {
            flush();
        }
    }

    private void flush() {
        buffer.flip();
        checksum.update(buffer.duplicate());
        file.append(buffer);
        buffer.clear();
    }
}
