package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "512, 512 B",
        "1023, 1023 B",
        "1024, 1 KiB",
        "1536, 1.5 KiB",
        "10300, 10.1 KiB",
        "1048575, 1 MiB",
        "377487360, 360 MiB",
        "25769803776, 24 GiB",
        "9223372036854775807, 8 EiB",
        "-2048, -2 KiB",
    })
    void bytesArePowersOf1024(long bytes, String expected) {
        assertThat(Units.bytes(bytes)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "7, 7",
        "0.25, 0.25",
        "99.5, 99.5",
        "950, 950",
        "999.6, 1000",
        "1000, 1k",
        "1234, 1.2k",
        "9999, 10k",
        "12345, 12.3k",
        "99960, 100k",
        "999999, 1M",
        "10400000, 10.4M",
        "1.1e9, 1.1G",
        "NaN, NaN",
        "Infinity, Infinity",
    })
    void countsArePowersOf1000(double count, String expected) {
        assertThat(Units.count(count)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0s",
        "350, 0.35s",
        "9949, 9.9s",
        "9951, 10s",
        "42000, 42s",
        "59600, 1m 00s",
        "125000, 2m 05s",
        "3599600, 1h 00m",
        "11220000, 3h 07m",
        "187200000, 2d 04h",
        "-42000, -42s",
    })
    void durationsShowTheirTwoLargestUnits(long millis, String expected) {
        assertThat(Units.duration(Duration.ofMillis(millis))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 µs",
        "0.0000852, 85.2 µs",
        "0.00099949, 999 µs",
        "0.0009996, 1 ms",
        "0.00312, 3.12 ms",
        "0.39, 390 ms",
        "0.9996, 1 s",
        "39.24, 39.2 s",
        "132.4, 132 s",
        "1320.6, 1321 s",
        "NaN, NaN",
    })
    void secondsHaveThreeDigits(double seconds, String expected) {
        assertThat(Units.seconds(seconds)).isEqualTo(expected);
    }
}
