package org.zebralm.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueOptional;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// An operator reached through libtorch's dispatcher: the binding leaves out all that begin with an underscore.
///
/// Schemas change between versions of libtorch, so arguments are best given by name: [#arguments] puts them in
/// the order of the schema that the loaded library has, and refuses what that schema does not know.
final class Operator {
    private final String name;
    private final OperatorHandle handle;
    private final List<Parameter> parameters;

    /// One parameter of a schema, such as `window_size_left` of type `int?`.
    private record Parameter(
            String name, String type, @Nullable IValue defaultValue) {}

    private Operator(String name, OperatorHandle handle) {
        this.name = name;
        this.handle = handle;
        handle.retainReference(); // looked up once, used for the life of the process
        parameters = parameters(handle.schema());
    }

    /// Finds an operator by its schema name, `aten::_fused_adamw_`.
    static Operator find(String name) {
        return find(name, "");
    }

    /// Finds an overload of an operator: `aten::bmm` and `dtype`.
    static Operator find(String name, String overload) {
        Torch.load();
        return new Operator(name, Dispatcher.realSingleton().findSchemaOrThrow(name, overload));
    }

    private static List<Parameter> parameters(FunctionSchema schema) {
        Argument arguments = schema.arguments();
        List<Parameter> parameters = new ArrayList<>();
        for (int i = 0; i < arguments.capacity(); i++) {
            Argument argument = arguments.getPointer(i);
            IValueOptional given = argument.default_value();
            IValue defaultValue = null;
            if (given.has_value()) {
                defaultValue = new IValue(given.get());
                defaultValue.retainReference();
            }
            parameters.add(new Parameter(
                    argument.name().getString(), argument.type().get().str().getString(), defaultValue));
        }
        return List.copyOf(parameters);
    }

    /// Returns the schema as libtorch writes it, `aten::name(Tensor x, ..) -> Tensor`.
    String schema() {
        return torch.toString(handle.schema()).getString();
    }

    /// Returns whether this build of libtorch can run the operator on a kind of device.
    boolean runsOn(Device.Kind kind) {
        return handle.hasKernelForDispatchKey(
                switch (kind) {
                    case CPU -> torch.DispatchKey.CPU;
                    case CUDA -> torch.DispatchKey.CUDA;
                });
    }

    /// Calls the operator with its arguments in schema order; what it returns is left unread.
    void call(IValue... arguments) {
        handle.callBoxed(new IValueVector(arguments));
    }

    /// Calls the operator with the arguments on the stack, and leaves its results there.
    void call(IValueVector stack) {
        handle.callBoxed(stack);
    }

    /// Calls the operator with its arguments by name, and returns its results, all tensors.
    List<Tensor> call(Map<String, IValue> named) {
        IValueVector stack = new IValueVector(arguments(named));
        handle.callBoxed(stack); // takes the arguments off the stack and leaves the results
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < stack.size(); i++) {
            // A handle of our own: the stack's is a reference into a value that goes with the scope.
            results.add(new Tensor(new org.bytedeco.pytorch.Tensor(stack.get(i).toTensor())));
        }
        return results;
    }

    /// Returns arguments in schema order, those not named as the schema's defaults.
    ///
    /// @throws IllegalStateException if a name or a value is not what this library's schema says
    IValue[] arguments(Map<String, IValue> named) {
        Set<String> left = new HashSet<>(named.keySet());
        IValue[] arguments = new IValue[parameters.size()];
        for (int i = 0; i < arguments.length; i++) {
            Parameter parameter = parameters.get(i);
            left.remove(parameter.name);
            IValue value = named.getOrDefault(parameter.name, parameter.defaultValue);
            if (value == null) {
                throw mismatch("the argument " + parameter.name + " is missing");
            }
            if (!fits(value, parameter.type)) {
                throw mismatch("the argument " + parameter.name + " must be " + parameter.type + ": got a "
                        + value.tagKind().getString());
            }
            arguments[i] = value;
        }
        if (!left.isEmpty()) {
            throw mismatch("it has no argument " + String.join(", ", left));
        }
        return arguments;
    }

    private IllegalStateException mismatch(String what) {
        return new IllegalStateException(name + " of libtorch " + Torch.version() + " is called wrongly: " + what
                + "; its schema is " + schema());
    }

    private static boolean fits(IValue value, String type) {
        if (type.endsWith("?")) {
            return value.isNone() || fits(value, type.substring(0, type.length() - 1));
        }
        return switch (type) {
            case "Tensor" -> value.isTensor();
            case "int" -> value.isInt();
            case "float" -> value.isDouble();
            case "bool" -> value.isBool();
            default -> true; // the dispatcher checks the rest
        };
    }

    static IValue list(List<Tensor> tensors) {
        var list = new GenericList(new Type.TypePtr(TensorType.get()));
        list.reserve(tensors.size());
        for (Tensor tensor : tensors) {
            list.push_back(new IValue(tensor.raw()));
        }
        return new IValue(list);
    }

    static IValue scalar(double value) {
        return new IValue(new Scalar(value));
    }

    static IValue optional(@Nullable Tensor tensor) {
        return tensor == null ? new IValue() : new IValue(tensor.raw());
    }
}
