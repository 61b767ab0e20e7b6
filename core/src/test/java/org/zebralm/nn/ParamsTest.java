package org.zebralm.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class ParamsTest {
    @Test
    void thePathOfConstructionIsTheName() {
        List<String> names = new ArrayList<>();
        Params params = Params.of((name, _, shape) -> {
            names.add(name);
            return Tensors.zeros(DType.FLOAT32, shape);
        });
        GatedFeedForward.load(params.at("model").at("layers").at(3).at("mlp"), 4, 6, 1, 1, Activation.SILU, false);
        assertThat(names)
                .containsExactly(
                        "model.layers.3.mlp.gate_proj.weight",
                        "model.layers.3.mlp.up_proj.weight",
                        "model.layers.3.mlp.down_proj.weight");
    }

    @Test
    void freshParametersDependOnSeedAndNameAlone() {
        try (var lifetime = new Lifetime()) {
            var fresh = new FreshParams(1, lifetime);
            float[] a = fresh.get("a", new Init.Normal(1), 8).toFloats();
            fresh.get("b", new Init.Normal(1), 100);
            assertThat(fresh.get("a", new Init.Normal(1), 8).toFloats()).isEqualTo(a);
            assertThat(fresh.get("b", new Init.Normal(1), 8).toFloats()).isNotEqualTo(a);
            assertThat(new FreshParams(2, lifetime)
                            .get("a", new Init.Normal(1), 8)
                            .toFloats())
                    .isNotEqualTo(a);
            assertThat(fresh.get("n", new Init.Ones(), 2).toFloats()).containsExactly(1, 1);
            assertThat(fresh.get("z", new Init.Zeros(), 2).toFloats()).containsExactly(0, 0);
        }
    }
}
