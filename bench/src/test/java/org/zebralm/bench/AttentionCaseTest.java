package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

class AttentionCaseTest {
    private static final HeadShape HEADS = new HeadShape(6, 2, 64);

    private static AttentionCase of(Pass pass, Span span, int length, DType dtype) {
        return new AttentionCase(pass, span, length, HEADS, dtype);
    }

    @Test
    void workIsCountedOverPairsAttendedTo() {
        // 1 + 2 + .. + 10 pairs; with a window of 3: 1 + 2 + 8 x 3.
        assertThat(of(Pass.FORWARD, Span.global(), 10, DType.FLOAT32).flops()).isEqualTo(4.0 * 55 * 64 * 6);
        assertThat(of(Pass.FORWARD, new Span.Local(3), 10, DType.FLOAT32).flops())
                .isEqualTo(4.0 * 27 * 64 * 6);
        assertThat(of(Pass.FORWARD_BACKWARD, new Span.Local(3), 10, DType.FLOAT32)
                        .flops())
                .isEqualTo(14.0 * 27 * 64 * 6);
    }

    @Test
    void decodingReadsEachVisibleKeyAndValueOnce() {
        AttentionCase global = of(Pass.DECODE, Span.global(), 10, DType.FLOAT32);
        assertThat(global.flops()).isEqualTo(4.0 * 10 * 64 * 6);
        assertThat(global.keyValueBytes()).isEqualTo(10 * 2 * 2 * 64 * 4);
        AttentionCase local = of(Pass.DECODE, new Span.Local(3), 10, DType.BFLOAT16);
        assertThat(local.flops()).isEqualTo(4.0 * 3 * 64 * 6);
        assertThat(local.keyValueBytes()).isEqualTo(3 * 2 * 2 * 64 * 2);
        assertThat(local.withLength(2).keyValueBytes()).isEqualTo(2 * 2 * 2 * 64 * 2);
    }

    @Test
    void decodingTakesEnoughCachesToMissTheLastLevelCache() {
        assertThat(Caches.count(of(Pass.DECODE, Span.global(), 32768, DType.FLOAT32)))
                .isEqualTo(16);
        assertThat(Caches.count(of(Pass.DECODE, Span.global(), 4 << 20, DType.FLOAT32)))
                .isEqualTo(2);
        assertThat(Caches.count(of(Pass.DECODE, Span.global(), 1, DType.FLOAT32)))
                .isEqualTo(512);
    }

    @Test
    void whatCannotBeTimedIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HeadShape(12, 5, 64))
                .withMessage("numHeads must be a multiple of numKvHeads, which share them: got 12 and 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(Pass.FORWARD, Span.global(), 0, DType.FLOAT32))
                .withMessage("a length must be at least 1 token: got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(Pass.FORWARD, Span.global(), 8, DType.INT8))
                .withMessageContaining("float32 or bfloat16")
                .withMessageContaining("got int8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Pass.parse("backward"))
                .withMessage("pass must be one of forward, forward+backward, decode: got backward");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Implementation.parse("flash"))
                .withMessage("implementation must be one of zebra, torch, portable: got flash");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BenchSettings(
                        List.of(8),
                        3,
                        HEADS,
                        List.of(DType.FLOAT32),
                        List.of(Pass.FORWARD),
                        List.of(Implementation.ZEBRA),
                        0,
                        0,
                        1))
                .withMessage("repeats must be at least 1: got 0");
    }
}
