package org.zebralm.train;

import org.zebralm.data.Batch;

/// Where a run's data comes from: an endless sequence of batches, each a function of its index, so that a run
/// resumes by its step.
@FunctionalInterface
public interface Batches {
    /// Returns the batch at an index, counted from 0.
    Batch batch(long index);
}
