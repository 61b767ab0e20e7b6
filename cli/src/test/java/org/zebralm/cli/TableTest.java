package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void numbersStandToTheRightAndWordsToTheLeft() {
        var table = new Table("layer", "kind", "cache")
                .row(0, "global", "12 MiB")
                .row(11, "local", "1.5 MiB")
                .row("-", "local", "-");

        assertThat(table.toString()).isEqualTo("""
                        layer  kind      cache
                        -----  ------  -------
                            0  global   12 MiB
                           11  local   1.5 MiB
                            -  local         -""");
    }

    @Test
    void aColumnWithOneWordIsAColumnOfWords() {
        assertThat(new Table("n").row("1").row("many").toString()).isEqualTo("n\n----\n1\nmany");
    }

    @Test
    void withoutRowsThereAreHeaders() {
        assertThat(new Table("a", "b").toString()).isEqualTo("a  b\n-  -");
    }

    @Test
    void charactersBeyondSixteenBitsCountOnce() {
        assertThat(new Table("t", "n").row("🦓", 1).toString()).isEqualTo("t  n\n-  -\n🦓  1");
    }

    @Test
    void everyColumnNeedsACell() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Table("a", "b").row(1))
                .withMessage("a row needs a cell per column: got 1 cells for 2 columns");
    }
}
