package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.zebralm.generate.EngineConfig;
import org.zebralm.generate.EngineStats;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

class GenerateBenchTest {
    private static final ZebraConfig TINY = new ZebraConfig(
            700,
            32,
            48,
            4,
            2,
            8,
            Collections.nCopies(5, new AttentionType.Global()),
            10_000,
            1e-5,
            2048,
            false,
            -1,
            7,
            -1);

    private final GenerateModel model = GenerateModel.random("tiny", TINY, DType.BFLOAT16, WeightQuantization.NONE);

    @AfterEach
    void free() {
        model.close();
    }

    private static GenerateSettings settings(double limitSeconds) {
        return new GenerateSettings(
                List.of(GenerateSystem.ZEBRA, GenerateSystem.GLOBAL),
                List.of(GeneratePhase.values()),
                List.of(700, 40),
                List.of(40, 650),
                5,
                List.of(3, 1),
                new SharedRequests(3, 60, 50, 4),
                700,
                9,
                2,
                0,
                limitSeconds,
                new EngineConfig.Builder()
                        .cacheBytes(64 << 20)
                        .invariance(EngineConfig.Invariance.OFF)
                        .build());
    }

    @Test
    void everySystemHasARowOfEachCase() {
        List<GenerateRow> rows = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        new GenerateBench(model, settings(1000), rows::add, lines::add, () -> false).run();

        assertThat(rows).allSatisfy(row -> assertThat(row).isInstanceOf(GenerateRow.Measured.class));
        assertThat(rows.stream().map(GenerateBenchTest::name))
                .containsExactly(
                        "zebra prefill 40 by 1: 40",
                        "global prefill 40 by 1: 40",
                        "zebra prefill 700 by 1: 700",
                        "global prefill 700 by 1: 700",
                        "zebra second-turn 700 by 1: 9",
                        "global second-turn 700 by 1: 9",
                        "zebra decode 650 by 1: 5",
                        "global decode 650 by 1: 5",
                        "zebra decode 40 by 1: 5",
                        "global decode 40 by 1: 5",
                        "zebra concurrent 60 by 1: 12",
                        "global concurrent 60 by 1: 12",
                        "zebra concurrent 60 by 3: 12",
                        "global concurrent 60 by 3: 12");
        for (GenerateRow row : rows) {
            GenerateRow.Measured measured = (GenerateRow.Measured) row;
            assertThat(measured.samples()).hasSize(2);
            assertThat(measured.seconds()).isPositive();
            assertThat(measured.tokensPerSecond() * measured.seconds())
                    .isCloseTo(row.timed().tokens(), within(1e-9));
            assertThat(measured.firstTokenSeconds()).isPositive();
            boolean decodes = row.timed().phase() == GeneratePhase.DECODE;
            assertThat(Double.isNaN(measured.bandwidthShare())).isEqualTo(!decodes);
            for (GenerateSample sample : measured.samples()) {
                assertThat(sample.reusedTokens())
                        .isEqualTo(
                                switch (row.timed().phase()) {
                                    case PREFILL -> 0;
                                    case SECOND_TURN -> 700;
                                    case DECODE -> row.timed().depth() - 1;
                                    case CONCURRENT -> 2 * 50;
                                });
                assertThat(sample.recomputedTokens()).isZero(); // windows are where they were left
            }
        }
        GenerateRow.Measured prefill = (GenerateRow.Measured) rows.get(2);
        assertThat(((GenerateRow.Measured) rows.get(4)).firstTurnSeconds()).isEqualTo(prefill.seconds());
        assertThat(lines).contains("warm-up, zebra").anyMatch(line -> line.startsWith("decode 650 by 1, global: "));
    }

    private static String name(GenerateRow row) {
        return "%s %s %d by %d: %d"
                .formatted(
                        row.system().label(),
                        row.timed().phase().label(),
                        row.timed().depth(),
                        row.timed().concurrency(),
                        row.timed().tokens());
    }

    /// The engine's own counts say what was computed within a repetition.
    @Test
    void aRepetitionComputesWhatItIsDefinedAs() {
        try (var contender = new GenerateContender(GenerateSystem.ZEBRA, model, settings(1000))) {
            var decode = new GenerateCase(GeneratePhase.DECODE, 650, 5, 1);
            assertThat(counted(contender, decode, 3, 1)).containsExactly(650L, 649L, 6L);
            var turn = new GenerateCase(GeneratePhase.SECOND_TURN, 700, 9, 1);
            assertThat(counted(contender, turn, 6, 1)).containsExactly(709L, 700L, 1L);
            var prefill = new GenerateCase(GeneratePhase.PREFILL, 700, 700, 1);
            assertThat(counted(contender, prefill, 8, 1)).containsExactly(700L, 0L, 1L);
            var together = new GenerateCase(GeneratePhase.CONCURRENT, 60, 12, 3);
            assertThat(counted(contender, together, 15, 3)).containsExactly(180L, 100L, 12L);
        }
    }

    /// Returns the tokens of prompts, those reused and those generated by the second of two repetitions.
    ///
    /// @param soFar the requests before it, `requests` those of it
    private static List<Long> counted(GenerateContender contender, GenerateCase timed, int soFar, int requests) {
        contender.prepare(timed);
        contender.run(timed, 0);
        EngineStats before = stats(contender, soFar);
        contender.run(timed, 1);
        EngineStats after = stats(contender, soFar + requests);
        return List.of(
                after.promptTokens() - before.promptTokens(),
                after.reusedTokens() - before.reusedTokens(),
                after.generatedTokens() - before.generatedTokens());
    }

    /// Waits until the engine has counted so many requests and is done with them; a reader has its last token before.
    private static EngineStats stats(GenerateContender contender, int requests) {
        EngineStats stats = contender.engine().stats();
        long giveUp = System.nanoTime() + 30_000_000_000L;
        while (stats.requests() < requests || stats.running() + stats.waiting() > 0) {
            assertThat(System.nanoTime()).as(stats.toString()).isLessThan(giveUp);
            Thread.onSpinWait();
            stats = contender.engine().stats();
        }
        assertThat(stats.requests()).isEqualTo(requests);
        return stats;
    }

    @Test
    void whatWouldTakeTooLongIsLeftOutAndSaid() {
        List<GenerateRow> rows = new ArrayList<>();
        new GenerateBench(model, settings(1e-9), rows::add, _ -> {}, () -> false).run();
        assertThat(rows)
                .hasSize(14)
                .allSatisfy(row -> assertThat(((GenerateRow.Skipped) row).expectedSeconds())
                        .isPositive());
    }

    @Test
    void onceStoppedNoRowIsReported() {
        List<GenerateRow> rows = new ArrayList<>();
        new GenerateBench(model, settings(1000), rows::add, _ -> {}, () -> true).run();
        assertThat(rows).isEmpty();
    }

    @Test
    void aCacheThatForgetsTheDepthIsAnError() {
        try (var contender = new GenerateContender(GenerateSystem.GLOBAL, model, settings(1000))) {
            var decode = new GenerateCase(GeneratePhase.DECODE, 300, 2, 1);
            contender.prepare(decode);
            contender.engine().clearPrefixes();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> contender.run(decode, 0))
                    .withMessageContaining(
                            "decode at 300 must find 299 tokens in the cache: got 0, as nothing is cached");
        }
    }

    @Test
    void systemsShareWeightsAndDifferInLayers() {
        Zebra zebra = model.zebra(GenerateSystem.ZEBRA);
        Zebra global = model.zebra(GenerateSystem.GLOBAL);
        var local = new AttentionType.Local(513);
        var all = new AttentionType.Global();
        assertThat(zebra.config().attentionTypes()).containsExactly(all, local, local, local, all);
        assertThat(global.config().attentionTypes()).containsExactly(all, all, all, all, all);
        assertThat(GenerateSystem.OWN.of(zebra.config())).isEqualTo(zebra.config());
        zebra.parameters().forEach((name, weight) -> {
            assertThat(weight.dtype()).isEqualTo(DType.BFLOAT16);
            assertThat(global.parameters().get(name)).isSameAs(weight);
        });
    }

    @Test
    void whatCannotBeTimedIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WeightQuantization.parse("int4:77"))
                .withMessageContaining("group must be 32, 64 or 128: got 77");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GenerateModel.random(RandomModel.SMALL, DType.FLOAT16, WeightQuantization.NONE))
                .withMessageContaining("dtype must be float32 or bfloat16: got float16");
        try (var small =
                GenerateModel.random("short", TINY.withPositions(709), DType.FLOAT32, WeightQuantization.NONE)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new GenerateBench(small, settings(1000), _ -> {}, _ -> {}, () -> false))
                    .withMessageContaining("second-turn at 700 needs 710 positions: got a model of 709");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SharedRequests(2, 10, 10, 3))
                .withMessageContaining("the shared beginning must be shorter than the prompts: got 10 and 10");
    }
}
