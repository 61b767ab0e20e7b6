package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A comparison is worth something only if both compute the same.
class ContenderTest {
    @ParameterizedTest
    @CsvSource({
        "forward,          0,  300, 4, 4, 32, float32",
        "forward,          70, 300, 4, 2, 64, float32",
        "forward,          70, 300, 4, 4, 64, bfloat16",
        "forward+backward, 0,  300, 4, 4, 64, float32",
        "forward+backward, 70, 300, 4, 4, 32, float32",
        "forward+backward, 70, 200, 2, 2, 64, bfloat16",
        "decode,           0,  600, 2, 1, 32, float32",
        "decode,           70, 600, 2, 2, 32, float32",
        "decode,           70, 600, 2, 1, 32, bfloat16",
        "decode,           70, 1,   2, 2, 32, float32",
    })
    void allImplementationsComputeTheSame(
            String pass, int window, int length, int heads, int kvHeads, int headDim, String dtype) {
        var attention = new AttentionCase(
                Pass.parse(pass),
                window == 0 ? Span.global() : new Span.Local(window),
                length,
                new HeadShape(heads, kvHeads, headDim),
                DType.parse(dtype));
        try (var _ = Scope.open();
                Contender zebra = Contender.of(Implementation.ZEBRA, attention);
                Contender portable = Contender.of(Implementation.PORTABLE, attention);
                Contender torch = Contender.of(Implementation.TORCH, attention)) {
            zebra.run(); // the second call of each reads another cache
            portable.run();
            torch.run();
            List<Tensor> ours = zebra.run();
            List<Tensor> plain = portable.run();
            List<Tensor> theirs = torch.run();
            assertThat(theirs).hasSameSizeAs(ours).hasSize(attention.pass() == Pass.FORWARD_BACKWARD ? 4 : 1);
            double tolerance = dtype.equals("float32") ? 1e-4 : 0.06;
            for (int i = 0; i < ours.size(); i++) {
                Tensor theirs_TNH = theirs.get(i).reshape(heads, -1, headDim).transpose(0, 1);
                assertThat(difference(ours.get(i), theirs_TNH))
                        .as("result %s", i)
                        .isLessThan(tolerance);
                assertThat(difference(ours.get(i), plain.get(i)))
                        .as("portable result %s", i)
                        .isLessThan(tolerance);
            }
        }
    }

    private static double difference(Tensor a, Tensor b) {
        return a.to(DType.FLOAT32)
                .sub(b.to(DType.FLOAT32))
                .abs()
                .reshape(-1)
                .max(0, false)
                .item();
    }
}
