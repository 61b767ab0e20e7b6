package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpellingTest {
    private static final List<String> KNOWN = List.of("numHeads", "numLayers", "window", "learningRate", "seed");

    @ParameterizedTest
    @CsvSource({
        "numLayer, numLayers",
        "num-layers, numLayers",
        "num_heads, numHeads",
        "widnow, window",
        "learnrate, learningRate",
        "sead, seed",
        "SEED, seed"
    })
    void findsTheWordThatWasMeant(String word, String meant) {
        assertThat(Spelling.closest(word, KNOWN)).isEqualTo(meant);
    }

    @Test
    void doesNotGuessWildly() {
        assertThat(Spelling.closest("optimizer", KNOWN)).isNull();
        assertThat(Spelling.closest("x", KNOWN)).isNull();
        assertThat(Spelling.closest("seed", List.of())).isNull();
    }
}
