package org.zebralm.nn;

import java.util.function.BiConsumer;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.Tensor;

/// A path-scoped source of parameters: the same constructor builds a module from fresh values or from a
/// checkpoint.
///
/// The path of construction is the parameter's name on disk: `params.at("model").at("layers").at(0).at("mlp")`
/// and then `get("gate_proj.weight", ..)` is `model.layers.0.mlp.gate_proj.weight`.
public final class Params {
    private final String prefix;
    private final Source source;

    private Params(String prefix, Source source) {
        this.prefix = prefix;
        this.source = source;
    }

    /// Returns the root of a source.
    public static Params of(Source source) {
        return new Params("", source);
    }

    /// Returns the same source, each parameter that is got from it noted by its full name; a quantized matrix by those
    /// of
    /// its parts.
    public Params noting(BiConsumer<String, Tensor> notes) {
        Source noting = new Source() {
            @Override
            public Tensor get(String name, Init init, long... shape) {
                Tensor parameter = source.get(name, init, shape);
                notes.accept(name, parameter);
                return parameter;
            }

            @Override
            public Weight weight(String name, Init init, long out, long in) {
                Weight weight = source.weight(name, init, out, in);
                weight.tensors().forEach((suffix, tensor) -> notes.accept(name + suffix, tensor));
                return weight;
            }
        };
        return new Params(prefix, noting);
    }

    public Params at(String name) {
        return new Params(prefix + name + ".", source);
    }

    public Params at(int index) {
        return at(Integer.toString(index));
    }

    /// Returns the parameter of this name, which has exactly this shape; `init` says how it starts if it is
    /// fresh.
    public Tensor get(String name, Init init, long... shape) {
        return source.get(prefix + name, init, shape);
    }

    /// Returns the matrix `[out, in]` of this name, which the source may hold in fewer bits.
    public Weight weight(String name, Init init, long out, long in) {
        return source.weight(prefix + name, init, out, in);
    }

    /// Where parameters come from.
    @FunctionalInterface
    public interface Source {
        /// Returns the tensor of this full name and shape.
        Tensor get(String name, Init init, long... shape);

        /// Returns the matrix of this full name: dense, unless a source knows better.
        default Weight weight(String name, Init init, long out, long in) {
            return new DenseWeight(get(name, init, out, in));
        }
    }
}
