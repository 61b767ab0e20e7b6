package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Products `x W^T + b` of a few rows, as decoding has them, with the JDK's Vector API: bound by reading the weights,
/// once.
///
/// Inputs and outputs are float32 or bfloat16 on the CPU; weights are float32, bfloat16, or any of the other
/// [Weight]s; sums are float32. **Batch-invariant** unless the fastest product is asked for: a row's result has the
/// same
/// bits whatever the other rows are and however many there are, and the same before and after the code is compiled. The
/// fastest is another with one row and weights of 4 bits.
public final class SmallProducts {
    /// The most rows of one call.
    public static final int MAX_ROWS = 16;

    /// The most rows of one call with weights of 4 bits, where the fastest product is asked for: more are faster by
    /// libtorch with the weights made dense (measured: 2.55 ms and 2.65 for 48 rows, 5632 x 2048).
    public static final int MAX_INT4_ROWS = 48;

    private final CpuPool pool;
    private final ProductInputs inputs = new ProductInputs();

    SmallProducts(CpuPool pool) {
        this.pool = pool;
    }

    /// Returns the products of this process, or nothing where the Vector module is missing.
    public static Optional<SmallProducts> forThisMachine() {
        return Shared.PRODUCTS;
    }

    /// Returns whether [#multiply] takes these.
    public boolean accepts(Tensor x, Weight weight) {
        return accepts(x, weight, false);
    }

    /// Returns whether [#multiply(Tensor, Weight, Tensor, boolean)] takes these.
    public boolean accepts(Tensor x, Weight weight, boolean fastest) {
        return x.isCpu()
                && x.numElements() > 0
                && x.numElements() <= maxRows(weight, fastest) * x.size(-1)
                && isOurs(x.dtype())
                && (!(weight instanceof DenseWeight(Tensor dense)) || (dense.isCpu() && isOurs(dense.dtype())));
    }

    private static int maxRows(Weight weight, boolean fastest) {
        return fastest && weight instanceof Int4Weight ? MAX_INT4_ROWS : MAX_ROWS;
    }

    private static boolean isOurs(DType dtype) {
        return dtype == DType.FLOAT32 || dtype == DType.BFLOAT16;
    }

    /// Maps up to [#MAX_ROWS] rows `[.., in]` to `[.., out]`, in their type.
    ///
    /// @throws IllegalArgumentException if shapes do not fit or there are more rows
    public Tensor multiply(Tensor x, Weight weight, @Nullable Tensor bias) {
        return multiply(x, weight, bias, false);
    }

    /// Maps up to [#MAX_ROWS] rows as [#multiply(Tensor, Weight, Tensor)] does, or [#MAX_INT4_ROWS].
    ///
    /// @param fastest whether a row's last bits may depend on the number of rows
    public Tensor multiply(Tensor x, Weight weight, @Nullable Tensor bias, boolean fastest) {
        long in = x.size(-1);
        if (in != weight.inputs() || !accepts(x, weight, fastest)) {
            throw new IllegalArgumentException("a small product needs 1 to " + maxRows(weight, fastest) + " rows of "
                    + weight.inputs() + " inputs in float32 or bfloat16 on the CPU: got " + x);
        }
        if (bias != null && (bias.numElements() != weight.outputs() || !isOurs(bias.dtype()))) {
            throw new IllegalArgumentException(
                    "a bias must be [" + weight.outputs() + "] in float32 or bfloat16: got " + bias);
        }
        return multiplyAll(x, List.of(weight), Collections.singletonList(bias), fastest)
                .getFirst();
    }

    /// Maps up to [#MAX_ROWS] rows by several weights, with one waking of the threads where they lie alike.
    ///
    /// @param biases one for each weight, or null for none
    /// @param fastest whether a row's last bits may depend on the number of rows
    /// @throws IllegalArgumentException as [#multiply]
    public List<Tensor> multiplyAll(Tensor x, List<Weight> weights, List<@Nullable Tensor> biases, boolean fastest) {
        long in = x.size(-1);
        long rows = x.numElements() / in;
        RowView read = x.rank() == 2 ? RowView.ofRows(x) : RowView.of(x.reshape(rows, 1, in));
        long[] shape = x.shape();
        List<Tensor> products = new ArrayList<>(weights.size());
        synchronized (this) { // one call at a time: the inputs are shared
            List<CpuPool.Task> tasks = new ArrayList<>();
            int floats = 0;
            for (int i = 0; i < weights.size(); i++) {
                Weight weight = ours(weights.get(i));
                Tensor bias = biases.get(i);
                Tensor y_RO = Tensors.empty(x.dtype(), rows, weight.outputs());
                shape[shape.length - 1] = weight.outputs();
                products.add(y_RO.reshape(shape));
                if (i == 0 || !liesAlike(weight, ours(weights.get(i - 1)))) {
                    if (i > 0) {
                        pool.run(tasks, floats);
                        tasks.clear();
                    }
                    reserve(read.tokens(), weight, fastest);
                    inputs.read(read, 0, 1);
                }
                ProductOutputs outputs = outputs(RowView.ofRows(y_RO), weight, bias, false);
                floats = Math.max(floats, addTasks(weight, read.tokens(), outputs, tasks));
            }
            pool.run(tasks, floats);
        }
        return products;
    }

    static ProductOutputs outputs(RowView y, Weight weight, @Nullable Tensor bias, boolean isAdded) {
        return new ProductOutputs(
                y,
                weight instanceof Int8Weight(Tensor _, Tensor factors)
                        ? factors.contiguous().address()
                        : 0,
                bias == null ? null : RowView.ofRow(bias),
                isAdded);
    }

    /// Returns whether inputs that are ready for one weight are so for the other.
    static boolean liesAlike(Weight a, Weight b) {
        if (a instanceof Int4Weight one && b instanceof Int4Weight other) {
            return one.layout().inputs() == other.layout().inputs()
                    && one.layout().group() == other.layout().group();
        }
        return !(a instanceof Int4Weight) && !(b instanceof Int4Weight);
    }

    /// Returns a weight as it lies in our own format.
    static Weight ours(Weight weight) {
        return weight instanceof PackedWeight packed ? packed.original() : weight;
    }

    /// Makes room for inputs of a weight, and of all that lie like it.
    void reserve(int rows, Weight weight, boolean fastest) {
        if (weight instanceof Int4Weight int4) {
            inputs.reserve(rows, int4.layout(), fastest);
        } else {
            inputs.reserve(rows, (int) weight.inputs());
        }
    }

    /// Returns the inputs that products read when they run.
    ProductInputs inputs() {
        return inputs;
    }

    /// Adds the tasks of a product with the inputs that will be ready when they run; returns the scratch floats that
    /// they need.
    int addTasks(Weight weight, int rows, ProductOutputs outputs, List<CpuPool.Task> tasks) {
        return switch (weight) {
            case DenseWeight(Tensor dense) -> addTasks(RowView.ofRows(dense), rows, outputs, tasks);
            case Int8Weight(Tensor numbers, Tensor _) -> addTasks(RowView.ofRows(numbers), rows, outputs, tasks);
            case Int4Weight int4 -> addTasks(int4, rows, outputs, tasks);
            case PackedWeight packed -> addTasks(packed.original(), rows, outputs, tasks);
        };
    }

    private int addTasks(RowView weights, int rows, ProductOutputs outputs, List<CpuPool.Task> tasks) {
        int eights = (weights.tokens() + ProductOutputs.TOGETHER - 1) / ProductOutputs.TOGETHER;
        int[] cuts = Shares.cuts(eights, (long) weights.tokens() * weights.tokenBytes(), pool.numThreads());
        for (int i = 1; i < cuts.length; i++) {
            tasks.add(new RowProducts(inputs, weights, outputs, cuts[i - 1], cuts[i]));
        }
        return RowProducts.floats(rows);
    }

    private int addTasks(Int4Weight weight, int rows, ProductOutputs outputs, List<CpuPool.Task> tasks) {
        Int4Layout layout = weight.layout();
        long words = weight.words().contiguous().address();
        long scales = weight.scales().contiguous().address();
        int[] cuts = Shares.cuts(Int4RowProducts.pairs(layout), weight.bytes(), pool.numThreads());
        for (int i = 1; i < cuts.length; i++) {
            tasks.add(new Int4RowProducts(inputs, layout, words, scales, outputs, cuts[i - 1], cuts[i]));
        }
        return Int4RowProducts.floats(rows, layout);
    }

    private static final class Shared {
        static final Optional<SmallProducts> PRODUCTS =
                LaunchSettings.hasVectorModule() ? Optional.of(new SmallProducts(CpuPool.shared())) : Optional.empty();
    }
}
