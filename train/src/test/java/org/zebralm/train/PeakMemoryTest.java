package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class PeakMemoryTest {
    @Test
    @EnabledOnOs(OS.LINUX)
    void bothWaysToAskAgree() {
        double status = (double) PeakMemory.fromStatus().orElseThrow();
        double usage = (double) PeakMemory.fromUsage(1024).orElseThrow();
        // A JVM takes tens of megabytes at least; the kernel keeps the two counts apart by some pages per thread.
        assertThat(status).isGreaterThan(20e6);
        assertThat(usage).isCloseTo(status, within(0.1 * status));
    }
}
