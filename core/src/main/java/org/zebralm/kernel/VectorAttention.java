package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Attention on the CPU with the JDK's Vector API, float32 and bfloat16, computed in float32.
///
/// How it works, from the outside in: [ForwardPlan] and [BackwardPart] cut a call into tasks for the threads of
/// a [CpuPool]; [ForwardTask] and [BackwardTask] walk over tiles of 64 queries by 64 keys ([GroupTask] and [DecodeTask]
/// over the keys of the few queries that decoding has), of which [Visibility] says what to compute; [TileProducts] and
/// [TileSoftmax] compute it in one `float[]`, which
/// [Rows] fills from and empties to the tensors' memory. Other element types go to [PortableAttention].
///
/// Same inputs, number of threads and vector width give the same bits. Loading this class needs no Vector
/// module, calling it does: see [AttentionKernels].
final class VectorAttention implements AttentionKernel {
    private final CpuPool pool;
    private final PortableAttention portable = new PortableAttention();
    private final Partials partials = new Partials();
    private final Halos halos = new Halos();

    VectorAttention(CpuPool pool) {
        this.pool = pool;
    }

    @Override
    public String name() {
        return "vector (" + Lanes.describe() + ", " + pool.numThreads() + " threads)";
    }

    @Override
    public Optional<RowKernels> rows() {
        return Optional.of(new RowKernels(pool));
    }

    @Override
    public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        Shapes.check(spec, q_TNH, sequences);
        sequences.forEach(sequence -> sequence.requireReach(spec.span()));
        if (!isOurs(q_TNH)) {
            return portable.forward(spec, q_TNH, sequences);
        }
        int numKvHeads = (int) sequences.getFirst().keys().getFirst().k_SKH().size(1);
        return forward(spec, q_TNH, numKvHeads, KeyRun.of(sequences));
    }

    /// Does without a view of each document's keys, whose making costs more than a short document's attention.
    @Override
    public AttentionOutput forward(
            AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        if (!isOurs(q_TNH)) {
            return portable.forward(spec, q_TNH, k_TKH, v_TKH, lengths);
        }
        RowView keys = RowView.of(k_TKH);
        return forward(spec, q_TNH, keys.heads(), List.of(KeyRun.packed(keys, RowView.of(v_TKH), lengths)));
    }

    private AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, int numKvHeads, List<KeyRun> runs) {
        RowView queries = RowView.of(q_TNH);
        Tensor out_TNH = Tensors.empty(q_TNH.dtype(), q_TNH.shape());
        Tensor lse_NT = Tensors.empty(DType.FLOAT32, queries.heads(), queries.tokens());
        var call = new ForwardCall(
                queries,
                RowView.of(out_TNH),
                lse_NT.address(),
                window(spec.span()),
                queries.heads() / numKvHeads,
                Lanes.padded(queries.width()),
                ScoreUnits.factor(spec),
                ScoreUnits.cap(spec),
                new SinkLogits(spec, 0),
                partials);
        synchronized (this) { // one call at a time: the partial results are shared
            var plan = new ForwardPlan(call, runs, pool.numThreads(), false);
            partials.reserve(plan.records(), call.padded());
            pool.run(plan.tasks(), plan.floats());
            if (!plan.joins().isEmpty()) {
                pool.run(plan.joins(), plan.floats());
            }
        }
        return new AttentionOutput(out_TNH, lse_NT);
    }

    @Override
    public AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        Shapes.checkSame("dOut", dOut_TNH, "q", q_TNH);
        if (!isOurs(q_TNH)) {
            return portable.backward(spec, q_TNH, k_TKH, v_TKH, lengths, output, dOut_TNH);
        }
        Shapes.checkSame("out", output.out_TNH(), "q", q_TNH);
        Shapes.checkLogSumExp(output.logSumExp_NT(), q_TNH);
        RowView queries = RowView.of(q_TNH);
        RowView keys = RowView.of(k_TKH);
        Tensor lse_NT = output.logSumExp_NT().contiguous();
        Tensor dq_TNH = Tensors.empty(q_TNH.dtype(), q_TNH.shape());
        Tensor dk_TKH = Tensors.empty(k_TKH.dtype(), k_TKH.shape());
        Tensor dv_TKH = Tensors.empty(v_TKH.dtype(), v_TKH.shape());
        KeyRun run = KeyRun.packed(keys, RowView.of(v_TKH), lengths);
        List<BackwardPart> parts = BackwardPart.cut(run, window(spec.span()), keys.heads(), pool.numThreads());
        var call = new BackwardCall(
                queries,
                RowView.of(output.out_TNH()),
                RowView.of(dOut_TNH),
                lse_NT.address(),
                run,
                RowView.of(dq_TNH),
                RowView.of(dk_TKH),
                RowView.of(dv_TKH),
                window(spec.span()),
                queries.heads() / keys.heads(),
                Lanes.padded(queries.width()),
                spec.scale(),
                ScoreUnits.factor(spec),
                ScoreUnits.cap(spec),
                new SinkLogits(spec, parts.size()),
                halos);
        synchronized (this) { // one call at a time: the halos are shared
            halos.reserve(parts, keys.heads(), call.panels() * 64);
            List<BackwardTask> tasks = new ArrayList<>();
            for (int part = parts.size() - 1; part >= 0; part--) {
                for (int head = 0; head < keys.heads(); head++) {
                    tasks.add(new BackwardTask(call, parts.get(part), part, head));
                }
            }
            int floats = 0;
            for (BackwardTask task : tasks) {
                floats = Math.max(floats, task.floats());
            }
            pool.run(tasks, floats);
            List<Halos.Join> joins = Halos.joins(call, parts);
            if (!joins.isEmpty()) {
                pool.run(joins, floats);
            }
        }
        return new AttentionGradients(dq_TNH, dk_TKH, dv_TKH, call.sinks().gradients(spec));
    }

    private static boolean isOurs(Tensor q) {
        return q.isCpu() && (q.dtype() == DType.FLOAT32 || q.dtype() == DType.BFLOAT16);
    }

    static int window(Span span) {
        return switch (span) {
            case Span.Global _ -> Integer.MAX_VALUE;
            case Span.Local(int window) -> window;
        };
    }
}
