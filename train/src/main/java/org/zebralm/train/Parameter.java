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
    private static final String LAYERS = "model.layers.";

    /// What a parameter is to the model, by which optimizers tell them apart.
    enum Role {
        /// Maps a layer's activations.
        MATRIX,
        /// Has a row for each token: embedding and head.
        EMBEDDING,
        /// One number a channel or head: gains of norms, biases, sinks.
        GAIN
    }

    private final String name;
    private final Tensor master;
    private final Tensor leaf;
    private final Tensor gradient;

    Parameter(String name, Tensor initial, DType compute, Lifetime lifetime) {
        this.name = name;
        this.master = lifetime.keep(initial.dtype() == DType.FLOAT32 ? initial.copy() : initial.to(DType.FLOAT32));
        this.leaf = lifetime.keep(master.to(compute).asLeaf());
        this.gradient = lifetime.keep(Tensors.zeros(DType.FLOAT32, initial.shape()));
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

    Role role() {
        if (master.rank() < 2) {
            return Role.GAIN;
        }
        return name.startsWith(LAYERS) ? Role.MATRIX : Role.EMBEDDING;
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
