package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.nn.Init;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class WeightAverageTest {
    @Test
    void averagesAreThoseWorkedOutByHand() {
        try (var _ = Scope.open();
                var memory = new Parameters((_, _, _) -> Tensors.of(new float[] {8, -8}, 2), DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            memory.get("model.norm.weight", new Init.Ones(), 2);
            var average = new WeightAverage(memory, 0.25);
            // Update 1 keeps 2 / 11, update 2 keeps 3 / 12 = 0.25, and later ones no more than that.
            master(memory).copyInPlace(Tensors.of(new float[] {-3, 3}, 2));
            average.update(1);
            assertValues(average, -1, 1);
            master(memory).copyInPlace(Tensors.of(new float[] {3, 7}, 2));
            average.update(2);
            assertValues(average, 2, 5.5);
            average.update(1000);
            assertValues(average, 2.75, 6.625);
        }
    }

    private static Tensor master(Parameters memory) {
        return memory.all().getFirst().master();
    }

    private static void assertValues(WeightAverage average, double a, double b) {
        double[] values = Objects.requireNonNull(average.weights().get("model.norm.weight"))
                .toDoubles();
        assertThat(values[0]).isCloseTo(a, within(1e-6));
        assertThat(values[1]).isCloseTo(b, within(1e-6));
    }

    @Test
    void aRunThatUsesItsAverageValidatesAndLeavesThat() {
        assertUsesAverage(DType.FLOAT32);
        assertUsesAverage(DType.BFLOAT16);
    }

    /// A second trainer whose weights are the average says what the first must have measured.
    private static void assertUsesAverage(DType compute) {
        TrainConfig plain = Runs.config(6, compute, Recompute.NONE);
        TrainConfig averaged =
                plain.with(plain.optimizer(), plain.schedule(), plain.loss(), plain.guard(), new EmaConfig(0.8, true));
        try (var _ = Scope.open();
                Trainer trainer = Runs.trainer(averaged)) {
            trainer.run(6, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
            List<float[]> before = floats(trainer.weights());
            double loss = trainer.validate(Runs.validation()).loss();
            assertThat(floats(trainer.weights())).usingRecursiveComparison().isEqualTo(before);
            SequencedMap<String, Tensor> result = trainer.result();
            assertThat(floats(result)).usingRecursiveComparison().isNotEqualTo(before);
            try (Trainer other = new Trainer(
                    Runs.model(),
                    plain,
                    (name, _, _) -> Objects.requireNonNull(result.get(name)),
                    new PortableAttention())) {
                assertThat(other.validate(Runs.validation()).loss()).isEqualTo(loss);
            }
        }
    }

    private static List<float[]> floats(SequencedMap<String, Tensor> tensors) {
        return tensors.values().stream().map(Tensor::toFloats).toList();
    }

    @Test
    void usingNoAverageIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EmaConfig(0, true))
                .withMessageContaining("use needs an average of the weights: give a decay above 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new EmaConfig(1, false))
                .withMessage("decay must be at least 0 and below 1: got 1.0");
    }
}
