package org.zebralm.tensor;

import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.jspecify.annotations.Nullable;

/// An operator reached through libtorch's dispatcher: the binding leaves out all that begin with an underscore.
final class Operator {
    private final OperatorHandle handle;

    private Operator(OperatorHandle handle) {
        this.handle = handle;
        handle.retainReference(); // looked up once, used for the life of the process
    }

    /// Finds an operator by its schema name, `aten::_fused_adamw_`.
    static Operator find(String name) {
        Torch.load();
        return new Operator(Dispatcher.realSingleton().findSchemaOrThrow(name, ""));
    }

    /// Calls the operator with its arguments in schema order; what it returns is left unread.
    void call(IValue... arguments) {
        handle.callBoxed(new IValueVector(arguments));
    }

    static IValue list(List<Tensor> tensors) {
        var list = new GenericList(new Type.TypePtr(TensorType.get()));
        list.reserve(tensors.size());
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor.raw()));
        }
        return new IValue(list);
    }

    static IValue optional(@Nullable Tensor tensor) {
        return tensor == null ? new IValue() : new IValue(tensor.raw());
    }
}
