package org.zebralm.bench;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int4Weight;
import org.zebralm.kernel.Int8Weight;
import org.zebralm.kernel.Quantizer;
import org.zebralm.kernel.SmallProducts;
import org.zebralm.kernel.Weight;
import org.zebralm.nn.Inference;
import org.zebralm.nn.Linear;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.PackedProducts;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// One implementation of a [ProductCase] over as many copies of the weight as no cache holds, taken in turn.
final class ProductContender implements AutoCloseable {
    private final Lifetime lifetime = new Lifetime();
    private final List<Product> copies = new ArrayList<>();
    private final Tensor x;

    private interface Product {
        Tensor of(Tensor x);
    }

    /// @param bytes that all copies take together at least
    ProductContender(ProductCase product, Implementation implementation, long bytes) {
        try (var _ = Scope.open()) {
            Tensor rows = Tensors.normal(1, 1, product.rows(), product.in());
            x = lifetime.keep(
                    product.stored() == ProductCase.Stored.FLOAT32
                            ? rows
                            : rows.to(DType.BFLOAT16).copy());
            Tensor dense = Tensors.normal(1 / Math.sqrt(product.in()), 2, product.out(), product.in());
            int count = (int) Math.max(1, Math.ceilDiv(bytes, product.weightBytes()));
            for (int i = 0; i < count; i++) {
                copies.add(implementation == Implementation.TORCH ? torch(product, dense) : ours(product, dense));
            }
        }
    }

    private Product ours(ProductCase product, Tensor dense) {
        SmallProducts products = SmallProducts.forThisMachine()
                .orElseThrow(() -> new IllegalArgumentException(
                        "our products need the Vector API: start java with --add-modules jdk.incubator.vector"));
        Weight weight = switch (product.stored()) {
            case FLOAT32 -> new DenseWeight(keep(dense.copy()));
            case BFLOAT16 -> new DenseWeight(keep(dense.to(DType.BFLOAT16)));
            case INT8 -> {
                Int8Weight int8 = Quantizer.int8(dense);
                yield new Int8Weight(keep(int8.numbers()), keep(int8.scales()));
            }
            case INT4 -> int4(dense);
        };
        return rows -> products.multiply(rows, weight, null, true);
    }

    private Product torch(ProductCase product, Tensor dense) {
        return switch (product.stored()) {
            case FLOAT32 -> dense(keep(dense.copy()));
            case BFLOAT16 -> dense(keep(dense.to(DType.BFLOAT16)));
            case INT8 -> {
                Int8Weight int8 = Quantizer.int8(dense);
                Tensor numbers = keep(int8.numbers());
                Tensor scales = keep(int8.scales().to(DType.BFLOAT16));
                yield rows -> PackedProducts.int8(rows, numbers, scales);
            }
            case INT4 -> {
                // There is none of libtorch's to be compared with but its product of a weight that is made dense first.
                var blocks = new Linear(int4(dense), null);
                yield rows -> {
                    try (var _ = Inference.withheld()) {
                        return blocks.forward(rows);
                    }
                };
            }
        };
    }

    private Int4Weight int4(Tensor dense) {
        Int4Weight int4 = Quantizer.int4(dense, 32);
        return new Int4Weight(keep(int4.words()), keep(int4.scales()), int4.rows(), int4.columns(), int4.group());
    }

    private static Product dense(Tensor weight) {
        return rows -> Functional.linear(rows, weight, null);
    }

    private Tensor keep(Tensor tensor) {
        return lifetime.keep(tensor);
    }

    /// Returns how many products a [#run] is.
    int count() {
        return copies.size();
    }

    /// Multiplies with each copy.
    void run() {
        try (var _ = Scope.open()) {
            copies.forEach(copy -> copy.of(x));
        }
    }

    /// Multiplies once, in the caller's scope.
    Tensor once() {
        return copies.getFirst().of(x);
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
