package org.zebralm.bench;

import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.train.Recompute;

/// One row of [TrainBench]: steps of one sequence of `length` tokens.
///
/// @param layers of the model, 12 for the whole of it
/// @param steps measured
/// @param warmUp steps before those
public record TrainCase(
        TrainSystem system, int length, int layers, DType dtype, Recompute recompute, int steps, int warmUp) {
    public TrainCase {
        atLeast("a length", length, 2);
        atLeast("layers", layers, 1);
        atLeast("steps", steps, 1);
        atLeast("the warm-up", warmUp, 0);
        if (dtype != DType.FLOAT32 && dtype != DType.BFLOAT16) {
            throw new IllegalArgumentException("dtype must be float32 or bfloat16: got " + dtype.label());
        }
    }

    ZebraConfig model() {
        return system.model(length, layers);
    }

    /// Returns the floating-point operations of a step, with no credit for recomputation.
    public double flops() {
        return new Cost(model()).trainingFlopsPerToken(length) * length;
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ": got " + value);
        }
    }
}
