package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.model.AttentionType;

class LayerPatternTest {
    private static final AttentionType NINE = new AttentionType.Local(9);

    private static List<AttentionType> globals(int numLayers) {
        return Collections.nCopies(numLayers, GLOBAL);
    }

    @Test
    void groupsBeginWithAGlobalLayerAndTheLastMayBeShorter() {
        assertThat(LayerPattern.grouped(4, 9).apply(globals(6)))
                .containsExactly(GLOBAL, NINE, NINE, NINE, GLOBAL, NINE);
        assertThat(LayerPattern.grouped(1, 9).apply(globals(2))).containsExactly(GLOBAL, GLOBAL);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LayerPattern.grouped(4, 9).apply(globals(3)))
                .withMessageContaining("a group must have at most the model's 3 layers: got 4");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "global,local,local",
                "GLL",
                "gll",
                " Global , Local, LOCAL",
                "g,l,l",
                "full_attention,sliding_attention,sliding_attention"
            })
    void aListIsReadInAnySpelling(String text) {
        assertThat(LayerPattern.parse(text, 9).apply(globals(3))).containsExactly(GLOBAL, NINE, NINE);
    }

    @Test
    void aListMayHaveAnyOrderAndIsRepeatedWhole() {
        assertThat(LayerPattern.parse("LG", 9).apply(globals(4))).containsExactly(NINE, GLOBAL, NINE, GLOBAL);
        assertThat(LayerPattern.parse("L", 9).apply(globals(2))).containsExactly(NINE, NINE);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LayerPattern.parse("GLL", 9).apply(globals(4)))
                .withMessageContaining("the model's 4 layers must be as many as the pattern names")
                .withMessageContaining("got 3");
    }

    @Test
    void withoutAWindowLocalLayersHaveThatOfTheModel() {
        assertThat(LayerPattern.parse("LLG", null).apply(List.of(GLOBAL, LOCAL, LOCAL)))
                .containsExactly(LOCAL, LOCAL, GLOBAL);
        assertThat(LayerPattern.keep(null).apply(List.of(GLOBAL, LOCAL))).containsExactly(GLOBAL, LOCAL);
        assertThat(LayerPattern.keep(9).apply(List.of(GLOBAL, LOCAL))).containsExactly(GLOBAL, NINE);
        assertThat(LayerPattern.parse("G", null).apply(List.of(GLOBAL, LOCAL))).containsExactly(GLOBAL, GLOBAL);
        for (LayerPattern pattern : List.of(LayerPattern.grouped(2, null), LayerPattern.keep(9))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pattern.apply(globals(4)))
                    .withMessageContaining("the model has no local layers yet");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            global,,local | got "" in "global,,local"
            GLX           | got "glx" in "GLX"
            full          | got "full"
            """)
    void otherWordsAreRefused(String text, String rule) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LayerPattern.parse(text, 9))
                .withMessageContaining("layers must be keep, a list of global and local")
                .withMessageContaining(rule);
    }

    @Test
    void aWindowOfNothingIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> LayerPattern.grouped(4, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LayerPattern.grouped(0, 9))
                .withMessageContaining("a group must have at least 1 layer: got 0");
    }
}
