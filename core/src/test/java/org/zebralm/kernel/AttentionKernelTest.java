package org.zebralm.kernel;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// What every kernel must do, against plain loops.
class AttentionKernelTest {
    private static final CpuPool POOL = new CpuPool(3);

    static Stream<AttentionKernel> kernels() {
        return Stream.of(new VectorAttention(POOL), new PortableAttention());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void equalsPlainLoopsForRandomShapes(AttentionKernel kernel) {
        Random random = new Random(20260101);
        for (int i = 0; i < 60; i++) {
            try (var _ = Scope.open()) {
                AttentionCase.random(random, DType.FLOAT32).check(kernel, 2e-5, 1e-4);
            }
            try (var _ = Scope.open()) {
                AttentionCase.random(random, DType.BFLOAT16).check(kernel, 1e-2, 1e-2);
            }
        }
    }
}
