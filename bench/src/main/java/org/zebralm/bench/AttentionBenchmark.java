package org.zebralm.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// JMH's view of the kernels: calls a second, and as `gflop` the GFLOP/s over the pairs attended to.
///
/// Each combination of parameters gets a process of its own, so compilers see one shape only; `zebra bench
/// attention` measures in one process, as programs run. The warm-up is longer than it looks needed: C2 takes
/// several calls of some hundred milliseconds before it settles.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class AttentionBenchmark {

    @Benchmark
    public Tensor forward(Forward state, Work work) {
        return state.run(work);
    }

    @Benchmark
    public Tensor forwardBackward(ForwardBackward state, Work work) {
        return state.run(work);
    }

    @Benchmark
    public Tensor decode(Decode state, Work work) {
        return state.run(work);
    }

    /// Work done, in units of 1e9 floating-point operations.
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Work {
        public double gflop;

        @Setup(Level.Iteration)
        public void clear() {
            gflop = 0;
        }
    }

    @State(Scope.Benchmark)
    public static class Forward extends Prepared {
        public Forward() {
            super(Pass.FORWARD);
        }
    }

    @State(Scope.Benchmark)
    public static class ForwardBackward extends Prepared {
        public ForwardBackward() {
            super(Pass.FORWARD_BACKWARD);
        }
    }

    @State(Scope.Benchmark)
    public static class Decode extends Prepared {
        public Decode() {
            super(Pass.DECODE);
        }
    }

    /// A contender made from JMH's parameters.
    @State(Scope.Benchmark)
    public abstract static class Prepared {
        @Param("zebra")
        public String implementation = "";

        @Param({"float32", "bfloat16"})
        public String dtype = "";

        @Param({"64", "128"})
        public int headDim;

        @Param("4096")
        public int length;

        /// Keys a query sees, itself included, or `global`.
        @Param({"global", "513"})
        public String window = "";

        @Param("12")
        public int heads;

        @Param("12")
        public int kvHeads;

        private final Pass pass;

        @SuppressWarnings("NullAway.Init") // set before the first call
        private AttentionCase attention;

        @SuppressWarnings("NullAway.Init") // set before the first call
        private Contender contender;

        @SuppressWarnings("NullAway.Init") // set before the first call
        private Contender.Turn turn;

        Prepared(Pass pass) {
            this.pass = pass;
        }

        @Setup
        public void open() {
            Span span = window.equals("global") ? Span.global() : new Span.Local(Integer.parseInt(window));
            attention =
                    new AttentionCase(pass, span, length, new HeadShape(heads, kvHeads, headDim), DType.parse(dtype));
            contender = Contender.of(Implementation.parse(implementation), attention);
            turn = contender.turn();
        }

        @TearDown
        public void close() {
            turn.close();
            contender.close();
        }

        Tensor run(Work work) {
            try (var _ = org.zebralm.tensor.Scope.open()) {
                List<Tensor> results = contender.run();
                work.gflop += attention.flops() / 1e9;
                return results.getFirst();
            }
        }
    }
}
