package org.zebralm.kernel;

import java.util.List;

/// A step whose tasks are a list, which may be another for each run.
final class TaskStep implements CpuPool.Step {
    private CpuPool.Task[] tasks = {};

    /// Takes the tasks of the next runs.
    void set(List<? extends CpuPool.Task> next) {
        tasks = next.toArray(CpuPool.Task[]::new);
    }

    @Override
    public int numTasks() {
        return tasks.length;
    }

    @Override
    public void run(int task, CpuPool.Workspace workspace) {
        tasks[task].run(workspace);
    }
}
