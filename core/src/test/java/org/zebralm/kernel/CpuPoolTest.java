package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuPoolTest {
    private static final int TASKS = 5;

    /// Each task adds up what all tasks of the step before left: a task that came too early would see less.
    private static final class Sums implements CpuPool.Step {
        private final AtomicLongArray before;
        private final AtomicLongArray after;
        private final int numTasks;

        Sums(AtomicLongArray before, AtomicLongArray after, int numTasks) {
            this.before = before;
            this.after = after;
            this.numTasks = numTasks;
        }

        @Override
        public int numTasks() {
            return numTasks;
        }

        @Override
        public void run(int task, CpuPool.Workspace workspace) {
            long sum = 1;
            for (int i = 0; i < before.length(); i++) {
                sum += before.get(i);
            }
            after.addAndGet(task, sum % 1_000_003);
        }
    }

    /// More threads than cores among them.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void aStepBeginsWhenAllOfTheOneBeforeIsDone(int threads) {
        var pool = new CpuPool(threads);
        for (int run = 0; run < 300; run++) {
            List<AtomicLongArray> values = new ArrayList<>();
            values.add(new AtomicLongArray(TASKS));
            List<CpuPool.Step> steps = new ArrayList<>();
            long[] expected = new long[TASKS];
            for (int i = 0; i < 30; i++) {
                int numTasks = (run + i) % (TASKS + 1); // also none
                values.add(new AtomicLongArray(TASKS));
                steps.add(new Sums(values.get(i), values.get(i + 1), numTasks));
                long sum = 1;
                for (long value : expected) {
                    sum += value;
                }
                for (int task = 0; task < TASKS; task++) {
                    expected[task] = task < numTasks ? sum % 1_000_003 : 0;
                }
            }
            pool.runSteps(steps, 0);
            for (int task = 0; task < TASKS; task++) {
                assertThat(values.getLast().get(task)).isEqualTo(expected[task]);
            }
        }
    }

    @Test
    void aFailureIsToldAndWhatFollowsIsLeftOut() {
        var pool = new CpuPool(2);
        var ran = new AtomicInteger();
        CpuPool.Step failing = step(4, task -> {
            if (task == 2) {
                throw new IllegalStateException("on purpose");
            }
        });
        CpuPool.Step next = step(4, _ -> ran.incrementAndGet());
        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> pool.runSteps(List.of(failing, next), 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("on purpose");
        }
        assertThat(ran).hasValue(0);
        pool.runSteps(List.of(next, next), 0);
        assertThat(ran).hasValue(8);
        pool.run(List.of(_ -> ran.incrementAndGet(), _ -> ran.incrementAndGet()), 0);
        assertThat(ran).hasValue(10);
    }

    private static CpuPool.Step step(int numTasks, IntConsumer work) {
        return new CpuPool.Step() {
            @Override
            public int numTasks() {
                return numTasks;
            }

            @Override
            public void run(int task, CpuPool.Workspace workspace) {
                work.accept(task);
            }
        };
    }
}
