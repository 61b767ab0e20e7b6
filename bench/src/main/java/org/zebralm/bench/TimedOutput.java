package org.zebralm.bench;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.cache.PrefixUse;
import org.zebralm.generate.Engine;
import org.zebralm.generate.GenerationRequest;
import org.zebralm.generate.LiveOutput;
import org.zebralm.generate.SamplingConfig;

/// One output, greedy, as its reader saw it: when it was asked for and when each token came, in nanoseconds.
record TimedOutput(long submitted, List<Long> arrivals, PrefixUse prefix) {
    TimedOutput {
        arrivals = List.copyOf(arrivals);
    }

    /// Asks for `tokens` tokens, and reads them all.
    static TimedOutput read(Engine engine, int tokens, int... prompt) {
        SamplingConfig greedy = new SamplingConfig.Builder()
                .temperature(0)
                .maxTokens(tokens)
                .ignoreEos(true)
                .build();
        GenerationRequest request = GenerationRequest.of(greedy, prompt);
        List<Long> arrivals = new ArrayList<>(tokens);
        long submitted = System.nanoTime();
        LiveOutput output = engine.submit(request).output();
        while (output.hasNext()) {
            arrivals.add(System.nanoTime());
            output.next();
        }
        if (arrivals.size() != tokens) {
            throw new IllegalStateException("an output ended before its " + tokens + " tokens: got " + arrivals.size());
        }
        return new TimedOutput(submitted, arrivals, output.await().prefix());
    }

    long first() {
        return arrivals.getFirst();
    }

    long last() {
        return arrivals.getLast();
    }

    double firstTokenSeconds() {
        return (first() - submitted) / 1e9;
    }

    /// Returns the seconds from the first token to the last: one step for each token but the first.
    double decodeSeconds() {
        return (last() - first()) / 1e9;
    }
}
