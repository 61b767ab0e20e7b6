package org.zebralm.testing;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A source of parameters that remembers what it gave, for oracles to compute with.
///
/// Matrices are normal with a deviation that keeps activations near 1, norms stray from 1; all are float32 numbers
/// whatever `dtype`.
public record RandomWeights(long seed, DType dtype, Lifetime lifetime, Map<String, double[]> values)
        implements Params.Source {
    public RandomWeights(long seed, DType dtype, Lifetime lifetime) {
        this(seed, dtype, lifetime, new LinkedHashMap<>());
    }

    @Override
    public Tensor get(String name, Init init, long... shape) {
        Random random = new Random(seed * 31 + name.hashCode());
        int length = 1;
        for (long size : shape) {
            length = Math.toIntExact(length * size);
        }
        double std = shape.length == 1 ? 0.2 : 1 / Math.sqrt((double) shape[1]);
        double mean = shape.length == 1 ? 1 : 0;
        double[] drawn = new double[length];
        for (int i = 0; i < length; i++) {
            drawn[i] = (float) (mean + std * random.nextGaussian());
        }
        if (values.put(name, drawn) != null) {
            throw new IllegalStateException("a parameter was asked for twice: " + name);
        }
        return lifetime.keep(Tensors.of(drawn, shape).to(dtype));
    }
}
