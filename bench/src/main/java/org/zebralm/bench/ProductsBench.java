package org.zebralm.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.zebralm.tensor.Autograd;

/// The products of decoding, ours beside libtorch's, in turn, each repetition held against what memory gives in the
/// same seconds.
///
/// @param bytes that the copies of a weight take together: several times the last-level cache
/// @param warmUps runs over all copies before the first repetition
public record ProductsBench(
        List<ProductCase.Stored> stored, List<int[]> shapes, List<Integer> rows, int repeats, int warmUps, long bytes) {
    private static final int READS = 2;

    public ProductsBench {
        stored = List.copyOf(stored);
        shapes = List.copyOf(shapes);
        rows = List.copyOf(rows);
        if (repeats < 1 || warmUps < 0) {
            throw new IllegalArgumentException(
                    "at least one repetition is needed: got " + repeats + " after " + warmUps + " warm-ups");
        }
    }

    /// Measures all combinations, and hands each row over as it is known.
    public void run(Consumer<ProductRow> result) {
        try (var memory = new MemoryRead();
                var _ = Autograd.recording(false)) {
            for (ProductCase.Stored kind : stored) {
                for (int[] shape : shapes) {
                    for (int count : rows) {
                        measure(new ProductCase(kind, shape[0], shape[1], count), memory)
                                .forEach(result);
                    }
                }
            }
        }
    }

    private List<ProductRow> measure(ProductCase product, MemoryRead memory) {
        try (var ours = new ProductContender(product, Implementation.ZEBRA, bytes);
                var torch = new ProductContender(product, Implementation.TORCH, bytes)) {
            double[] ourSeconds = new double[repeats];
            double[] torchSeconds = new double[repeats];
            double[] reads = new double[repeats];
            for (int i = 0; i < warmUps; i++) {
                ours.run();
                torch.run();
            }
            for (int i = 0; i < repeats; i++) {
                reads[i] = memory.gigabytesPerSecond(READS);
                ourSeconds[i] = time(ours);
                torchSeconds[i] = time(torch);
            }
            List<ProductRow> rowsOfCase = new ArrayList<>();
            rowsOfCase.add(new ProductRow(product, Implementation.ZEBRA, Median.of(ourSeconds), Median.of(reads)));
            rowsOfCase.add(new ProductRow(product, Implementation.TORCH, Median.of(torchSeconds), Median.of(reads)));
            return rowsOfCase;
        }
    }

    private static double time(ProductContender contender) {
        long start = System.nanoTime();
        contender.run();
        return (System.nanoTime() - start) / 1e9 / contender.count();
    }
}
