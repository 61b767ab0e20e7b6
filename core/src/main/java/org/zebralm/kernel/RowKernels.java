package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What a decoder does row by row between its matrix products, forward and back, each in one pass over memory:
/// root-mean-square norm, rotation, SwiGLU, cross entropy.
///
/// Float32 or bfloat16 on the CPU, float32 inside. libtorch takes several passes for each and keeps what its
/// automatic gradients need; here the gradients are explicit, and mostly written over what they came from.
/// Nothing records history.
public final class RowKernels {
    /// At most this many tasks a call, whatever the number of threads: sums over rows are added up in the same
    /// order on every machine.
    private static final int MOST_TASKS = 64;

    private static final int LEAST_ROWS = 8;

    private final CpuPool pool;

    RowKernels(CpuPool pool) {
        this.pool = pool;
    }

    /// Returns the row kernels of this process's CPU, or nothing where the Vector module is missing.
    public static Optional<RowKernels> forThisMachine() {
        return Shared.ROWS;
    }

    /// Returns whether these kernels take `x`.
    public static boolean accepts(Tensor x) {
        return x.isCpu() && (x.dtype() == DType.FLOAT32 || x.dtype() == DType.BFLOAT16);
    }

    /// Returns `x / rms(x) * weight` of each row of `[T, D]` (arXiv 1910.07467).
    public Tensor rmsNorm(Tensor x_TD, Tensor weight_D, double eps) {
        requireWidth("weight", weight_D, x_TD.size(1));
        Tensor y_TD = Tensors.empty(x_TD.dtype(), x_TD.shape());
        var norm = new RmsNormRows(rows(x_TD), floats(weight_D), (float) eps);
        RowView y = rows(y_TD);
        each(x_TD.size(0), RmsNormRows.forwardFloats(norm.width()), (from, to, _, w) -> norm.forward(from, to, y, w));
        return y_TD;
    }

    /// Adds the gradient of [#rmsNorm]'s input to `dx_TD`, and that of its weight to `dWeight_D`, which is
    /// float32.
    public void addRmsNormGradients(
            Tensor x_TD, Tensor weight_D, double eps, Tensor dy_TD, Tensor dx_TD, Tensor dWeight_D) {
        requireWidth("weight", weight_D, x_TD.size(1));
        requireWidth("dWeight", dWeight_D, x_TD.size(1));
        Shapes.checkSame("x", x_TD, "dy", dy_TD);
        Shapes.checkSame("x", x_TD, "dx", dx_TD);
        var norm = new RmsNormRows(rows(x_TD), floats(weight_D), (float) eps);
        int width = norm.width();
        float[] sums = new float[numTasks(x_TD.size(0)) * width];
        RowView dy = rows(dy_TD);
        RowView dx = rows(dx_TD);
        each(
                x_TD.size(0),
                RmsNormRows.backwardFloats(width),
                (from, to, task, w) -> norm.backward(from, to, dy, dx, sums, task * width, w));
        float[] total = new float[width];
        for (int at = 0; at < sums.length; at += width) {
            for (int d = 0; d < width; d++) {
                total[d] += sums[at + d];
            }
        }
        dWeight_D.addInPlace(Tensors.of(total, width));
    }

    /// Rotates `[T, N, H]` in place, as [org.zebralm.nn.Rope] describes; `back` turns the other way, which takes
    /// the gradient of the rotated to that of the unrotated.
    ///
    /// @param cos_T1h `[T, 1, H / 2]` in float32, as `sin_T1h`
    public void rotate(Tensor x_TNH, Tensor cos_T1h, Tensor sin_T1h, boolean back) {
        Shapes.checkSame("cos", cos_T1h, "sin", sin_T1h);
        if (cos_T1h.size(0) != x_TNH.size(0) || 2 * cos_T1h.size(2) != x_TNH.size(2)) {
            throw new IllegalArgumentException(
                    "a rotation must be [T, 1, H / 2] for [T, N, H]: got " + cos_T1h + " for " + x_TNH);
        }
        requireInPlace(x_TNH);
        var rotary = new RotaryRows(RowView.of(x_TNH), RowView.of(cos_T1h), RowView.of(sin_T1h), back ? -1 : 1);
        each(x_TNH.size(0), rotary.floats(), (from, to, _, w) -> rotary.rotate(from, to, w));
    }

    /// Returns `silu(gate) * up` (arXiv 2002.05202), all `[T, F]`.
    public Tensor swiglu(Tensor gate_TF, Tensor up_TF) {
        Shapes.checkSame("gate", gate_TF, "up", up_TF);
        Tensor y_TF = Tensors.empty(gate_TF.dtype(), gate_TF.shape());
        var rows = new SwigluRows(rows(gate_TF), rows(up_TF), rows(y_TF));
        each(gate_TF.size(0), SwigluRows.FLOATS, (from, to, _, w) -> rows.forward(from, to, w));
        return y_TF;
    }

    /// Replaces `gate` and `up` by their gradients, and `dy`, the gradient of [#swiglu], by what that had
    /// returned.
    public void swigluGradients(Tensor gate_TF, Tensor up_TF, Tensor dy_TF) {
        Shapes.checkSame("gate", gate_TF, "up", up_TF);
        Shapes.checkSame("gate", gate_TF, "dy", dy_TF);
        requireInPlace(gate_TF);
        requireInPlace(up_TF);
        requireInPlace(dy_TF);
        var rows = new SwigluRows(rows(gate_TF), rows(up_TF), rows(dy_TF));
        each(gate_TF.size(0), SwigluRows.FLOATS, (from, to, _, w) -> rows.backward(from, to, w));
    }

    /// Returns the summed cross entropy of `logits_CV` against `targets` (negative: ignored), and replaces the logits
    /// by the gradient of `factor` times that sum.
    ///
    /// With a z-loss (PaLM, arXiv 2204.02311, section 5) each target also costs `zLoss` times the square of its log
    /// partition function; the returned sum leaves that out, the gradient has it.
    public double crossEntropy(Tensor logits_CV, int[] targets, double factor, double zLoss) {
        if (logits_CV.size(0) != targets.length) {
            throw new IllegalArgumentException(
                    "each row of logits needs a target: got " + targets.length + " for " + logits_CV);
        }
        requireInPlace(logits_CV);
        var rows = new CrossEntropyRows(rows(logits_CV), targets.clone(), (float) factor, (float) zLoss);
        double[] losses = new double[targets.length];
        each(targets.length, rows.floats(), (from, to, _, w) -> rows.run(from, to, losses, w));
        double sum = 0;
        for (double loss : losses) {
            sum += loss;
        }
        return sum;
    }

    private static RowView rows(Tensor x_TD) {
        if (x_TD.rank() != 2) {
            throw new IllegalArgumentException("rows must be [T, D]: got " + x_TD);
        }
        return RowView.ofRows(x_TD);
    }

    private static float[] floats(Tensor weight_D) {
        if (!accepts(weight_D)) {
            return weight_D.to(DType.FLOAT32).toFloats();
        }
        int width = (int) weight_D.size(0);
        float[] floats = new float[Lanes.padded(width)];
        RowView.ofRow(weight_D).read(0, 1, 0, floats, 0, floats.length);
        return Arrays.copyOf(floats, width);
    }

    private static void requireWidth(String name, Tensor weight_D, long width) {
        if (weight_D.rank() != 1 || weight_D.size(0) != width) {
            throw new IllegalArgumentException(name + " must be [" + width + "]: got " + weight_D);
        }
    }

    /// A result written to a copy would be lost.
    private static void requireInPlace(Tensor x) {
        int last = x.rank() - 1;
        if (x.stride(last) != 1 && x.size(last) > 1) {
            throw new IllegalArgumentException("what is written in place must have its rows in one piece: got " + x);
        }
    }

    private static int numTasks(long rows) {
        return Math.clamp(rows / LEAST_ROWS, 1, MOST_TASKS);
    }

    /// Runs `work` over `[0, rows)`, in stretches of about equal length.
    private void each(long rows, int floats, Work work) {
        int tasks = numTasks(rows);
        List<CpuPool.Task> list = new ArrayList<>(tasks);
        for (int i = 0; i < tasks; i++) {
            int task = i;
            int from = (int) (rows * i / tasks);
            int to = (int) (rows * (i + 1) / tasks);
            list.add(workspace -> work.run(from, to, task, workspace.floats));
        }
        pool.run(list, floats);
    }

    private static final class Shared {
        static final Optional<RowKernels> ROWS =
                AttentionKernels.forDevice(Device.CPU).rows();
    }

    private interface Work {
        void run(int from, int to, int task, float[] w);
    }
}
