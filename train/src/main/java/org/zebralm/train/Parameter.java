package org.zebralm.train;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// One trained tensor: the float32 master that the optimizer moves, and the leaf that the model computes with.
///
/// The leaf shares the master's memory when computing in float32. Gradients are summed in float32 whatever the
/// leaf's type, so that accumulation over micro-batches loses nothing to bfloat16.
final class Parameter {
    private final String name;
    private final Tensor master;
    private final Tensor leaf;
    private final Tensor gradient;
    private final Tensor mean;
    private final Tensor variance;

    Parameter(String name, Tensor initial, DType compute, Lifetime lifetime) {
        this.name = name;
        this.master = lifetime.keep(initial.dtype() == DType.FLOAT32 ? initial.copy() : initial.to(DType.FLOAT32));
        this.leaf = lifetime.keep(master.to(compute).asLeaf());
        this.gradient = lifetime.keep(Tensors.zeros(DType.FLOAT32, initial.shape()));
        this.mean = lifetime.keep(Tensors.zeros(DType.FLOAT32, initial.shape()));
        this.variance = lifetime.keep(Tensors.zeros(DType.FLOAT32, initial.shape()));
    }

    String name() {
        return name;
    }

    Tensor master() {
        return master;
    }

    Tensor leaf() {
        return leaf;
    }

    Tensor gradient() {
        return gradient;
    }

    Tensor mean() {
        return mean;
    }

    Tensor variance() {
        return variance;
    }

    /// Returns whether weight decay applies: to matrices, not to the gains of norms.
    boolean decays() {
        return master.rank() >= 2;
    }

    /// Moves what autograd gave the leaf into the float32 sum.
    void collectGradient() {
        @Nullable Tensor fresh = leaf.grad();
        if (fresh != null) {
            gradient.addInPlace(fresh);
            leaf.clearGrad();
        }
    }

    /// Brings the leaf up to date after the master has moved.
    void refreshLeaf() {
        if (leaf.dtype() != DType.FLOAT32) {
            leaf.detach().copyInPlace(master);
        }
    }
}
