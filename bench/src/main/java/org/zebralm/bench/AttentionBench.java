package org.zebralm.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

/// Times global and local attention over lengths, element types, passes and implementations.
public final class AttentionBench {
    private final BenchSettings settings;

    public AttentionBench(BenchSettings settings) {
        this.settings = settings;
    }

    /// Returns a row for each combination, in the order in which they were timed.
    ///
    /// @param progress told each row when it is done
    /// @param stopped asked before each call; once true, what is done so far is returned
    public List<Row> run(Consumer<Row> progress, BooleanSupplier stopped) {
        List<Row> rows = new ArrayList<>(settings.numRows());
        for (DType dtype : settings.dtypes()) {
            for (Pass pass : settings.passes()) {
                for (Span span : List.of(Span.global(), new Span.Local(settings.window()))) {
                    var series = new Series(settings, progress.andThen(rows::add), stopped);
                    for (int length : settings.lengths()) {
                        series.time(new AttentionCase(pass, span, length, settings.heads(), dtype));
                        if (stopped.getAsBoolean()) {
                            return rows;
                        }
                    }
                }
            }
        }
        return rows;
    }
}
