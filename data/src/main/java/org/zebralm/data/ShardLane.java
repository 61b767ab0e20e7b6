package org.zebralm.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.PreparedManifest.Shard;

/// Documents of one split on their way into shards.
///
/// A thread encodes while another adds. Which documents are in which shard depends on the documents alone: a
/// shard ends with the document that reaches its number of characters.
final class ShardLane implements AutoCloseable {

    private static final int BATCH_CHARACTERS = 1 << 18;
    private static final int BATCHES = 8;

    private final EncodeDocuments encode;
    private final Path folder;
    private final String name;
    private final long shardCharacters;
    private final LongConsumer encodedBytes;
    private final List<Shard> shards = new ArrayList<>();
    private long loneSurrogates;
    private @Nullable Filling filling;

    /// @param name of the files, before their number
    /// @param shardCharacters at which a shard ends
    /// @param encodedBytes told how much text went to the encoder, from its thread
    ShardLane(EncodeDocuments encode, Path folder, String name, long shardCharacters, LongConsumer encodedBytes) {
        this.encode = encode;
        this.folder = folder;
        this.name = name;
        this.shardCharacters = shardCharacters;
        this.encodedBytes = encodedBytes;
    }

    void add(ReadDocument document) {
        if (filling == null) {
            filling = new Filling(folder.resolve("%s-%05d.tokens".formatted(name, shards.size())));
        }
        filling.add(document);
        if (filling.characters >= shardCharacters) {
            finish();
        }
    }

    /// Completes the shard under way, if there is one, and returns all.
    List<Shard> finish() {
        if (filling != null) {
            Filling full = filling;
            loneSurrogates += full.finish().loneSurrogates();
            filling = null;
            try (TokenShard shard = TokenShard.open(full.path)) {
                shards.add(PreparedFolder.entry(shard));
            }
        }
        return List.copyOf(shards);
    }

    /// The lone surrogates replaced in finished shards.
    long loneSurrogates() {
        return loneSurrogates;
    }

    /// Gives up the shard under way; its file is not left.
    @Override
    public void close() {
        if (filling != null) {
            filling.giveUp();
            filling = null;
        }
    }

    private record Batch(List<ReadDocument> documents, boolean isLast, boolean givesUp) {}

    private final class Filling {

        private final Path path;
        private final BlockingQueue<Batch> queue = new ArrayBlockingQueue<>(BATCHES);
        private final CompletableFuture<EncodeDocuments.Encoded> encoded = new CompletableFuture<>();
        private final Thread thread;
        private List<ReadDocument> gathered = new ArrayList<>();
        private long gatheredCharacters;
        private long characters;

        Filling(Path path) {
            this.path = path;
            this.thread = Thread.ofPlatform().daemon().name("encode-" + name).start(this::encode);
        }

        void add(ReadDocument document) {
            gathered.add(document);
            int length = document.document().text().length();
            gatheredCharacters += length;
            characters += length;
            if (gatheredCharacters >= BATCH_CHARACTERS) {
                put(new Batch(gathered, false, false));
                gathered = new ArrayList<>();
                gatheredCharacters = 0;
            }
        }

        EncodeDocuments.Encoded finish() {
            put(new Batch(gathered, true, false));
            return join();
        }

        void giveUp() {
            queue.clear();
            // There is room: nobody else adds.
            queue.add(new Batch(List.of(), true, true));
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void put(Batch batch) {
            try {
                // The encoder may have failed; then nobody makes room.
                while (!queue.offer(batch, 100, TimeUnit.MILLISECONDS)) {
                    if (encoded.isDone()) {
                        join();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while encoding", e);
            }
        }

        private EncodeDocuments.Encoded join() {
            try {
                return encoded.join();
            } catch (CompletionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : e;
            }
        }

        private void encode() {
            try {
                encoded.complete(encode.write(this::forEach, path, (_, _, _) -> {}));
            } catch (RuntimeException | Error e) {
                encoded.completeExceptionally(e);
            }
        }

        private ReadReport forEach(Consumer<Document> consumer) {
            try {
                Batch batch;
                do {
                    batch = queue.take();
                    if (batch.givesUp()) {
                        throw new IllegalStateException("given up");
                    }
                    for (ReadDocument document : batch.documents()) {
                        consumer.accept(document.document());
                        encodedBytes.accept(document.numBytes());
                    }
                } while (!batch.isLast());
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted while encoding", e);
            }
            return new ReadReport(0, 0, 0, List.of());
        }
    }
}
