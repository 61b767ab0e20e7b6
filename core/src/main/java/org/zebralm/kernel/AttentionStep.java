package org.zebralm.kernel;

import java.util.List;

/// The attention of one layer in a [RowProgram]: its tasks follow from the sequences' lengths, and are planned before
/// each run.
final class AttentionStep implements CpuPool.Step {
    private final ForwardCall call;
    private final Joins joins = new Joins();
    private CpuPool.Task[] tasks = {};

    AttentionStep(ForwardCall call) {
        this.call = call;
    }

    int padded() {
        return call.padded();
    }

    /// Returns what puts the pieces of long lines of keys together: the step to follow.
    CpuPool.Step joins() {
        return joins;
    }

    ForwardPlan plan(List<KeyRun> runs, int numThreads) {
        var plan = new ForwardPlan(call, runs, numThreads, true);
        tasks = plan.tasks().toArray(CpuPool.Task[]::new);
        joins.tasks = plan.joins().toArray(CpuPool.Task[]::new);
        return plan;
    }

    @Override
    public int numTasks() {
        return tasks.length;
    }

    @Override
    public void run(int task, CpuPool.Workspace workspace) {
        tasks[task].run(workspace);
    }

    private static final class Joins implements CpuPool.Step {
        private CpuPool.Task[] tasks = {};

        @Override
        public int numTasks() {
            return tasks.length;
        }

        @Override
        public void run(int task, CpuPool.Workspace workspace) {
            tasks[task].run(workspace);
        }
    }
}
