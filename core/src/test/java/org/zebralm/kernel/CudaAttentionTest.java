package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.FlashAttention.Gradients;
import org.zebralm.tensor.FlashAttention.Output;
import org.zebralm.tensor.FlashAttention.Packing;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

/// What is done around flash attention, with a stand-in for the card: see [CudaAttentionOnDeviceTest] for a
/// real one.
@ExtendWith(Scoped.class)
class CudaAttentionTest {
    private final FakeFlash flash = new FakeFlash();
    private final CudaAttention kernel = new CudaAttention(Device.CPU, flash);

    /// Flash attention on the CPU: as narrow in what it takes as the real one.
    private static final class FakeFlash implements Flash {
        private final PortableAttention portable = new PortableAttention();
        private int calls;

        @Override
        public Output forward(Tensor q, Tensor k, Tensor v, Packing packing, long window, double scale) {
            check(scale, q, k, v);
            long[] queries = packing.queryEnds().toLongs();
            long[] keys = packing.keyEnds().toLongs();
            assertThat(packing.maxQueries()).isEqualTo(longest(queries));
            assertThat(packing.maxKeys()).isEqualTo(longest(keys));
            assertThat(keys[keys.length - 1]).isEqualTo(k.size(0));
            List<Sequence> sequences = new ArrayList<>();
            for (int i = 0; i + 1 < queries.length; i++) {
                long count = keys[i + 1] - keys[i];
                int rows = (int) (queries[i + 1] - queries[i]);
                var range = new KeyRange(k.narrow(0, keys[i], count), v.narrow(0, keys[i], count), 0);
                sequences.add(new Sequence((int) queries[i], rows, count - rows, List.of(range)));
            }
            AttentionOutput output = portable.forward(new AttentionSpec(span(window), scale), q, sequences);
            return new Output(output.out_TNH(), output.logSumExp_NT());
        }

        @Override
        public Gradients backward(
                Tensor q, Tensor k, Tensor v, Output output, Tensor dOut, Packing packing, long window, double scale) {
            check(scale, q, k, v, output.out_TNH(), dOut);
            int[] ends = Arrays.stream(packing.queryEnds().toLongs())
                    .mapToInt(Math::toIntExact)
                    .toArray();
            AttentionGradients gradients = portable.backward(
                    new AttentionSpec(span(window), scale),
                    q,
                    k,
                    v,
                    CumulativeLengths.of(ends),
                    new AttentionOutput(output.out_TNH(), output.logSumExp_NT()),
                    dOut);
            return new Gradients(gradients.dq_TNH(), gradients.dk_TKH(), gradients.dv_TKH());
        }

        private void check(double scale, Tensor... tensors) {
            calls++;
            assertThat(scale).isPositive();
            for (Tensor x : tensors) {
                assertThat(x.dtype()).isIn(DType.BFLOAT16, DType.FLOAT16);
                assertThat(x.size(2) % 8).isZero();
                assertThat(x.size(2) <= 192 || x.size(2) == 256).isTrue();
                assertThat(x.stride(2)).isEqualTo(1);
                assertThat(x.stride(0) % 8 + x.stride(1) % 8 + x.address() % 16).isZero();
            }
        }

        private static long longest(long[] ends) {
            long longest = 0;
            for (int i = 1; i < ends.length; i++) {
                longest = Math.max(longest, ends[i] - ends[i - 1]);
            }
            return longest;
        }

        private static Span span(long window) {
            return window == 0 ? Span.global() : new Span.Local((int) window);
        }
    }

    @Test
    void equalsPlainLoopsWithPaddingSinksAndNegativeScales() {
        for (int width : new int[] {6, 8, 20, 64, 100, 192, 200, 256}) {
            AttentionCase.of(4, 2, width, 20, DType.BFLOAT16, 0, 33, 34, 60).check(kernel, 1e-2, 1e-2);
            AttentionCase.of(4, 2, width, Integer.MAX_VALUE, DType.BFLOAT16, 0, 50)
                    .withSinks()
                    .check(kernel, 1e-2, 1e-2);
        }
        new AttentionCase(4, 1, 16, CumulativeLengths.of(0, 30, 50), 7, -0.3, DType.BFLOAT16, 1, 5)
                .check(kernel, 1e-2, 1e-2);
        assertThat(flash.calls).isEqualTo(2 * 17);
    }

    @Test
    void whatFlashCannotDoRunsBlockwise() {
        AttentionCase.of(4, 2, 16, 20, DType.FLOAT32, 0, 60).check(kernel, 2e-5, 1e-4);
        AttentionCase.of(4, 2, 16, 20, DType.FLOAT64, 0, 60).withSinks().check(kernel, 1e-12, 1e-12);
        AttentionCase.of(4, 2, 16, 20, DType.BFLOAT16, 0, 60).withSoftCap(1.5).check(kernel, 1e-2, 1e-2);
        AttentionCase.of(2, 1, 264, 20, DType.BFLOAT16, 0, 40).check(kernel, 1e-2, 1e-2);
        assertThat(flash.calls).isZero();
    }

    @Test
    void pagesOfManySequencesAreGatheredForOneCall() {
        Random random = new Random(3);
        for (int window : new int[] {1, 17, Integer.MAX_VALUE}) {
            int[][] shares = {{0, 5}, {99, 1}, {50, 50}, {0, 1}};
            var any = AttentionCase.of(4, 2, 24, window, DType.BFLOAT16, 0, 100);
            List<Sequence> sequences = new ArrayList<>();
            List<Tensor> queries = new ArrayList<>();
            int row = 0;
            for (int[] share : shares) {
                sequences.add(Chunks.chunk(any, row, share[0], share[1], random));
                queries.add(any.q().narrow(0, share[0], share[1]));
                row += share[1];
            }
            int before = flash.calls;
            AttentionOutput output = kernel.forward(any.spec(), Tensors.cat(queries, 0), sequences);
            assertThat(flash.calls).isEqualTo(before + 1);
            double[] expected = any.expected().out;
            for (int i = 0; i < shares.length; i++) {
                Tensor rows = output.out_TNH().narrow(0, sequences.get(i).firstRow(), shares[i][1]);
                int from = shares[i][0] * 4 * 24;
                any.close("sequence " + i, rows, Arrays.copyOfRange(expected, from, from + shares[i][1] * 96), 1e-2);
            }
        }
    }

    @Test
    void onlyTheKeysInReachAreGathered() {
        Tensor k = Tensors.zeros(DType.BFLOAT16, 100, 2, 8);
        var ranges = List.of(
                new KeyRange(k.narrow(0, 0, 40), k.narrow(0, 0, 40), 0),
                new KeyRange(k.narrow(0, 40, 60), k.narrow(0, 40, 60), 40));
        var sequences = List.of(new Sequence(0, 2, 98, ranges), new Sequence(2, 1, 99, ranges));
        var local = CudaAttention.GatheredKeys.of(new Span.Local(10), sequences, DType.BFLOAT16);
        assertThat(local.queryEnds()).containsExactly(0, 2, 3);
        assertThat(local.keyEnds()).containsExactly(0, 11, 21);
        assertThat(local.k_SKH().shape()).containsExactly(21, 2, 8);
        var global = CudaAttention.GatheredKeys.of(Span.global(), sequences, DType.BFLOAT16);
        assertThat(global.keyEnds()).containsExactly(0, 100, 200);
    }

    @Test
    void int8KeysAreRestored() {
        var problem = AttentionCase.of(4, 2, 32, 30, DType.BFLOAT16, 0, 80);
        KeyRange exact = new KeyRange(problem.k(), problem.v(), 0);
        KeyRange quantized = KeyRange.quantize(problem.k(), problem.v(), 0);
        Tensor q = problem.q().narrow(0, 79, 1);
        Tensor a = kernel.forward(problem.spec(), q, List.of(new Sequence(0, 1, 79, List.of(exact))))
                .out_TNH();
        Tensor b = kernel.forward(problem.spec(), q, List.of(new Sequence(0, 1, 79, List.of(quantized))))
                .out_TNH();
        problem.close("int8", b, a.toDoubles(), 3e-2);
        assertThat(flash.calls).isEqualTo(2);
    }

    @Test
    void cumulativeLengthsAreUploadedOnce() {
        var packings = new Packings(Device.CPU);
        long address = packings.get(new int[] {0, 3, 9}, new int[] {0, 4, 9})
                .queryEnds()
                .address();
        for (int i = 1; i < 7; i++) {
            packings.get(new int[] {0, 3, 9}, new int[] {0, 3, 9 + i});
        }
        Packing again = packings.get(new int[] {0, 3, 9}, new int[] {0, 4, 20});
        assertThat(again.queryEnds().address()).isEqualTo(address);
        assertThat(again.keyEnds().toLongs()).containsExactly(0, 4, 20);
        assertThat(again.maxQueries()).isEqualTo(6);
        assertThat(again.maxKeys()).isEqualTo(16);
    }

    @Test
    void tensorsOfAnotherDeviceAreRefused() {
        var elsewhere = new CudaAttention(Device.cuda(1), flash);
        var problem = AttentionCase.of(2, 1, 8, 4, DType.BFLOAT16, 0, 9);
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        elsewhere.forward(problem.spec(), problem.q(), problem.k(), problem.v(), problem.lengths()))
                .withMessage("q must be on cuda:1: got one on cpu");
    }

    @Test
    void theChoiceForADeviceIsMadeOnceAndNamesIt() {
        assertThat(AttentionKernels.forDevice(Device.CPU)).isSameAs(AttentionKernels.forThisMachine());
        assertThat(AttentionKernels.chooseOnCuda(Device.cuda(0), null).name())
                .startsWith("cuda (cuda:0, libtorch's flash attention");
        assertThat(AttentionKernels.chooseOnCuda(Device.cuda(0), "FlashAttention only supports Ampere GPUs or newer.")
                        .name())
                .startsWith("portable");
    }
}
