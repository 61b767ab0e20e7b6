package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.data.Batch;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Architecture;
import org.zebralm.model.Experts;
import org.zebralm.model.NormPlacement;
import org.zebralm.model.QueryKeyNorm;
import org.zebralm.model.Zebra;
import org.zebralm.nn.Activation;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class LayerWalkTest {
    private static final AttentionKernel WRITTEN_OUT = AttentionKernels.forThisMachine();
    private static final AttentionKernel AUTOMATIC = new PortableAttention();

    @Test
    void recomputingChangesNoGradient() {
        for (AttentionKernel kernel : List.of(WRITTEN_OUT, AUTOMATIC)) {
            for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
                List<float[]> kept = gradients(kernel, Runs.config(1, dtype, Recompute.NONE), Runs.batch(0));
                for (Recompute recompute : List.of(Recompute.ATTENTION, Recompute.LAYER)) {
                    List<float[]> recomputed = gradients(kernel, Runs.config(1, dtype, recompute), Runs.batch(0));
                    assertThat(recomputed).usingRecursiveComparison().isEqualTo(kept);
                }
            }
        }
    }

    @Test
    void writtenOutGradientsAreTheAutomaticOnes() {
        assertThat(WRITTEN_OUT.rows())
                .as("the tests' JVM has the Vector module")
                .isPresent();
        TrainConfig config = Runs.config(1, DType.FLOAT32, Recompute.NONE);
        for (Batch batch : List.of(Runs.batch(0), longBatch())) {
            List<float[]> expected = gradients(AUTOMATIC, config, batch);
            List<float[]> actual = gradients(WRITTEN_OUT, config, batch);
            assertThat(actual).hasSameSizeAs(expected);
            for (int p = 0; p < expected.size(); p++) {
                double largest = 0;
                double error = 0;
                for (int i = 0; i < expected.get(p).length; i++) {
                    largest = Math.max(largest, Math.abs(expected.get(p)[i]));
                    error = Math.max(error, Math.abs(expected.get(p)[i] - actual.get(p)[i]));
                }
                assertThat(error / largest).as("parameter " + p).isLessThan(2e-5);
            }
        }
    }

    /// More tokens than one chunk of the feed-forward part has.
    private static Batch longBatch() {
        int length = FusedPass.CHUNK + 133;
        int[] ids = new SplittableRandom(3).ints(length, 0, Runs.VOCAB).toArray();
        int[] bounds = new int[length / 60 + 2];
        for (int i = 0; i < bounds.length; i++) {
            bounds[i] = Math.min(60 * i, length);
        }
        int[] targets = ids.clone();
        Arrays.fill(targets, 50, 70, Batch.IGNORED);
        return new Batch(1, length, ids, targets, bounds);
    }

    static Stream<Arguments> architectures() {
        return Stream.of(
                Arguments.of("llama", Architecture.LLAMA),
                Arguments.of(
                        "gemma",
                        new Architecture.Builder()
                                .norm(Norm.Kind.OFFSET_RMS, NormPlacement.AROUND)
                                .queryKeyNorm(QueryKeyNorm.HEAD)
                                .activation(Activation.GELU_TANH)
                                .embeddingScale(5.5)
                                .attentionScale(0.3)
                                .attentionSoftCap(2)
                                .logitSoftCap(1.5)
                                .build()),
                Arguments.of(
                        "olmo",
                        new Architecture.Builder()
                                .norm(Norm.Kind.RMS, NormPlacement.AFTER)
                                .queryKeyNorm(QueryKeyNorm.PROJECTION)
                                .build()),
                Arguments.of(
                        "cohere",
                        new Architecture.Builder()
                                .norm(Norm.Kind.LAYER, NormPlacement.PARALLEL)
                                .rotaryPairs(Rope.Pairs.NEIGHBOURS)
                                .attentionBias(true, true)
                                .feedForwardBias(true)
                                .logitScale(0.5)
                                .build()),
                Arguments.of(
                        "gpt-oss",
                        new Architecture.Builder()
                                .attentionBias(true, true)
                                .sinks()
                                // All of them: where a choice changes, the loss jumps.
                                .experts(new Experts(3, 3))
                                .build()));
    }

    /// The walk's gradient along a random direction against the difference of losses a small step apart, from a
    /// plain forward pass.
    @ParameterizedTest(name = "{0}")
    @MethodSource("architectures")
    void gradientPredictsHowTheLossMoves(String name, Architecture architecture) {
        TrainConfig config = Runs.config(1, DType.FLOAT32, Recompute.LAYER);
        Batch batch = Runs.batch(3);
        try (var _ = Scope.open();
                var initial = new Lifetime();
                var parameters = new Parameters(new FreshParams(11, initial), DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            Zebra zebra = Zebra.load(Params.of(parameters), Runs.model(architecture), new PortableAttention());
            walk(config, zebra, parameters, batch);
            for (Parameter parameter : parameters.all()) {
                Tensor direction = Tensors.normal(1, 99, parameter.master().shape());
                double step = 0.004 / direction.norm().item();
                double predicted = parameter.gradient().mul(direction).sum().item();
                Tensor moved = parameter.master();
                Tensor original = moved.copy();
                moved.copyInPlace(original.add(direction.mul(step)));
                double above = loss(zebra, batch);
                moved.copyInPlace(original.sub(direction.mul(step)));
                double below = loss(zebra, batch);
                moved.copyInPlace(original);
                double measured = (above - below) / (2 * step);
                assertThat(measured)
                        .as(name + ", " + parameter.name())
                        .isCloseTo(predicted, within(0.5 + 0.01 * Math.abs(predicted)));
            }
        }
    }

    @Test
    void bfloat16GradientsPointTheSameWay() {
        List<float[]> exact = gradients(AUTOMATIC, Runs.config(1, DType.FLOAT32, Recompute.NONE), Runs.batch(0));
        for (AttentionKernel kernel : List.of(WRITTEN_OUT, AUTOMATIC)) {
            assertThat(cosine(exact, gradients(kernel, Runs.config(1, DType.BFLOAT16, Recompute.NONE), Runs.batch(0))))
                    .isGreaterThan(0.999);
        }
    }

    private static double cosine(List<float[]> exact, List<float[]> rounded) {
        double dot = 0;
        double exactSquares = 0;
        double roundedSquares = 0;
        for (int p = 0; p < exact.size(); p++) {
            for (int i = 0; i < exact.get(p).length; i++) {
                dot += (double) exact.get(p)[i] * rounded.get(p)[i];
                exactSquares += (double) exact.get(p)[i] * exact.get(p)[i];
                roundedSquares += (double) rounded.get(p)[i] * rounded.get(p)[i];
            }
        }
        return dot / Math.sqrt(exactSquares * roundedSquares);
    }

    private static double loss(Zebra zebra, Batch batch) {
        Tensor logits_TV = zebra.forward(batch.inputs(), CumulativeLengths.of(batch.cumulativeLengths()));
        return Functional.crossEntropySum(logits_TV.to(DType.FLOAT64), Tensors.ofIds(batch.targets()))
                .item();
    }

    private static List<float[]> gradients(AttentionKernel kernel, TrainConfig config, Batch batch) {
        List<float[]> gradients = new ArrayList<>();
        try (var _ = Scope.open();
                var initial = new Lifetime();
                var parameters = new Parameters(new FreshParams(11, initial), config.compute())) {
            Zebra zebra = Zebra.load(Params.of(parameters), Runs.model(), kernel);
            walk(config, zebra, parameters, batch);
            parameters
                    .all()
                    .forEach(parameter -> gradients.add(parameter.gradient().toFloats()));
        }
        return gradients;
    }

    private static void walk(TrainConfig config, Zebra zebra, Parameters parameters, Batch batch) {
        double loss = new LayerWalk(zebra, parameters, config.loss(), config.recompute())
                .run(
                        batch.inputs(),
                        batch.targets(),
                        CumulativeLengths.of(batch.cumulativeLengths()),
                        1,
                        new StepClock());
        assertThat(loss / batch.numTargets()).isCloseTo(Math.log(Runs.VOCAB), within(0.3));
    }
}
