package org.zebralm.testing;

import java.util.Arrays;
import org.assertj.core.api.AbstractAssert;
import org.zebralm.tensor.Tensor;

/// Assertions on a tensor's values that name the worst element, where it is, and the tolerance.
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {
    private TensorAssert(Tensor actual) {
        super(actual, TensorAssert.class);
    }

    public static TensorAssert assertThatTensor(Tensor actual) {
        return new TensorAssert(actual);
    }

    public TensorAssert hasShape(long... shape) {
        if (!Arrays.equals(actual.shape(), shape)) {
            throw failure("expected shape %s: got %s", Arrays.toString(shape), actual);
        }
        return this;
    }

    /// Fails unless each element is within `tolerance * max(1, |expected|)`.
    public TensorAssert isCloseTo(double[] expected, double tolerance) {
        double[] values = actual.toDoubles();
        if (values.length != expected.length) {
            throw failure("expected %s elements: got %s", expected.length, actual);
        }
        int worst = -1;
        double worstError = tolerance;
        int wrong = 0;
        for (int i = 0; i < values.length; i++) {
            double error = Math.abs(values[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
            // Written so that a NaN counts as wrong.
            if (!(error <= tolerance)) {
                wrong++;
            }
            if (!(error <= worstError)) {
                worst = i;
                worstError = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
            }
        }
        if (worst >= 0) {
            throw failure(
                    "%s of %s elements of %s are off by more than %s; the worst, at %s, is %s and should be %s",
                    wrong,
                    values.length,
                    actual,
                    tolerance,
                    Arrays.toString(index(worst, actual.shape())),
                    values[worst],
                    expected[worst]);
        }
        return this;
    }

    public TensorAssert isCloseTo(Tensor expected, double tolerance) {
        return hasShape(expected.shape()).isCloseTo(expected.toDoubles(), tolerance);
    }

    private static long[] index(int flat, long[] shape) {
        long[] index = new long[shape.length];
        long rest = flat;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return index;
    }
}
