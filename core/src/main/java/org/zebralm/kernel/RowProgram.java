package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What a decoder computes for a few rows, one token of each of some sequences, written down once and run for each
/// token.
///
/// All threads go through the steps together and wait awake from one to the next, and nothing is allocated but what
/// follows from the sequences' lengths: between its products a token costs next to nothing. (libtorch takes a few
/// microseconds for each of hundreds of small operations, a sixth of a token's time at 1 billion parameters.) Rows are
/// float32 from the embedding to the logits.
///
/// A row's result has the same bits whatever the other rows are; and, unless `fastest`, however many there are.
///
/// Steps are added in their order, once; then [#run]. Owned by one thread.
public final class RowProgram implements AutoCloseable {
    private final CpuPool pool;
    private final int numRows;
    private final boolean fastest;
    private final Lifetime lifetime = new Lifetime();
    private final List<CpuPool.Step> steps = new ArrayList<>();
    private final List<AttentionStep> attentions = new ArrayList<>();
    private final Partials partials = new Partials();
    private final long logSumExp;
    private final List<List<CachedKeys>> keys = new ArrayList<>();
    private int floats;

    /// Begins a program for so many rows, of at most `mostHeads` query heads.
    ///
    /// @param fastest whether the order of a product's sums may depend on the number of rows
    /// @throws IllegalStateException without the Vector module
    public RowProgram(int numRows, int mostHeads, boolean fastest) {
        if (!isAvailable()) {
            throw new IllegalStateException("a row program needs the module jdk.incubator.vector");
        }
        if (numRows < 1 || numRows > SmallProducts.MAX_ROWS) {
            throw new IllegalArgumentException(
                    "a row program has 1 to " + SmallProducts.MAX_ROWS + " rows: got " + numRows);
        }
        this.numRows = numRows;
        this.fastest = fastest;
        pool = CpuPool.shared();
        logSumExp = kept(mostHeads, numRows).address();
    }

    /// Returns whether this process can run programs.
    public static boolean isAvailable() {
        return LaunchSettings.hasVectorModule();
    }

    /// Returns whether [#multiply] takes a weight.
    public static boolean accepts(Weight weight) {
        return weight.tensors().values().stream().allMatch(Tensor::isCpu)
                && (!(weight instanceof DenseWeight(Tensor dense)) || RowKernels.accepts(dense));
    }

    /// Makes room for rows of so many heads of `width`.
    public RowBuffer buffer(int heads, int width) {
        return new RowBuffer(kept(numRows, heads, width));
    }

    private Tensor kept(long... shape) {
        return lifetime.keep(Tensors.zeros(DType.FLOAT32, shape));
    }

    /// Adds `y = x / rms(x) * (offset + weight)`, over each whole row or, where the weight is as wide as one, each
    /// head;
    /// `y` may be `x`.
    public void norm(RowBuffer x, Tensor weight_D, float offset, double eps, RowBuffer y) {
        float[] weight = weight_D.to(DType.FLOAT32).toFloats();
        for (int i = 0; i < weight.length; i++) {
            weight[i] += offset;
        }
        boolean isWhole = weight.length == x.rows().width();
        RowView from = isWhole ? x.rows() : x.eachHead();
        RowView to = isWhole ? y.rows() : y.eachHead();
        if (from.width() != weight.length || to.width() != weight.length) {
            throw new IllegalArgumentException("a norm's weight must be as wide as a row or a head: got " + weight_D
                    + " for rows of " + x.rows().width());
        }
        var norm = new RmsNormRows(from, weight, (float) eps);
        int each = from.tokens() / numRows;
        floats = Math.max(floats, RmsNormRows.forwardFloats(weight.length));
        together(eachRow((row, w) -> norm.forward(row * each, (row + 1) * each, to, w)));
    }

    /// One of several products of the same rows.
    ///
    /// @param y where the result goes
    /// @param isAdded whether it is added to what is there
    public record Product(Weight weight, @Nullable Tensor bias, RowBuffer y, boolean isAdded) {}

    /// Adds `y = x W^T + b`, or `y += x W^T + b`, for each of some products.
    public void multiply(RowBuffer x, List<Product> products) {
        List<CpuPool.Task> tasks = new ArrayList<>();
        @Nullable Weight before = null;
        SmallProducts small = new SmallProducts(pool);
        for (Product product : products) {
            Weight weight = SmallProducts.ours(product.weight());
            if (weight.inputs() != x.rows().width()
                    || weight.outputs() != product.y().rows().width()) {
                throw new IllegalArgumentException(
                        "a weight must be [" + product.y().rows().width() + ", "
                                + x.rows().width() + "]: got [" + weight.outputs() + ", " + weight.inputs() + "]");
            }
            if (before == null || !SmallProducts.liesAlike(weight, before)) {
                small = new SmallProducts(pool);
                small.reserve(numRows, weight, fastest);
                read(x.rows(), small.inputs());
            }
            ProductOutputs outputs =
                    SmallProducts.outputs(product.y().rows(), weight, product.bias(), product.isAdded());
            floats = Math.max(floats, small.addTasks(weight, numRows, outputs, tasks));
            before = weight;
        }
        together(tasks);
    }

    /// Cosines and sines of the rows' positions, `[rows, 1, width / 2]`, which [RowKernels#rotate] describes.
    public record Angles(RowBuffer cos, RowBuffer sin) {}

    /// Adds the attention of a layer: queries and keys are rotated in place, keys and values written to their
    /// sequences'
    /// caches, then queries attend.
    ///
    /// Layers are numbered in the order in which they are added.
    public void attend(AttentionSpec spec, Angles angles, RowBuffer q, RowBuffer k, RowBuffer v, RowBuffer out) {
        int layer = attentions.size();
        var queries =
                new RotaryRows(q.heads(), angles.cos().heads(), angles.sin().heads(), 1);
        var rotated =
                new RotaryRows(k.heads(), angles.cos().heads(), angles.sin().heads(), 1);
        floats = Math.max(
                floats, Math.max(queries.floats(), KeyRows.floats(k.heads().width())));
        List<CpuPool.Task> tasks = eachRow((row, w) -> queries.rotate(row, row + 1, w));
        tasks.addAll(eachRow((row, w) -> {
            rotated.rotate(row, row + 1, w);
            keys.get(row).get(layer).write(k.heads(), v.heads(), row, w);
        }));
        together(tasks);
        var call = new ForwardCall(
                q.heads(),
                out.heads(),
                logSumExp,
                VectorAttention.window(spec.span()),
                q.heads().heads() / k.heads().heads(),
                Lanes.padded(q.heads().width()),
                ScoreUnits.factor(spec),
                ScoreUnits.cap(spec),
                new SinkLogits(spec, 0),
                partials);
        var attention = new AttentionStep(call);
        attentions.add(attention);
        steps.add(attention.pieces());
        steps.add(attention.joins());
    }

    /// Adds `y = silu(gate) * up`; `y` may be one of them.
    public void swiglu(RowBuffer gate, RowBuffer up, RowBuffer y) {
        var rows = new SwigluRows(gate.rows(), up.rows(), y.rows());
        floats = Math.max(floats, SwigluRows.FLOATS);
        together(eachRow((row, w) -> rows.forward(row, row + 1, w)));
    }

    /// Adds `y += x`.
    public void add(RowBuffer x, RowBuffer y) {
        RowView from = x.rows();
        RowView to = y.rows();
        int padded = Lanes.padded(from.width());
        floats = Math.max(floats, 2 * padded);
        together(eachRow((row, w) -> {
            from.read(row, 1, 0, w, 0, padded);
            to.read(row, 1, 0, w, padded, padded);
            for (int i = 0; i < padded; i++) {
                w[i] += w[padded + i];
            }
            to.write(w, 0, padded, 1, row, 1, 0);
        }));
    }

    /// Runs all steps.
    ///
    /// @param keys for each row its sequence's keys of each layer; the memory behind them must live on
    public void run(List<List<CachedKeys>> keys) {
        if (keys.size() != numRows || keys.stream().anyMatch(each -> each.size() != attentions.size())) {
            throw new IllegalArgumentException("a run needs the keys of " + attentions.size() + " layers for each of "
                    + numRows + " rows: got " + keys.size() + " rows");
        }
        this.keys.clear();
        this.keys.addAll(keys);
        int records = 0;
        int needed = floats;
        int padded = 0;
        for (int layer = 0; layer < attentions.size(); layer++) {
            List<KeyRun> runs = new ArrayList<>(numRows);
            for (int row = 0; row < numRows; row++) {
                runs.add(keys.get(row).get(layer).run(row));
            }
            AttentionStep attention = attentions.get(layer);
            ForwardPlan plan = attention.plan(runs, pool.numThreads());
            records = Math.max(records, plan.records());
            needed = Math.max(needed, plan.floats());
            padded = Math.max(padded, attention.call().padded());
        }
        partials.reserve(records, padded);
        pool.runSteps(steps, needed);
    }

    private void read(RowView x, ProductInputs inputs) {
        int parts = inputs.parts();
        List<CpuPool.Task> tasks = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            int part = i;
            tasks.add(_ -> inputs.read(x, part, parts));
        }
        together(tasks);
    }

    private void together(List<CpuPool.Task> tasks) {
        var step = new TaskStep();
        step.set(tasks);
        steps.add(step);
    }

    private List<CpuPool.Task> eachRow(RowWork work) {
        List<CpuPool.Task> tasks = new ArrayList<>(numRows);
        for (int i = 0; i < numRows; i++) {
            int row = i;
            tasks.add(workspace -> work.run(row, workspace.floats));
        }
        return tasks;
    }

    /// Frees the rows.
    @Override
    public void close() {
        lifetime.close();
    }

    private interface RowWork {
        void run(int row, float[] w);
    }
}
