package org.zebralm.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Torch;

/// The threads that run kernels: daemons, each with a workspace that grows once and is used again.
///
/// The calling thread works too, so a pool of one has no threads of its own. Tasks are taken one by one in
/// their order; which thread takes which is chance, so tasks must not depend on it. One call runs at a time.
/// Workers know addresses only, never tensors: grad mode and scopes belong to the thread that called.
public final class CpuPool {
    /// How long a worker looks for what comes next after it has walked through steps: the next token's usually do.
    private static final long AWAKE_NANOS = 400_000;

    /// A share of a call's work.
    interface Task {
        /// Computes, with scratch memory whose contents are whatever the task before left.
        void run(Workspace workspace);
    }

    /// Tasks that all have to be done before any of the next step's begins.
    interface Step {
        /// Returns how many there are; asked before any is done.
        int numTasks();

        /// Computes one, as [Task#run].
        void run(int task, Workspace workspace);
    }

    /// What the threads do together.
    private interface Work {
        /// Does what is left of it to do.
        void take(Workspace workspace);
    }

    private final int numThreads;
    private final Workspace[] workspaces;
    private final Thread[] workers;
    private volatile @Nullable Work work;

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
            start(next, tasks.size() - 1);
        }
        next.take(workspaces[0]);
        next.await();
        work = null;
        fail(next.failure);
    }

    /// Runs steps one after the other, and returns when the last is done: all threads wait awake from one to the next,
    /// which costs less than a microsecond.
    ///
    /// @param floats the scratch memory each task needs
    synchronized void runSteps(List<? extends Step> steps, int floats) {
        March march = new March(steps.toArray(Step[]::new), floats);
        start(march, workers.length);
        march.take(workspaces[0]);
        work = null;
        fail(march.failure);
    }

    private void start(Work next, int wanted) {
        work = next;
        for (int i = 0; i < Math.min(workers.length, wanted); i++) {
            LockSupport.unpark(workers[i]);
        }
    }

    private static void fail(@Nullable Throwable failure) {
        if (failure != null) {
            throw new IllegalStateException("a kernel's task failed: " + failure, failure);
        }
    }

    private void work(Workspace workspace) {
        Work last = null;
        while (true) {
            Work next = work;
            if (next != null && next != last) {
                next.take(workspace);
                last = next;
            } else if (!(last instanceof March) || !isNext(last)) {
                LockSupport.park(this);
            }
        }
    }

    /// Waits awake for what follows `last`, for a while; returns whether it came.
    private boolean isNext(Work last) {
        long until = System.nanoTime() + AWAKE_NANOS;
        do {
            for (int i = 0; i < 64; i++) {
                Work next = work;
                if (next != null && next != last) {
                    return true;
                }
                Thread.onSpinWait();
            }
        } while (System.nanoTime() - until < 0);
        return false;
    }

    /// One call's tasks.
    private static final class Round implements Work {
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

        @Override
        public void take(Workspace workspace) {
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

    /// One call's steps.
    private static final class March implements Work {
        /// Counters lie so many apart, that threads do not pull a line of the cache from each other.
        private static final int APART = 16;

        /// After so many looks a thread lets others run: there may be fewer cores than threads.
        private static final int LOOKS = 20_000;

        private static final long BREATH_NANOS = 1_000;

        private final Step[] steps;
        private final int floats;

        /// Noted here, as a thread may still look for tasks when the steps are already used again.
        private final int[] numTasks;

        /// For each step, how many tasks were taken, and how many are done.
        private final AtomicIntegerArray counts;

        private volatile @Nullable Throwable failure;

        March(Step[] steps, int floats) {
            this.steps = steps;
            this.floats = floats;
            numTasks = Arrays.stream(steps).mapToInt(Step::numTasks).toArray();
            counts = new AtomicIntegerArray(2 * APART * steps.length);
        }

        @Override
        public void take(Workspace workspace) {
            workspace.reserve(floats);
            for (int i = 0; i < steps.length; i++) {
                int taken = 2 * APART * i;
                int done = taken + APART;
                for (int task = counts.getAndIncrement(taken);
                        task < numTasks[i];
                        task = counts.getAndIncrement(taken)) {
                    run(steps[i], task, workspace);
                    counts.getAndIncrement(done);
                }
                await(done, numTasks[i]);
            }
        }

        private void run(Step step, int task, Workspace workspace) {
            if (failure == null) {
                try {
                    step.run(task, workspace);
                } catch (Throwable e) { // whatever it was, the caller must hear of it and no thread wait for ever
                    failure = e;
                }
            }
        }

        private void await(int done, int all) {
            for (int i = 1; counts.get(done) < all; i++) {
                if (i % LOOKS == 0) {
                    LockSupport.parkNanos(BREATH_NANOS);
                } else {
                    Thread.onSpinWait();
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
