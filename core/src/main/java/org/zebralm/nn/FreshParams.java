package org.zebralm.nn;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Parameters that start from a seed, float32; each is a function of the seed and its name alone.
public record FreshParams(long seed, Lifetime lifetime) implements Params.Source {
    @Override
    public Tensor get(String name, Init init, long... shape) {
        return lifetime.keep(
                switch (init) {
                    // The name decides the values, so that adding a module changes no other module's start.
                    case Init.Normal(double std) -> Tensors.normal(std, seed * 0x9E3779B97F4A7C15L + hash(name), shape);
                    case Init.Ones _ -> Tensors.full(1, DType.FLOAT32, shape);
                    case Init.Zeros _ -> Tensors.zeros(DType.FLOAT32, shape);
                });
    }

    private static long hash(String name) {
        long hash = 0xCBF29CE484222325L; // FNV-1a, 64 bits
        for (int i = 0; i < name.length(); i++) {
            hash = (hash ^ name.charAt(i)) * 0x100000001B3L;
        }
        return hash;
    }
}
