package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensors;

class AttentionSpecTest {
    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0})
    void scaleMustBeANumber(double scale) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionSpec(Span.global(), scale))
                .withMessageContaining("scale must be finite and not 0: got " + scale);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, 0, -50})
    void aCapMustBeAboveZero(double cap) {
        AttentionSpec spec = AttentionSpec.of(Span.global(), 64);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> spec.withSoftCap(cap))
                .withMessageContaining("softCap must be above 0, or infinite for none: got " + cap);
        assertThat(spec.isCapped()).isFalse();
        assertThat(spec.withSoftCap(50).isCapped()).isTrue();
    }

    @Test
    void sinksAreOneLogitPerHead() {
        try (var _ = Scope.open()) {
            AttentionSpec spec = AttentionSpec.of(Span.global(), 64);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> spec.withSinks(Tensors.zeros(DType.FLOAT32, 2, 3)))
                    .withMessageContaining("sinks must be [numHeads] of floats")
                    .withMessageContaining("[2, 3]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> spec.withSinks(Tensors.zeros(DType.INT64, 2)))
                    .withMessageContaining("int64");
        }
    }
}
