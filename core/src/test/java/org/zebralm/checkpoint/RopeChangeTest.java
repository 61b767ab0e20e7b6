package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// What a changed rotation is, by the numbers of transformers' `modeling_rope_utils.py` and of the papers.
class RopeChangeTest {
    private static final int TRAINED = 2048;

    private static ZebraConfig model(AttentionType... types) {
        return new ZebraConfig(48, 16, 24, 4, 2, 8, List.of(types), 10_000, 1e-5, TRAINED, true, 1, 2, -1);
    }

    private static ZebraConfig changed(String change, ZebraConfig config, @Nullable Integer positions) {
        return RopeChange.parse(change).apply(config, positions);
    }

    private static void requireShared(ZebraConfig config, double theta, RopeScaling scaling, int positions) {
        assertThat(config.ropes()).containsOnly(new RopeConfig.Rotary(theta, scaling));
        assertThat(config.maxPositions()).isEqualTo(positions);
    }

    @Test
    void scalingsReachSoManyTimesTheTrainedLength() {
        ZebraConfig config = model(GLOBAL, LOCAL);
        requireShared(changed("linear:4", config, null), 10_000, new RopeScaling.Linear(4), 8192);
        // The paper's attention factor of 4 is 0.1 ln 4 + 1.
        requireShared(
                changed("yarn:4", config, null),
                10_000,
                new RopeScaling.Yarn(4, 2048, 32, 1, true, 0.1 * Math.log(4) + 1),
                8192);
        requireShared(changed("llama3:8", config, null), 10_000, new RopeScaling.Llama3(8, 1, 4, 2048), 16_384);
        requireShared(changed("dynamic:2", config, null), 10_000, new RopeScaling.DynamicNtk(2, 2048, 2048), 2048);
        requireShared(changed("theta=1000000", config, null), 1_000_000, new RopeScaling.None(), 2048);
        requireShared(changed("default", config, null), 10_000, new RopeScaling.None(), 2048);
    }

    @Test
    void optionsHaveTransformersNames() {
        ZebraConfig config = model(GLOBAL);
        requireShared(
                changed(
                        "yarn:2,original=512,beta_fast=16,beta_slow=0.5,truncate=false,attention_factor=1.5,theta=5e5",
                        config,
                        null),
                500_000,
                new RopeScaling.Yarn(2, 512, 16, 0.5, false, 1.5),
                1024);
        requireShared(
                changed("llama3:8,low_freq_factor=2,high_freq_factor=6,original=1024", config, 9000),
                10_000,
                new RopeScaling.Llama3(8, 2, 6, 1024),
                9000);
    }

    /// With the base of the published NTK-aware scaling, the slowest pair turns `factor` times as slowly: the same as
    /// by
    /// linear interpolation. The fastest, whose exponent is 0, turns as before.
    @Test
    void ntkStretchesTheSlowestPairByTheFactor() {
        ZebraConfig changed = changed("ntk:4", model(GLOBAL), null);
        var rope = (RopeConfig.Rotary) changed.ropes().getFirst();

        assertThat(rope.scaling()).isEqualTo(new RopeScaling.None());
        double slowest = Math.pow(rope.theta(), -6 / 8.0);
        assertThat(Math.pow(10_000, -6 / 8.0) / slowest).isCloseTo(4, within(1e-9));
        assertThat(changed.maxPositions()).isEqualTo(8192);
    }

    @Test
    void aScaledModelIsScaledAnewFromItsTrainedLength() {
        ZebraConfig yarn = changed("yarn:4", model(GLOBAL), null);
        requireShared(changed("linear:2", yarn, null), 10_000, new RopeScaling.Linear(2), 4096);
        requireShared(changed("default", yarn, null), 10_000, new RopeScaling.None(), 2048);
        // A base alone leaves the scaling.
        requireShared(
                changed("theta=77", yarn, null),
                77,
                new RopeScaling.Yarn(4, 2048, 32, 1, true, 0.1 * Math.log(4) + 1),
                8192);

        ZebraConfig linear = changed("linear:4", model(GLOBAL), null);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> changed("yarn:2", linear, null))
                .withMessageContaining("does not say for which length it was trained: add ,original=N");
        requireShared(changed("linear:8,original=2048", linear, null), 10_000, new RopeScaling.Linear(8), 16_384);
    }

    @Test
    void whereKindsOfLayersRotateDifferentlyTheGlobalOnesChange() {
        RopeConfig local = RopeConfig.of(10_000);
        RopeConfig global = new RopeConfig.Rotary(1_000_000, new RopeScaling.None());
        ZebraConfig gemma = model(LOCAL, GLOBAL).withRopes(List.of(local, global));

        assertThat(changed("linear:8", gemma, null).ropes())
                .containsExactly(local, new RopeConfig.Rotary(1_000_000, new RopeScaling.Linear(8)));

        ZebraConfig cohere = model(LOCAL, GLOBAL).withRopes(List.of(local, new RopeConfig.None()));
        assertThat(changed("theta=500", cohere, null).ropes())
                .containsExactly(RopeConfig.of(500), new RopeConfig.None());

        ZebraConfig none = model(GLOBAL).withRopes(Collections.nCopies(1, new RopeConfig.None()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> changed("linear:8", none, null))
                .withMessageContaining("where layers share one: got []");
    }

    @Test
    void dynamicScalingKeepsItsBeginning() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> changed("dynamic:2", model(GLOBAL), 4096))
                .withMessageContaining("must be the original length of 2048: got 4096");
        requireShared(
                changed("dynamic:2,original=512", model(GLOBAL), null),
                10_000,
                new RopeScaling.DynamicNtk(2, 512, 512),
                512);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            longrope:4          | a rotation must be one of default, linear, ntk, dynamic, yarn, llama3
            linear              | linear needs a factor, such as linear:4
            default:2           | default takes no factor: got 2
            linear:0.5          | must be finite and at least 1: got 0.5
            linear:many         | the factor of linear must be a number: got "many"
            linear:2,beta_fast=3 | options must be among original, theta, each once as key=value: got "beta_fast=3"
            yarn:2,theta=1,theta=2 | got "theta=2"
            theta=5,original=7  | options must be among theta
            yarn:2,original=1.5 | original must be a number of tokens: got 1.5
            yarn:2,truncate=yes | truncate must be true or false: got "yes"
            theta=0.5           | ropeTheta must be finite and above 1: got 0.5
            linear:9999999      | a model must reach fewer than 2^31 tokens
            """)
    void whatMakesNoSenseIsRefused(String text, String rule) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> changed(text, model(GLOBAL), null))
                .withMessageContaining(rule);
    }
}
