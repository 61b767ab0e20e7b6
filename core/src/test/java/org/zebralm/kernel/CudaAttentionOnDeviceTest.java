package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

/// CUDA attention against plain loops in float64, on a card.
///
/// With Maven: `-Plinux-x86_64-gpu -Dtest.groups.excluded= -Dtest=CudaAttentionOnDeviceTest`. Where there is no
/// Maven, the main method runs the same checks.
@Tag("gpu")
@ExtendWith(Scoped.class)
class CudaAttentionOnDeviceTest {
    private static final Device GPU = Device.cuda(0);

    private final AttentionKernel kernel = AttentionKernels.forDevice(GPU);

    public static void main(String[] args) {
        var checks = new CudaAttentionOnDeviceTest();
        System.out.println(checks.kernel.name());
        boolean failed = false;
        failed |= run("flashIsChosen", checks::flashIsChosen);
        failed |= run("randomShapes", checks::randomShapesEqualPlainLoops);
        failed |= run("windows", checks::windowsEndWhereTheyShould);
        failed |= run("sinks", checks::sinksAndTheirGradients);
        failed |= run("blockwise", checks::softCapsAndWiderTypesRunBlockwise);
        failed |= run("cached", checks::chunksAgainstPagesEqualTheWhole);
        failed |= run("decode", checks::oneCallServesManySequences);
        failed |= run("int8", checks::int8Keys);
        failed |= run("views", checks::viewsOfAFusedProjection);
        if (failed) {
            throw new AssertionError("some checks failed");
        }
    }

    private static boolean run(String name, Runnable check) {
        long start = System.nanoTime();
        try (var _ = Scope.open()) {
            check.run();
            System.out.printf("ok   %s (%.1f s)%n", name, (System.nanoTime() - start) / 1e9);
            return false;
        } catch (RuntimeException | AssertionError e) {
            System.out.printf("FAIL %s: %s%n", name, e);
            for (StackTraceElement element : e.getStackTrace()) {
                if (element.getClassName().startsWith("org.zebralm")) {
                    System.out.println("     " + element);
                }
            }
            return true;
        }
    }

    /// Checks output and gradients of a problem whose tensors were moved to the card.
    private static void check(AttentionKernel kernel, AttentionCase problem, double forward, double backward) {
        try (var _ = Scope.open()) {
            LoopAttention expected = problem.expected();
            AttentionSpec spec = onCard(problem.spec());
            Tensor q = problem.q().to(GPU);
            Tensor k = problem.k().to(GPU);
            Tensor v = problem.v().to(GPU);
            AttentionOutput output = kernel.forward(spec, q, k, v, problem.lengths());
            double lse = problem.dtype() == DType.BFLOAT16 || problem.dtype() == DType.FLOAT16 ? 1e-3 : forward;
            problem.close("out", output.out_TNH(), expected.out, forward);
            problem.close("logSumExp", output.logSumExp_NT(), expected.logSumExp, lse);
            AttentionGradients gradients = kernel.backward(
                    spec, q, k, v, problem.lengths(), output, problem.dOut().to(GPU));
            problem.close("dq", gradients.dq_TNH(), expected.dq, backward);
            problem.close("dk", gradients.dk_TKH(), expected.dk, backward);
            problem.close("dv", gradients.dv_TKH(), expected.dv, backward);
            Tensor dSinks = gradients.dSinks_N();
            assertThat(dSinks != null).isEqualTo(problem.hasSinks());
            if (dSinks != null) {
                problem.close("dSinks", dSinks, expected.dSinks, backward);
            }
            assertThat(output.out_TNH().device()).isEqualTo(GPU);
            assertThat(gradients.dk_TKH().dtype()).isEqualTo(problem.dtype());
        }
    }

    private static AttentionSpec onCard(AttentionSpec spec) {
        Tensor sinks = spec.sinks_N();
        return sinks == null ? spec : spec.withSinks(sinks.to(GPU));
    }

    @Test
    void flashIsChosen() {
        assertThat(kernel).isInstanceOf(CudaAttention.class);
        assertThat(AttentionKernels.forDevice(GPU)).isSameAs(kernel);
    }

    @Test
    void randomShapesEqualPlainLoops() {
        Random random = new Random(20260101);
        for (int i = 0; i < 40; i++) {
            check(kernel, AttentionCase.random(random, DType.BFLOAT16), 1e-2, 1.5e-2);
            check(kernel, AttentionCase.random(random, DType.FLOAT16), 2e-3, 4e-3);
        }
    }

    @Test
    void windowsEndWhereTheyShould() {
        int w = 65;
        for (int length : new int[] {1, w - 1, w, w + 1, 2 * w, 3 * w + 5}) {
            check(kernel, AttentionCase.of(2, 1, 16, w, DType.BFLOAT16, 0, length), 1e-2, 1.5e-2);
        }
        check(kernel, AttentionCase.of(4, 2, 64, 1, DType.BFLOAT16, 0, 100), 1e-2, 1.5e-2);
        check(kernel, AttentionCase.of(4, 2, 128, 513, DType.BFLOAT16, 0, 700, 1400), 1e-2, 1.5e-2);
        // a key beyond the window changes nothing, one at its edge does
        for (int window : new int[] {1, 64, 65, 128}) {
            var problem = AttentionCase.of(1, 1, 16, window, DType.BFLOAT16, 0, 300);
            Tensor q = problem.q().to(GPU);
            Tensor k = problem.k().to(GPU);
            float[] values = problem.v().toFloats();
            Arrays.fill(values, 100 * 16, 101 * 16, 1000);
            Tensor changed = Tensors.of(values, 300, 1, 16).to(DType.BFLOAT16).to(GPU);
            double[] before = kernel.forward(problem.spec(), q, k, problem.v().to(GPU), problem.lengths())
                    .out_TNH()
                    .toDoubles();
            double[] after = kernel.forward(problem.spec(), q, k, changed, problem.lengths())
                    .out_TNH()
                    .toDoubles();
            for (int t = 0; t < 300; t++) {
                boolean same = Arrays.equals(before, t * 16, t * 16 + 16, after, t * 16, t * 16 + 16);
                assertThat(same).as("query %d, window %d", t, window).isEqualTo(t < 100 || t >= 100 + window);
            }
        }
    }

    @Test
    void sinksAndTheirGradients() {
        for (int width : new int[] {20, 64, 128}) {
            for (int window : new int[] {1, 70, Integer.MAX_VALUE}) {
                check(
                        kernel,
                        AttentionCase.of(6, 2, width, window, DType.BFLOAT16, 0, 40, 41, 200)
                                .withSinks(),
                        1e-2,
                        1.5e-2);
            }
        }
    }

    @Test
    void softCapsAndWiderTypesRunBlockwise() {
        Random random = new Random(5);
        for (int i = 0; i < 8; i++) {
            check(kernel, AttentionCase.random(random, DType.FLOAT32), 2e-5, 1e-4);
            check(kernel, AttentionCase.random(random, DType.FLOAT64), 1e-12, 1e-12);
            check(kernel, AttentionCase.random(random, DType.BFLOAT16).withSoftCap(1.5), 1e-2, 1.5e-2);
        }
        check(kernel, AttentionCase.of(4, 2, 264, 70, DType.BFLOAT16, 0, 40, 1300), 1e-2, 1.5e-2);
        check(new PortableAttention(), AttentionCase.of(4, 2, 64, 70, DType.BFLOAT16, 0, 40, 1300), 1e-2, 1.5e-2);
    }

    @Test
    void chunksAgainstPagesEqualTheWhole() {
        Random random = new Random(7);
        for (int[] heads : new int[][] {{2, 2}, {6, 2}, {9, 1}}) {
            for (int window : new int[] {1, 70, Integer.MAX_VALUE}) {
                for (DType dtype : List.of(DType.BFLOAT16, DType.FLOAT32)) {
                    var problem = AttentionCase.of(heads[0], heads[1], window == 70 ? 48 : 64, window, dtype, 0, 300);
                    double[] expected = problem.expected().out;
                    int row = heads[0] * problem.width();
                    int start = 0;
                    for (int chunk : new int[] {1, 1, 2, 4, 5, 33, 64, 100, 1, 89}) {
                        Sequence sequence = onCard(Chunks.chunk(problem, 0, start, chunk, random));
                        Tensor q = problem.q().narrow(0, start, chunk).to(GPU);
                        Tensor out = kernel.forward(problem.spec(), q, List.of(sequence))
                                .out_TNH();
                        problem.close(
                                "rows " + start + " + " + chunk,
                                out,
                                Arrays.copyOfRange(expected, start * row, (start + chunk) * row),
                                dtype == DType.FLOAT32 ? 2e-5 : 1e-2);
                        start += chunk;
                    }
                }
            }
        }
    }

    private static Sequence onCard(Sequence sequence) {
        return new Sequence(
                sequence.firstRow(),
                sequence.numRows(),
                sequence.position(),
                sequence.keys().stream()
                        .map(range -> new KeyRange(
                                range.k_SKH().to(GPU), range.v_SKH().to(GPU), range.position()))
                        .toList());
    }

    @Test
    void oneCallServesManySequences() {
        Random random = new Random(8);
        for (int[][] shares :
                new int[][][] {{{0, 5}, {20, 1}, {199, 1}, {100, 100}, {3, 4}}, {{0, 1}, {150, 1}, {17, 1}}}) {
            for (int window : new int[] {60, Integer.MAX_VALUE}) {
                var problem = AttentionCase.of(8, 2, 64, window, DType.BFLOAT16, 0, 200);
                LoopAttention whole = problem.expected();
                List<Sequence> sequences = new ArrayList<>();
                List<Tensor> queries = new ArrayList<>();
                int row = 0;
                for (int[] share : shares) {
                    sequences.add(onCard(Chunks.chunk(problem, row, share[0], share[1], random)));
                    queries.add(problem.q().narrow(0, share[0], share[1]));
                    row += share[1];
                }
                Tensor q = Tensors.cat(queries, 0).to(GPU);
                AttentionOutput output = kernel.forward(problem.spec(), q, sequences);
                for (Sequence sequence : sequences) {
                    int from = (int) sequence.position();
                    int rows = sequence.numRows();
                    Tensor out = output.out_TNH().narrow(0, sequence.firstRow(), rows);
                    problem.close("out", out, Arrays.copyOfRange(whole.out, from * 512, (from + rows) * 512), 1e-2);
                    double[] lse = new double[8 * rows];
                    for (int i = 0; i < lse.length; i++) {
                        lse[i] = whole.logSumExp[i / rows * 200 + from + i % rows];
                    }
                    problem.close("logSumExp", output.logSumExp_NT().narrow(1, sequence.firstRow(), rows), lse, 1e-3);
                }
            }
        }
    }

    @Test
    void int8Keys() {
        var problem = AttentionCase.of(8, 2, 64, 90, DType.BFLOAT16, 0, 200);
        KeyRange quantized = KeyRange.quantize(problem.k().to(GPU), problem.v().to(GPU), 0);
        for (int rows : new int[] {1, 30}) {
            Tensor q = problem.q().narrow(0, 200 - rows, rows).to(GPU);
            Sequence sequence = new Sequence(0, rows, 200 - rows, List.of(quantized));
            Tensor out = kernel.forward(problem.spec(), q, List.of(sequence)).out_TNH();
            double[] expected = Arrays.copyOfRange(problem.expected().out, (200 - rows) * 512, 200 * 512);
            problem.close("out", out, expected, 3e-2); // eight bits of keys and values
        }
    }

    @Test
    void viewsOfAFusedProjection() {
        var problem = AttentionCase.of(4, 2, 32, 50, DType.BFLOAT16, 0, 33, 130);
        Tensor fused =
                Tensors.cat(List.of(problem.q(), problem.k(), problem.v()), 1).to(GPU);
        Tensor out = kernel.forward(
                        problem.spec(),
                        fused.narrow(1, 0, 4),
                        fused.narrow(1, 4, 2),
                        fused.narrow(1, 6, 2),
                        problem.lengths())
                .out_TNH();
        problem.close("out", out, problem.expected().out, 1e-2);
    }
}
