package org.zebralm.tensor;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class AutogradTest {
    private final Tensor leaf = scopedLeaf();

    /// The extension's scope opens for the method only; this leaf lives in a lifetime that ends with the process.
    private static Tensor scopedLeaf() {
        try (var _ = Scope.open()) {
            return new Lifetime().keep(Tensors.of(new double[] {1, 2, 3}, 3).asLeaf());
        }
    }

    @Test
    void guardsNestAndRestoreTheModeBefore() {
        try (var _ = Autograd.recording(false)) {
            assertThat(recording()).isFalse();
            try (var _ = Autograd.recording(true)) {
                assertThat(recording()).isTrue();
                try (var _ = Autograd.recording(false)) {
                    assertThat(recording()).isFalse();
                }
                assertThat(recording()).isTrue();
            }
            assertThat(recording()).isFalse();
        }
    }

    @Test
    void aScopeThatClosesInBetweenDoesNotEndTheMode() {
        try (var _ = Autograd.recording(true)) {
            Autograd.Guard guard;
            try (var _ = Scope.open()) {
                guard = Autograd.recording(false);
            }
            assertThat(recording()).isFalse();
            guard.close();
            assertThat(recording()).isTrue();
        }
    }

    @Test
    void aScopeThatClosesAfterItsGuardChangesNothing() {
        try (var _ = Autograd.recording(false)) {
            try (var _ = Scope.open()) {
                try (var _ = Autograd.recording(true)) {
                    assertThat(recording()).isTrue();
                }
            }
            assertThat(recording()).isFalse();
        }
    }

    private boolean recording() {
        return leaf.mul(2).requiresGrad();
    }

    @Test
    void backwardAddsToTheGradientsOfLeaves() {
        Tensor x = Tensors.of(new double[] {1, 2, 3}, 3).asLeaf();
        assertThat(x.grad()).isNull();
        for (int pass = 1; pass <= 2; pass++) {
            try (var _ = Autograd.recording(true)) {
                Tensor y = x.mul(x);
                Autograd.backward(List.of(y), List.of(Tensors.of(new double[] {1, 10, 100}, 3)));
            }
            assertThatTensor(requireNonNull(x.grad()))
                    .isCloseTo(new double[] {2.0 * pass, 40.0 * pass, 600.0 * pass}, 0);
        }
    }

    @Test
    void aGradientOutlivesTheLeafItWasCollectedOn() {
        try (var lifetime = new Lifetime()) {
            Tensor gradient;
            try (var _ = Scope.open();
                    var _ = Autograd.recording(true)) {
                Tensor x = Tensors.of(new double[] {1, 2, 3}, 3).asLeaf();
                Autograd.backward(List.of(x.mul(x)), List.of(Tensors.of(new double[] {1, 10, 100}, 3)));
                gradient = lifetime.keep(requireNonNull(x.grad()));
            }
            // Take up what was freed, so that a dangling handle shows.
            Tensors.full(-1, DType.FLOAT64, 3);
            assertThatTensor(gradient).isCloseTo(new double[] {2, 40, 600}, 0);
        }
    }
}
