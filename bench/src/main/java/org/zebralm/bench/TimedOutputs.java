package org.zebralm.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/// Outputs of requests that came together or one after the other.
record TimedOutputs(List<TimedOutput> outputs) {
    TimedOutputs {
        outputs = List.copyOf(outputs);
    }

    /// Reads the outputs of `count` requests, `concurrency` of them at a time: the next is asked for when one has
    /// ended.
    static TimedOutputs read(int count, int concurrency, IntFunction<TimedOutput> reader) {
        var next = new AtomicInteger();
        List<Future<List<TimedOutput>>> readers = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < concurrency; i++) {
                readers.add(threads.submit(() -> {
                    List<TimedOutput> read = new ArrayList<>();
                    for (int request = next.getAndIncrement(); request < count; request = next.getAndIncrement()) {
                        read.add(reader.apply(request));
                    }
                    return read;
                }));
            }
        }
        List<TimedOutput> all = new ArrayList<>();
        for (Future<List<TimedOutput>> one : readers) {
            try {
                all.addAll(one.get());
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted", e);
            }
        }
        return new TimedOutputs(all);
    }

    /// Returns the seconds from the first request's submission to the last token.
    double seconds() {
        return (outputs.stream().mapToLong(TimedOutput::last).max().orElseThrow()
                        - outputs.stream()
                                .mapToLong(TimedOutput::submitted)
                                .min()
                                .orElseThrow())
                / 1e9;
    }

    /// Returns the median of the requests' seconds to their first tokens.
    double firstTokenSeconds() {
        return Median.of(
                outputs.stream().mapToDouble(TimedOutput::firstTokenSeconds).toArray());
    }

    long reusedTokens() {
        return outputs.stream().mapToLong(output -> output.prefix().reused()).sum();
    }

    long recomputedTokens() {
        return outputs.stream()
                .mapToLong(output -> output.prefix().recomputed())
                .sum();
    }

    /// Returns the tokens a second while no request waited for its first: those that came then, by that time. NaN
    /// if there was none.
    double decodeTokensPerSecond() {
        List<TimedOutput> sorted = outputs.stream()
                .sorted(Comparator.comparingLong(TimedOutput::submitted))
                .toList();
        long end = outputs.stream().mapToLong(TimedOutput::last).max().orElseThrow();
        long decoding = 0;
        long tokens = 0;
        long from = sorted.getFirst().first(); // until when a prompt was being computed
        for (int i = 1; i <= sorted.size(); i++) {
            long until = i == sorted.size() ? end : sorted.get(i).submitted();
            if (until > from) {
                decoding += until - from;
                tokens += between(from, until);
            }
            if (i < sorted.size()) {
                from = Math.max(from, sorted.get(i).first());
            }
        }
        return decoding == 0 ? Double.NaN : tokens / (decoding / 1e9);
    }

    private long between(long from, long until) {
        return outputs.stream()
                .flatMap(output -> output.arrivals().stream())
                .filter(arrival -> arrival > from && arrival <= until)
                .count();
    }
}
