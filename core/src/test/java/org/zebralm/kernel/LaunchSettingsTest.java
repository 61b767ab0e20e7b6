package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class LaunchSettingsTest {
    @Test
    void eachMissingSettingIsNamedAsItIsToBeGiven() {
        assertThat(LaunchSettings.missing(false, false, true, Map.of()))
                .satisfiesExactly(
                        flag -> assertThat(flag).startsWith("--add-modules jdk.incubator.vector ("),
                        flag -> assertThat(flag).startsWith("--enable-native-access=ALL-UNNAMED ("),
                        variables -> assertThat(variables)
                                .startsWith("in the environment GOMP_SPINCOUNT=30000 OPENBLAS_THREAD_TIMEOUT=4 ("));
    }

    @Test
    void whatIsThereIsNotNamed() {
        Map<String, String> environment = Map.of("OMP_WAIT_POLICY", "PASSIVE", "OPENBLAS_THREAD_TIMEOUT", "9");
        assertThat(LaunchSettings.missing(true, true, true, environment)).isEmpty();
        assertThat(LaunchSettings.missing(true, true, true, Map.of("GOMP_SPINCOUNT", "1")))
                .singleElement()
                .asString()
                .contains("OPENBLAS_THREAD_TIMEOUT=4")
                .doesNotContain("GOMP_SPINCOUNT");
    }

    @Test
    void onlyLinuxHasTheseLibraries() {
        assertThat(LaunchSettings.missing(true, true, false, Map.of())).isEmpty();
    }
}
