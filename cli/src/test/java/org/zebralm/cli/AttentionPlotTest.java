package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.bench.AttentionCase;
import org.zebralm.bench.HeadShape;
import org.zebralm.bench.Implementation;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

class AttentionPlotTest {
    /// Made-up times of a machine of 150 GFLOP/s and 20 GB/s; what to look at after a change
    /// (`target/attention-plot.svg`).
    @Test
    void aTypicalRunCanBeLookedAt() throws Exception {
        Path file = Path.of("target", "attention-plot.svg");
        new AttentionPlot(rows(), "made-up times").write(file);
        assertThat(Files.readString(file))
                .contains("forward+backward, bfloat16", "torch local, 513", "100 ms", ">64k<", "made-up times");
    }

    @Test
    void nothingMeasuredIsStillAPicture() {
        assertThat(new AttentionPlot(List.of(), "").svg()).startsWith("<svg").doesNotContain("NaN", "Infinity");
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (Pass pass : Pass.values()) {
                for (Span span : List.of(Span.global(), new Span.Local(513))) {
                    for (int length = 1024; length <= 65536; length *= 2) {
                        var attention = new AttentionCase(pass, span, length, new HeadShape(12, 12, 64), dtype);
                        double seconds = Math.max(
                                attention.flops() / 150e9, pass == Pass.DECODE ? attention.keyValueBytes() / 20e9 : 0);
                        rows.add(new Row.Measured(attention, Implementation.ZEBRA, seconds, seconds, 5, 1, Double.NaN));
                        double theirs = attention.pairs() * 4e-8 * (dtype == DType.FLOAT32 ? 1 : 10);
                        if (theirs < 300) {
                            rows.add(new Row.Measured(
                                    attention, Implementation.TORCH, theirs, theirs, 5, 1, Double.NaN));
                        } else {
                            rows.add(new Row.Skipped(attention, Implementation.TORCH, new Row.TooSlow(theirs)));
                        }
                    }
                }
            }
        }
        return rows;
    }
}
