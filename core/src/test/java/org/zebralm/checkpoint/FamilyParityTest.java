package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Cost;
import org.zebralm.model.KvCache;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Every model family against transformers: logits of two sequences of different lengths beyond the window, the
/// same in bfloat16, 64 tokens generated with a cache, and old spellings of the config.
class FamilyParityTest {
    private static final double FLOAT32_TOLERANCE = 1e-4;

    /// Of the largest logit.
    private static final double BFLOAT16_TOLERANCE = 3e-2;

    static Stream<String> families() {
        return FamilyFixture.names();
    }

    @ParameterizedTest
    @MethodSource("families")
    void logitsAreThoseOfTransformers(String name) {
        var fixture = FamilyFixture.of(name);
        for (AttentionKernel kernel : List.of(new PortableAttention(), AttentionKernels.forThisMachine())) {
            try (var model = fixture.open(DType.FLOAT32, kernel)) {
                FamilyFixture.Distance distance = fixture.float32Distance(model.zebra());
                System.out.printf(
                        "%s in float32, %s: within %.1e, logits up to %.1f%n",
                        name, kernel.name(), distance.most(), distance.largest());

                assertThat(distance.most()).as(kernel.name()).isLessThanOrEqualTo(FLOAT32_TOLERANCE);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void bfloat16LogitsAreNearThoseOfTransformers(String name) {
        var fixture = FamilyFixture.of(name);
        try (var model = fixture.open(DType.BFLOAT16, AttentionKernels.forThisMachine())) {
            FamilyFixture.Distance distance = fixture.bfloat16Distance(model.zebra());
            System.out.printf(
                    "%s in bfloat16: within %.4f of the largest logit, the same best token at %d of %d%n",
                    name, distance.most() / distance.largest(), distance.agreeing(), distance.tokens());

            assertThat(distance.most()).isLessThanOrEqualTo(BFLOAT16_TOLERANCE * distance.largest());
            assertThat(distance.agreeing()).isGreaterThanOrEqualTo(distance.tokens() * 9 / 10);
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void aCachedGreedyContinuationIsThatOfTransformers(String name) {
        var fixture = FamilyFixture.of(name);
        try (var model = fixture.open(DType.FLOAT32, AttentionKernels.forThisMachine());
                var cache = new KvCache(model.zebra().config(), DType.FLOAT32)) {
            List<Integer> generated = new ArrayList<>();
            int[] next = fixture.prompt();
            while (generated.size() < fixture.continuation().size()) {
                try (var _ = Scope.open()) {
                    Tensor hidden_TD = model.zebra().hidden(next, cache);
                    Tensor last_1V = model.zebra().logits(hidden_TD.narrow(0, next.length - 1, 1));
                    next = new int[] {(int) last_1V.argmax(1).toLongs()[0]};
                }
                generated.add(next[0]);
            }
            assertThat(generated).isEqualTo(fixture.continuation());
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void whatTransformers4WroteSaysTheSame(String name) {
        Path folder = FamilyFixture.of(name).folder();
        Path legacy = folder.resolve("config-legacy.json");
        if (Files.exists(legacy)) {
            assertThat(ConfigReader.read("config-legacy.json", JsonFile.read(legacy))
                            .config())
                    .isEqualTo(ModelFolder.read(folder).config());
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void theCountOfParametersIsThatOfTheWeights(String name) {
        ZebraConfig config = ModelFolder.read(FamilyFixture.of(name).folder()).config();
        long elements = ZebraParameters.shapes(config).values().stream()
                .mapToLong(shape -> Arrays.stream(shape).reduce(1, (a, b) -> a * b))
                .sum();

        assertThat(new Cost(config).parameters()).isEqualTo(elements);
    }
}
