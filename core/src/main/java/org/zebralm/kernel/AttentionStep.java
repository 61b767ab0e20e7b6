package org.zebralm.kernel;

import java.util.List;

/// The attention of one layer in a [RowProgram]: its tasks follow from the sequences' lengths, and are planned before
/// each run.
///
/// @param pieces the first step
/// @param joins what puts the pieces of long lines of keys together: the step to follow
record AttentionStep(ForwardCall call, TaskStep pieces, TaskStep joins) {
    AttentionStep(ForwardCall call) {
        this(call, new TaskStep(), new TaskStep());
    }

    ForwardPlan plan(List<KeyRun> runs, int numThreads) {
        var plan = new ForwardPlan(call, runs, numThreads, true);
        pieces.set(plan.tasks());
        joins.set(plan.joins());
        return plan;
    }
}
