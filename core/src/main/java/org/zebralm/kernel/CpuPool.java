package org.zebralm.kernel;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Torch;

/// The threads that run kernels: daemons, each with a workspace that grows once and is used again.
///
/// The calling thread works too, so a pool of one has no threads of its own. Tasks are taken one by one in
/// their order; which thread takes which is chance, so tasks must not depend on it. One call runs at a time.
/// Workers know addresses only, never tensors: grad mode and scopes belong to the thread that called.
public final class CpuPool {
    /// A share of a call's work.
    interface Task {
        /// Computes, with scratch memory whose contents are whatever the task before left.
        void run(Workspace workspace);
    }

    private final int numThreads;
    private final Workspace[] workspaces;
    private final Thread[] workers;
    private volatile @Nullable Round round;

    /// Makes a pool of `numThreads` threads, the caller of [#run] included.
    public CpuPool(int numThreads) {
        if (numThreads < 1) {
            throw new IllegalArgumentException("numThreads must be at least 1: got " + numThreads);
        }
        this.numThreads = numThreads;
        workspaces = new Workspace[numThreads];
        for (int i = 0; i < numThreads; i++) {
            workspaces[i] = new Workspace();
        }
        workers = new Thread[numThreads - 1];
        for (int i = 0; i < workers.length; i++) {
            Workspace workspace = workspaces[i + 1];
            workers[i] =
                    Thread.ofPlatform().daemon().name("zebra-kernel-" + (i + 1)).unstarted(() -> work(workspace));
        }
        for (Thread worker : workers) {
            worker.start();
        }
    }

    /// Returns the pool of this process: as many threads as libtorch uses for one operation when it is first
    /// asked for.
    public static CpuPool shared() {
        return Shared.POOL;
    }

    /// Returns the number of threads, the caller included.
    public int numThreads() {
        return numThreads;
    }

    /// Runs all tasks, and returns when the last is done.
    ///
    /// @param floats the scratch memory each task needs
    synchronized void run(List<? extends Task> tasks, int floats) {
        Round next = new Round(tasks.toArray(Task[]::new), floats, Thread.currentThread());
        if (tasks.size() > 1) {
            round = next;
            for (int i = 0; i < Math.min(workers.length, tasks.size() - 1); i++) {
                LockSupport.unpark(workers[i]);
            }
        }
        next.take(workspaces[0]);
        next.await();
        round = null;
        if (next.failure != null) {
            throw new IllegalStateException("a kernel's task failed: " + next.failure, next.failure);
        }
    }

    private void work(Workspace workspace) {
        Round last = null;
        while (true) {
            Round next = round;
            if (next == null || next == last) {
                LockSupport.park(this);
            } else {
                next.take(workspace);
                last = next;
            }
        }
    }

    /// One call's tasks.
    private static final class Round {
        private final Task[] tasks;
        private final int floats;
        private final Thread caller;
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicInteger left;
        private volatile @Nullable Throwable failure;

        Round(Task[] tasks, int floats, Thread caller) {
            this.tasks = tasks;
            this.floats = floats;
            this.caller = caller;
            left = new AtomicInteger(tasks.length);
        }

        void take(Workspace workspace) {
            for (int i = taken.getAndIncrement(); i < tasks.length; i = taken.getAndIncrement()) {
                try {
                    workspace.reserve(floats);
                    tasks[i].run(workspace);
                } catch (Throwable e) { // whatever it was, the caller must hear of it and must not wait for ever
                    failure = e;
                }
                if (left.decrementAndGet() == 0) {
                    LockSupport.unpark(caller);
                }
            }
        }

        void await() {
            // The others are usually within a task's length of the end; a park costs more than a short wait.
            for (int i = 0; left.get() > 0; i++) {
                if (i < 2_000) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
        }
    }

    /// A worker's scratch memory.
    static final class Workspace {
        float[] floats = new float[0];

        /// For each lane of up to eight blocks, the first key it sees and the last.
        final int[] first = new int[8 * Lanes.BLOCK];

        final int[] last = new int[8 * Lanes.BLOCK];
        final Visibility visibility = new Visibility();

        private void reserve(int count) {
            if (floats.length < count) {
                floats = new float[count];
            }
        }
    }

    private static final class Shared {
        static final CpuPool POOL = new CpuPool(Torch.numThreads());
    }
}
