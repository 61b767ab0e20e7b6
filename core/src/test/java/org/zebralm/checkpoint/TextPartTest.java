package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class TextPartTest {
    @TempDir
    Path folder;

    private WeightSource textOf(String... stored) {
        Path file = folder.resolve("model.safetensors");
        try (var _ = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (int i = 0; i < stored.length; i++) {
                tensors.put(stored[i], Tensors.of(new float[] {i}, 1));
            }
            SafetensorsWriter.write(file, tensors, Map.of());
        }
        return TextPart.of(SafetensorsFile.open(file));
    }

    @Test
    void theTextOfAModelThatSeesHasTheNamesOfOneThatDoesNot() {
        List<String[]> layouts = List.of(
                new String[] {
                    "vision_tower.a.weight",
                    "multi_modal_projector.b",
                    "language_model.model.norm.weight",
                    "language_model.lm_head.weight"
                },
                new String[] {
                    "model.vision_tower.a.weight",
                    "model.multi_modal_projector.b",
                    "model.language_model.norm.weight",
                    "lm_head.weight"
                });
        for (String[] stored : layouts) {
            try (WeightSource text = textOf(stored);
                    var _ = Scope.open()) {
                assertThat(text.names()).containsExactlyInAnyOrder("model.norm.weight", "lm_head.weight");
                assertThat(text.shape("lm_head.weight")).containsExactly(1);
                assertThat(text.dtype("lm_head.weight")).isEqualTo(DType.FLOAT32);
                assertThat(text.tensor("model.norm.weight").toFloats()).containsExactly(2);
                assertThat(text.tensor("lm_head.weight", DType.FLOAT64).toDoubles())
                        .containsExactly(3);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> text.shape("vision_tower.a.weight"))
                        .withMessage("there is no tensor named vision_tower.a.weight");
            }
        }
    }

    @Test
    void twoTensorsOfOneNameAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> textOf("language_model.model.norm.weight", "model.language_model.norm.weight"))
                .withMessageContaining("must not both be model.norm.weight");
    }

    @Test
    void aModelWithoutPartsIsLeftAsItIs() {
        try (WeightSource text = textOf("model.norm.weight", "visual.x")) {
            assertThat(text.names()).containsExactlyInAnyOrder("model.norm.weight", "visual.x");
        }
    }
}
