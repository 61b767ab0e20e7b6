package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zebralm.data.Batch;

@Timeout(60)
class PrefetchedBatchesTest {
    @Test
    void batchesAreTheSourcesWhicheverThreadIsSlower() {
        for (int seed = 0; seed < 20; seed++) {
            var ours = new Random(seed);
            var theirs = new Random(seed + 100);
            Batches slow = index -> {
                LockSupport.parkNanos(theirs.nextInt(300_000));
                return numbered(index);
            };
            try (var batches = new PrefetchedBatches(slow, 1 + seed % 4)) {
                for (long index = 7; index < 60; index++) {
                    LockSupport.parkNanos(ours.nextInt(300_000));
                    assertThat(number(batches.batch(index))).isEqualTo(index);
                }
            }
        }
    }

    @Test
    void anyIndexMayComeNext() {
        try (var batches = new PrefetchedBatches(PrefetchedBatchesTest::numbered, 3)) {
            for (long index : new long[] {0, 1, 2, 1, 1, 900, 901, 5}) {
                assertThat(number(batches.batch(index))).isEqualTo(index);
            }
        }
    }

    @Test
    void noMoreAreMadeThanAskedFor() throws InterruptedException {
        var made = new AtomicInteger();
        Batches counting = index -> {
            made.incrementAndGet();
            return numbered(index);
        };
        try (var batches = new PrefetchedBatches(counting, 4)) {
            batches.batch(0);
            batches.batch(1);
            // Two taken, four waiting, one in the thread's hands.
            for (int i = 0; i < 1000 && made.get() < 7; i++) {
                Thread.sleep(1);
            }
            Thread.sleep(20);
            assertThat(made.get()).isEqualTo(7);
        }
    }

    @Test
    void whatGoesWrongIsThrownWhereTheBatchIsAskedForAndNotBefore() {
        var failing = new IllegalArgumentException("shard is corrupt");
        var broken = new boolean[] {true};
        Batches source = index -> {
            if (index == 3 && broken[0]) {
                throw failing;
            }
            return numbered(index);
        };
        try (var batches = new PrefetchedBatches(source, 8)) {
            for (long index = 0; index < 3; index++) {
                assertThat(number(batches.batch(index))).isEqualTo(index);
            }
            assertThatThrownBy(() -> batches.batch(3)).isSameAs(failing);
            assertThatThrownBy(() -> batches.batch(3)).isSameAs(failing);
            broken[0] = false;
            assertThat(number(batches.batch(3))).isEqualTo(3);
        }
        try (var batches = new PrefetchedBatches(
                _ -> {
                    throw new StackOverflowError();
                },
                1)) {
            assertThatThrownBy(() -> batches.batch(0)).isInstanceOf(StackOverflowError.class);
        }
    }

    @Test
    void onceClosedTheSourceIsNoLongerRead() throws InterruptedException {
        List<Thread> threads = new CopyOnWriteArrayList<>();
        var reading = new AtomicInteger();
        Batches source = index -> {
            threads.add(Thread.currentThread());
            reading.incrementAndGet();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            reading.decrementAndGet();
            return numbered(index);
        };
        var batches = new PrefetchedBatches(source, 2);
        batches.batch(0);
        batches.close();
        assertThat(reading.get()).isZero();
        assertThat(threads).allSatisfy(thread -> assertThat(thread.isAlive()).isFalse());
        batches.close();
        // While the queue is full, too.
        batches.batch(10);
        Thread.sleep(50);
        batches.close();
        assertThat(threads).allSatisfy(thread -> assertThat(thread.isAlive()).isFalse());
    }

    @Test
    void theTimeWaitedIsThatForWhichNoBatchWasThere() throws InterruptedException {
        var gate = new CountDownLatch(1);
        Batches source = index -> {
            try {
                if (index == 1) {
                    gate.await();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return numbered(index);
        };
        try (var batches = new PrefetchedBatches(source, 2)) {
            batches.batch(0);
            double before = batches.secondsWaited();
            var opener = Thread.ofPlatform().start(() -> {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(40));
                gate.countDown();
            });
            batches.batch(1);
            assertThat(batches.secondsWaited() - before).isBetween(0.02, 30.0);
            opener.join();
        }
    }

    @Test
    void anInterruptedTrainerIsTold() {
        var never = new CountDownLatch(1);
        Batches source = index -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                // closed
            }
            return numbered(index);
        };
        try (var batches = new PrefetchedBatches(source, 1)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> batches.batch(0)).hasRootCauseInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThatIllegalArgumentException().isThrownBy(() -> new PrefetchedBatches(source, 0));
    }

    private static Batch numbered(long index) {
        return new Batch(1, 2, new int[] {(int) index, 0}, new int[] {0, Batch.IGNORED}, new int[] {0, 2});
    }

    private static long number(Batch batch) {
        return batch.inputs()[0];
    }
}
