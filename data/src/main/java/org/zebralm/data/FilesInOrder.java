package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.ReadReport.Tally;

/// Reads several files at once and hands their documents over one file after the other.
///
/// The order is that of the files and of the documents in them, whatever the number of threads. Readers that
/// are ahead wait: memory holds a few batches of documents for each of a few files a thread.
final class FilesInOrder implements AutoCloseable {

    private static final int FILES_PER_THREAD = 4;
    private static final int BATCHES_PER_FILE = 4;
    private static final int BATCH_CHARACTERS = 1 << 18;

    private final List<SourceFile> files;
    private final ReadOptions options;
    // A file's queue is that of the file a room before it, which is done by then.
    private final List<BlockingQueue<Batch>> queues = new ArrayList<>();
    private final AtomicInteger next = new AtomicInteger();
    private final Semaphore room;
    private final List<Thread> readers = new ArrayList<>();

    /// Some documents of a file; the last batch says how reading ended.
    private record Batch(
            List<ReadDocument> documents,
            boolean isLast,
            @Nullable Throwable failure) {}

    private FilesInOrder(List<SourceFile> files, ReadOptions options, int threads) {
        this.files = files;
        this.options = options;
        this.room = new Semaphore(FILES_PER_THREAD * threads);
        for (int i = 0; i < FILES_PER_THREAD * threads; i++) {
            queues.add(new ArrayBlockingQueue<>(BATCHES_PER_FILE));
        }
        int numReaders = Math.clamp(files.size(), 1, threads);
        for (int i = 0; i < numReaders; i++) {
            int threadsOfFile = Math.max(1, threads / numReaders);
            readers.add(Thread.ofPlatform().daemon().name("read-" + i).start(() -> readAll(threadsOfFile)));
        }
    }

    /// Reads files that were read before; one that cannot be read now is an `IllegalArgumentException`.
    static void read(
            List<SourceFile> files, ReadOptions options, int threads, BiConsumer<SourceFile, ReadDocument> consumer) {
        try (var reading = new FilesInOrder(files, options, threads)) {
            for (int i = 0; i < files.size(); i++) {
                reading.handOver(i, consumer);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while reading", e);
        }
    }

    private void handOver(int file, BiConsumer<SourceFile, ReadDocument> consumer) throws InterruptedException {
        Batch batch;
        do {
            batch = queue(file).take();
            if (batch.failure() instanceof UnreadableFileException e) {
                throw new IllegalArgumentException(
                        "files must stay as they are while they are prepared: "
                                + files.get(file).path() + " could be read before and now is " + e.getMessage(),
                        e);
            }
            if (batch.failure() != null) {
                throw new IllegalStateException("cannot read " + files.get(file).path(), batch.failure());
            }
            batch.documents().forEach(document -> consumer.accept(files.get(file), document));
        } while (!batch.isLast());
        room.release();
    }

    private BlockingQueue<Batch> queue(int file) {
        return queues.get(file % queues.size());
    }

    private void readAll(int threadsOfFile) {
        try (var documents = new FileDocuments(options, threadsOfFile)) {
            while (true) {
                // The room is taken first: the file that is waited for then always has a reader.
                room.acquire();
                int file = next.getAndIncrement();
                if (file >= files.size()) {
                    return;
                }
                read(documents, file);
            }
        } catch (InterruptedException | Stopped e) {
            // Nobody waits for these documents any more.
        }
    }

    private void read(FileDocuments documents, int file) throws InterruptedException {
        BlockingQueue<Batch> queue = queue(file);
        var batch = new Object() {
            private List<ReadDocument> gathered = new ArrayList<>();
            private long characters;
        };
        try {
            documents.read(files.get(file), new Tally(), document -> {
                batch.gathered.add(document);
                batch.characters += document.document().text().length();
                if (batch.characters >= BATCH_CHARACTERS) {
                    put(queue, new Batch(batch.gathered, false, null));
                    batch.gathered = new ArrayList<>();
                    batch.characters = 0;
                }
            });
            queue.put(new Batch(batch.gathered, true, null));
        } catch (Stopped e) {
            throw e;
        } catch (UnreadableFileException | RuntimeException | Error e) {
            queue.put(new Batch(List.of(), true, e));
        }
    }

    private static void put(BlockingQueue<Batch> queue, Batch batch) {
        try {
            queue.put(batch);
        } catch (InterruptedException e) {
            throw new Stopped();
        }
    }

    @Override
    public void close() {
        readers.forEach(Thread::interrupt);
        try {
            for (Thread reader : readers) {
                reader.join();
            }
        } catch (InterruptedException e) {
            // The readers are daemons, and end on their own.
            Thread.currentThread().interrupt();
        }
    }

    /// Leaves a reader from inside a consumer.
    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;
    }
}
