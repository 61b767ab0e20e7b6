package org.zebralm.train;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.Batch;

/// Batches made ahead of need by a thread of their own.
///
/// A batch is a function of its index, so they are the ones their source gives, however the threads take turns.
/// They are asked for in ascending order; another index starts the thread anew there, which costs nothing but
/// time. What goes wrong in the thread is thrown where the batch is asked for. All but the thread belongs to
/// the one thread that asks.
public final class PrefetchedBatches implements Batches, AutoCloseable {
    private final Batches source;
    private final int ahead;
    private @Nullable Ahead running;
    private long waitedNanos;

    /// Makes up to `ahead` batches before they are asked for.
    public PrefetchedBatches(Batches source, int ahead) {
        if (ahead < 1) {
            throw new IllegalArgumentException("at least 1 batch must be made ahead: got " + ahead);
        }
        this.source = source;
        this.ahead = ahead;
    }

    @Override
    public Batch batch(long index) {
        long start = System.nanoTime();
        Ahead thread = running;
        if (thread == null || thread.next != index) {
            close();
            thread = new Ahead(source, index, ahead);
            running = thread;
        }
        try {
            return thread.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for batch " + index, e);
        } catch (RuntimeException | Error e) {
            // Asked again, the source is asked again.
            close();
            throw e;
        } finally {
            waitedNanos += System.nanoTime() - start;
        }
    }

    /// Returns the seconds for which batches that were asked for were not there yet.
    public double secondsWaited() {
        return waitedNanos / 1e9;
    }

    /// Ends the thread, and returns when it no longer reads its source.
    @Override
    public void close() {
        Ahead thread = running;
        running = null;
        if (thread != null) {
            thread.end();
        }
    }

    /// What the thread hands over: a batch, or why there is none.
    private sealed interface Made {
        record Ready(Batch batch) implements Made {}

        record Failed(Throwable cause) implements Made {}
    }

    /// One thread and its queue.
    private static final class Ahead {
        private final BlockingQueue<Made> queue;
        private final Thread thread;
        private volatile boolean ended;
        private long next;

        Ahead(Batches source, long first, int ahead) {
            // The batch being offered is the last of those made ahead.
            this.queue = new ArrayBlockingQueue<>(ahead);
            this.next = first;
            this.thread = Thread.ofPlatform().name("zebra-batches").daemon().start(() -> make(source, first));
        }

        private void make(Batches source, long first) {
            try {
                for (long index = first; !ended; index++) {
                    Made made = made(source, index);
                    queue.put(made);
                    if (made instanceof Made.Failed) {
                        return;
                    }
                }
            } catch (InterruptedException e) {
                // The end that end() asks for.
            }
        }

        @SuppressWarnings("CatchingUnchecked") // Whatever it is, the asking thread throws it.
        private static Made made(Batches source, long index) {
            try {
                return new Made.Ready(source.batch(index));
            } catch (Throwable e) {
                return new Made.Failed(e);
            }
        }

        Batch take() throws InterruptedException {
            return switch (queue.take()) {
                case Made.Ready(Batch batch) -> {
                    next++;
                    yield batch;
                }
                case Made.Failed(RuntimeException e) -> throw e;
                case Made.Failed(Error e) -> throw e;
                case Made.Failed(Throwable e) -> throw new IllegalStateException("no batch " + next, e);
            };
        }

        void end() {
            ended = true;
            // Wakes the source. One that ignores it still has room for the batch it makes.
            thread.interrupt();
            queue.clear();
            boolean interrupted = false;
            while (true) {
                try {
                    thread.join();
                    break;
                } catch (InterruptedException e) {
                    // The source must not be read once this returns, so the interruption waits.
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
