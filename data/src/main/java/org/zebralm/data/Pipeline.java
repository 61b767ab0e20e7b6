package org.zebralm.data;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Tasks done on several threads whose results are taken in order, on the thread that brings the tasks.
///
/// Who brings more than twice as many as there are threads takes the oldest result first, so that neither tasks nor
/// results pile up in memory.
final class Pipeline<T> implements AutoCloseable {

    private final ExecutorService pool;
    private final Deque<CompletableFuture<T>> underWay = new ArrayDeque<>();
    private final Consumer<T> consumer;
    private final int most;

    Pipeline(int numThreads, Consumer<T> consumer) {
        this.pool = Executors.newFixedThreadPool(numThreads);
        this.consumer = consumer;
        this.most = 2 * numThreads;
    }

    /// Starts a task, and takes results that are due; a task that failed throws here or in [#finish].
    void add(Supplier<T> task) {
        while (!underWay.isEmpty()
                && (underWay.size() >= most || underWay.getFirst().isDone())) {
            takeFirst();
        }
        underWay.add(CompletableFuture.supplyAsync(task, pool));
    }

    /// Takes all results.
    void finish() {
        while (!underWay.isEmpty()) {
            takeFirst();
        }
    }

    private void takeFirst() {
        T result;
        try {
            result = underWay.removeFirst().join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException cause -> throw cause;
                case Error cause -> throw cause;
                case null, default -> throw e;
            }
        }
        consumer.accept(result);
    }

    /// Ends the threads; what is under way is given up.
    @Override
    public void close() {
        pool.shutdownNow();
        pool.close();
    }
}
