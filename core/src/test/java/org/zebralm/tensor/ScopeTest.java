package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScopeTest {
    @Test
    void aTensorOutsideAScopeIsRefused() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Tensors.zeros(DType.FLOAT32, 3))
                .withMessageContaining("outside any Scope");
        try (var lifetime = new Lifetime()) {
            Tensor kept = keptOnes(lifetime);
            assertThatIllegalStateException()
                    .isThrownBy(() -> kept.add(kept))
                    .withMessageContaining("outside any Scope");
            assertThat(kept.item()).isEqualTo(1);
        }
    }

    @Test
    void virtualThreadsAreRefused() throws InterruptedException {
        assertThat(thrownOnVirtualThread(() -> Scope.open().close()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("platform threads only");
        assertThat(thrownOnVirtualThread(() -> Autograd.recording(false).close()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("platform threads only");
    }

    private static @Nullable Throwable thrownOnVirtualThread(Runnable task) throws InterruptedException {
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        task.run();
                    } catch (IllegalStateException e) {
                        thrown.set(e);
                    }
                })
                .join();
        return thrown.get();
    }

    @Test
    void whatIsMadeInsideIsFreedAtTheEnd() {
        Tensor tensor;
        try (var _ = Scope.open()) {
            tensor = Tensors.zeros(DType.FLOAT32, 3);
            assertThat(tensor).hasToString("float32[3]");
        }
        assertThat(tensor).hasToString("freed tensor");
    }

    @Test
    void keepHandsATensorToTheEnclosingScopeAndNoFurther() {
        Tensor tensor;
        try (var _ = Scope.open()) {
            try (var inner = Scope.open()) {
                tensor = inner.keep(Tensors.full(7, DType.FLOAT32));
            }
            assertThat(tensor.item()).isEqualTo(7);
        }
        assertThat(tensor).hasToString("freed tensor");
        try (var outermost = Scope.open()) {
            Tensor lost = Tensors.zeros(DType.FLOAT32, 1);
            assertThatIllegalStateException()
                    .isThrownBy(() -> outermost.keep(lost))
                    .withMessageContaining("no scope around this one");
        }
    }

    @Test
    void anOuterScopesTensorsSurviveInnerScopes() {
        try (var _ = Scope.open()) {
            Tensor outer = Tensors.full(2, DType.FLOAT32);
            for (int i = 0; i < 3; i++) {
                try (var _ = Scope.open()) {
                    assertThat(outer.mul(outer).item()).isEqualTo(4);
                }
            }
            assertThat(outer.item()).isEqualTo(2);
        }
    }

    @Test
    void aViewKeepsTheMemoryOfWhatItWasTakenFrom() {
        try (var _ = Scope.open()) {
            Tensor view;
            try (var inner = Scope.open()) {
                view = inner.keep(Tensors.arange(6).reshape(2, 3).narrow(0, 1, 1));
            }
            assertThat(view.toLongs()).containsExactly(3, 4, 5);
        }
    }

    @Test
    void aLifetimeOwnsUntilItDropsOrEnds() {
        Tensor dropped;
        Tensor kept;
        try (var lifetime = new Lifetime()) {
            dropped = keptOnes(lifetime);
            kept = keptOnes(lifetime);
            assertThat(lifetime.keep(kept)).isSameAs(kept);
            assertThat(lifetime.size()).isEqualTo(2);
            lifetime.drop(dropped);
            assertThat(dropped).hasToString("freed tensor");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> lifetime.drop(dropped))
                    .withMessageContaining("does not own");
            assertThat(kept.item()).isEqualTo(1);
        }
        assertThat(kept).hasToString("freed tensor");
    }

    @Test
    void anEndedLifetimeKeepsNothingMore() {
        var lifetime = new Lifetime();
        lifetime.close();
        assertThatIllegalStateException().isThrownBy(() -> keptOnes(lifetime)).withMessageContaining("has ended");
    }

    private static Tensor keptOnes(Lifetime lifetime) {
        try (var _ = Scope.open()) {
            return lifetime.keep(Tensors.full(1, DType.FLOAT32));
        }
    }
}
