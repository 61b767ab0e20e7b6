package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.checkpoint.PickleValue.Dictionary;
import org.zebralm.checkpoint.PickleValue.Storage;
import org.zebralm.checkpoint.PickleValue.Tuple;
import org.zebralm.checkpoint.PickleValue.View;
import org.zebralm.checkpoint.PickleValue.Whole;

/// The three calls that a pickle of tensors makes.
final class TorchRebuild {
    /// libtorch's own limit on axes.
    private static final int MAX_RANK = 64;

    private TorchRebuild() {}

    /// Returns what a call gives.
    ///
    /// @throws IllegalArgumentException naming the rule that its arguments break
    static PickleValue call(String name, List<PickleValue> arguments) {
        return switch (name) {
            case TorchGlobals.ORDERED_DICT -> orderedDict(arguments);
            case TorchGlobals.REBUILD_PARAMETER -> parameter(arguments);
            case TorchGlobals.REBUILD_TENSOR -> tensor(arguments);
            default -> throw new IllegalArgumentException("the pickle must not call " + name);
        };
    }

    private static Dictionary orderedDict(List<PickleValue> arguments) {
        if (!arguments.isEmpty()) {
            throw new IllegalArgumentException("an OrderedDict must begin empty");
        }
        return new Dictionary();
    }

    /// `(tensor, requires_grad, hooks)`
    private static View parameter(List<PickleValue> arguments) {
        if (!arguments.isEmpty() && arguments.getFirst() instanceof View view) {
            return view;
        }
        throw new IllegalArgumentException("a parameter must have a tensor");
    }

    /// `(storage, offset, shape, strides, requires_grad, hooks)`
    private static View tensor(List<PickleValue> arguments) {
        if (arguments.size() >= 4
                && arguments.getFirst() instanceof Storage storage
                && arguments.get(1) instanceof Whole(long offset)
                && arguments.get(2) instanceof Tuple(List<PickleValue> shape)
                && arguments.get(3) instanceof Tuple(List<PickleValue> strides)) {
            var view = new View(storage, offset, numbers(shape), numbers(strides));
            requireWithin(view);
            return view;
        }
        throw new IllegalArgumentException("a tensor must have a storage, an offset, a shape and strides");
    }

    private static List<Long> numbers(List<PickleValue> items) {
        List<Long> numbers = new ArrayList<>();
        for (PickleValue item : items) {
            if (!(item instanceof Whole(long number)) || number < 0 || numbers.size() == MAX_RANK) {
                throw new IllegalArgumentException(
                        "a shape and strides must be at most " + MAX_RANK + " whole numbers from 0");
            }
            numbers.add(number);
        }
        return List.copyOf(numbers);
    }

    private static void requireWithin(View view) {
        Storage storage = view.storage();
        if (view.shape().size() != view.strides().size()) {
            throw new IllegalArgumentException("a tensor must have as many strides as axes: got shape " + view.shape()
                    + " and strides " + view.strides());
        }
        long last = view.offset();
        long count = 1;
        try {
            for (int axis = 0; axis < view.shape().size(); axis++) {
                long size = view.shape().get(axis);
                count = Math.multiplyExact(count, size);
                last = Math.addExact(
                        last,
                        Math.multiplyExact(Math.max(0, size - 1), view.strides().get(axis)));
            }
        } catch (ArithmeticException _) {
            last = Long.MAX_VALUE;
        }
        boolean outside = count == 0 ? view.offset() > storage.numElements() : last >= storage.numElements();
        if (view.offset() < 0 || outside) {
            throw new IllegalArgumentException("a tensor must lie within the " + storage.numElements()
                    + " elements of its storage: got shape " + view.shape() + " with strides " + view.strides()
                    + " from " + view.offset());
        }
    }
}
