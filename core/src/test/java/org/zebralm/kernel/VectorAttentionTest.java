package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.NativeHeap;

/// What is particular to the kernel written with the Vector API: threads, vector widths, and memory.
class VectorAttentionTest {
    @Test
    void givesTheSameBitsWhoeverComesFirst() throws InterruptedException {
        var kernel = new VectorAttention(new CpuPool(4));
        try (var _ = Scope.open()) {
            // 5 key-value heads among 4 threads: gradients are cut by rows, with halos
            var problem = AttentionCase.of(5, 5, 32, 100, DType.FLOAT32, 0, 100, 220, 400);
            var global = AttentionCase.of(5, 5, 32, Integer.MAX_VALUE, DType.FLOAT32, 0, 400);
            List<float[]> quiet = answers(kernel, problem);
            List<float[]> quietGlobal = answers(kernel, global);
            List<Thread> others = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                others.add(Thread.ofPlatform().daemon().start(VectorAttentionTest::spin));
            }
            for (int i = 0; i < 3; i++) {
                assertThat(answers(kernel, problem)).usingRecursiveComparison().isEqualTo(quiet);
                assertThat(answers(kernel, global)).usingRecursiveComparison().isEqualTo(quietGlobal);
            }
            for (Thread other : others) {
                other.interrupt();
                other.join();
            }
        }
    }

    private static void spin() {
        while (!Thread.currentThread().isInterrupted()) {
            if (System.nanoTime() % 3 == 0) {
                LockSupport.parkNanos(10_000);
            }
        }
    }

    private static List<float[]> answers(AttentionKernel kernel, AttentionCase problem) {
        var output = kernel.forward(problem.spec(), problem.q(), problem.k(), problem.v(), problem.lengths());
        var gradients = kernel.backward(
                problem.spec(), problem.q(), problem.k(), problem.v(), problem.lengths(), output, problem.dOut());
        return List.of(
                output.out_TNH().toFloats(),
                output.logSumExp_NT().toFloats(),
                gradients.dq_TNH().toFloats(),
                gradients.dk_TKH().toFloats(),
                gradients.dv_TKH().toFloats());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void isRightForAnyNumberOfThreads(int numThreads) {
        var kernel = new VectorAttention(new CpuPool(numThreads));
        try (var _ = Scope.open()) {
            AttentionCase.of(3, 3, 16, 90, DType.FLOAT32, 0, 500).check(kernel, 2e-5, 1e-4);
            AttentionCase.of(4, 1, 16, Integer.MAX_VALUE, DType.FLOAT32, 0, 200, 207, 460)
                    .check(kernel, 2e-5, 1e-4);
        }
    }

    @Test
    void twoHundredStepsKeepBitsAndMemory() {
        var kernel = new VectorAttention(new CpuPool(2));
        List<float[]> first = null;
        long bytes = 0;
        for (int step = 0; step < 200; step++) {
            try (var _ = Scope.open()) {
                var problem = AttentionCase.of(4, 2, 64, 100, DType.BFLOAT16, 0, 50, 256);
                List<float[]> answers = answers(kernel, problem);
                if (first == null) {
                    first = answers;
                }
                if (step == 50) {
                    bytes = NativeHeap.bytes();
                }
                if (step % 50 == 49) {
                    assertThat(answers).usingRecursiveComparison().isEqualTo(first);
                }
            }
        }
        // A step makes 1 MB of tensors.
        assertThat(NativeHeap.bytes() - bytes).isLessThan(100L << 20);
    }

    @Test
    void failuresOfTasksReachTheCaller() {
        var pool = new CpuPool(2);
        CpuPool.Task bad = _ -> {
            throw new IllegalStateException("no");
        };
        CpuPool.Task good = workspace -> workspace.floats[9] = 1;
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> pool.run(List.of(good, bad, good), 10))
                .hasRootCauseMessage("no");
        pool.run(List.of(good, good, good), 10);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void isRightWithNarrowerVectors(int bytes) throws IOException, InterruptedException {
        String output = javaRun("--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=" + bytes);
        assertThat(output).contains(bytes / 4 + " lanes").contains("all right");
    }

    @Test
    void runsWithoutTheVectorModuleAndSaysWhatIsMissing() throws IOException, InterruptedException {
        String output = javaRun("-Dnothing=true");
        assertThat(output)
                .contains("portable")
                .contains("--add-modules jdk.incubator.vector")
                .contains("all right");
    }

    private static String javaRun(String... flags) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        command.addAll(List.of(flags));
        command.addAll(List.of(
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    /// Runs some cases with whatever kernel its flags allow.
    static final class Child {
        public static void main(String[] args) {
            AttentionKernel kernel = AttentionKernels.forThisMachine();
            System.out.println(kernel.name());
            try (var _ = Scope.open()) {
                AttentionCase.of(3, 1, 80, 20, DType.FLOAT32, 0, 1, 30, 100).check(kernel, 2e-5, 1e-4);
                AttentionCase.of(2, 2, 24, 70, DType.BFLOAT16, 0, 90).check(kernel, 1e-2, 1e-2);
                Chunks.check(
                        kernel, AttentionCase.of(6, 2, 48, 70, DType.BFLOAT16, 0, 90), new Random(1), 1, 2, 30, 57);
                Chunks.check(kernel, AttentionCase.of(8, 1, 64, 70, DType.FLOAT32, 0, 90), new Random(3), 86, 1, 2, 1);
                var special = AttentionCase.of(3, 3, 64, 70, DType.BFLOAT16, 0, 90)
                        .withSinks()
                        .withSoftCap(1);
                special.check(kernel, 1e-2, 1e-2);
                Chunks.check(kernel, special, new Random(2), 1, 2, 30, 57);
            }
            System.out.println("all right");
        }
    }
}
