package org.zebralm.tensor;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// Does work on a platform thread that ends with it.
///
/// libtorch is for platform threads only, and its OpenMP keeps a team of workers for every thread that ever ran an
/// operation, until that thread ends. Where all teams together have more threads than there are cores, libgomp's
/// workers no longer wait awake for the next operation: each of the 155 products of a decoded token then wakes a
/// sleeping thread first, a quarter of its time (`results/`). So what has to be done once, such as opening a model, is
/// best done
/// here, and a thread that goes on has the team alone.
public final class BriefThread {
    private BriefThread() {}

    /// Does `work`, and waits for it.
    public static <T extends @Nullable Object> T call(String name, Callable<T> work) {
        return await(start(name, work));
    }

    /// Begins `work`.
    public static <T extends @Nullable Object> FutureTask<T> start(String name, Callable<T> work) {
        var task = new FutureTask<>(work);
        Thread.ofPlatform().name(name).daemon().start(task);
        return task;
    }

    /// Waits for `task` whatever happens: what is being opened must not be lost.
    ///
    /// Throws what the work threw.
    public static <T extends @Nullable Object> T await(FutureTask<T> task) {
        boolean wasInterrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    wasInterrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw unchecked(e.getCause());
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Returns a failure to be thrown on, as it is; throws it if it is an error.
    public static RuntimeException unchecked(@Nullable Throwable failure) {
        return switch (failure) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            case null, default -> new IllegalStateException(failure);
        };
    }
}
