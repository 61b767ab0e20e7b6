package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteCountTest {
    @ParameterizedTest
    @CsvSource({"17, 17", "3k, 3072", "800m, 838860800", "2g, 2147483648", "1.5 GiB, 1610612736", "1TB, 1099511627776"})
    void bytesAreReadAsPeopleWriteThem(String text, long bytes) {
        assertThat(new ByteCount().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "2 giga", "g", "99999999999999t"})
    void nothingElseIsRead(String text) {
        assertThatThrownBy(() -> new ByteCount().convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @Test
    void anUnknownUnitIsTold() {
        assertThatThrownBy(() -> new ByteCount().convert("5x"))
                .hasMessage("'5x' is no number of bytes such as 800m or 2g");
    }
}
