package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.zebralm.cache.PrefixUse;

class TimedOutputsTest {
    private static TimedOutput output(double submitted, double... arrivals) {
        return new TimedOutput(
                nanos(submitted),
                Arrays.stream(arrivals).mapToObj(TimedOutputsTest::nanos).toList(),
                new PrefixUse(10, 4, 4, 1, PrefixUse.Limit.NONE));
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * 1e9);
    }

    @Test
    void togetherByHand() {
        var outputs = new TimedOutputs(List.of(output(1, 5, 6, 7), output(0, 2, 3, 4)));
        assertThat(outputs.seconds()).isEqualTo(7);
        assertThat(outputs.firstTokenSeconds()).isEqualTo(3); // of 4 and 2
        // A prompt is computed until 5; then there are two tokens in two seconds.
        assertThat(outputs.decodeTokensPerSecond()).isEqualTo(1);
        assertThat(outputs.reusedTokens()).isEqualTo(8);
        assertThat(outputs.recomputedTokens()).isEqualTo(2);
    }

    @Test
    void oneAfterTheOtherByHand() {
        var outputs = new TimedOutputs(List.of(output(0, 2, 3, 4), output(4.5, 5, 6)));
        assertThat(outputs.seconds()).isEqualTo(6);
        assertThat(outputs.decodeTokensPerSecond()).isEqualTo(3 / 3.5); // 2 to 4.5 and 5 to 6
    }

    @Test
    void oneOutputByHand() {
        TimedOutput one = output(1, 2.5, 3, 4.5);
        assertThat(one.firstTokenSeconds()).isEqualTo(1.5);
        assertThat(one.decodeSeconds()).isEqualTo(2);
    }

    @Test
    @Timeout(60)
    void noMoreAreUnderWayThanAskedForAndNoFewer() {
        var underWay = new AtomicInteger();
        var most = new AtomicInteger();
        var three = new CountDownLatch(3);
        TimedOutputs outputs = TimedOutputs.read(7, 3, request -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            three.countDown();
            try {
                three.await(); // ends only if three are under way at once
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            underWay.decrementAndGet();
            return output(request, request + 1);
        });
        assertThat(most.get()).isEqualTo(3);
        assertThat(outputs.outputs().stream().map(TimedOutput::submitted))
                .containsExactlyInAnyOrder(0L, nanos(1), nanos(2), nanos(3), nanos(4), nanos(5), nanos(6));
    }

    @Test
    void oneThatFailsFailsAll() {
        assertThatIllegalStateException()
                .isThrownBy(() -> TimedOutputs.read(2, 2, request -> {
                    throw new IllegalStateException("request " + request);
                }))
                .withMessageStartingWith("request ");
    }
}
