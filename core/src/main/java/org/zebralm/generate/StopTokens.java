package org.zebralm.generate;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;

/// The ids that end one output: the model's own end tokens, unless they are ignored, and those of the request.
public record StopTokens(Set<Integer> endOfSequence, Set<Integer> requested) {
    /// Nothing ends an output.
    public static final StopTokens NONE = new StopTokens(Set.of(), Set.of());

    public StopTokens {
        endOfSequence = Set.copyOf(endOfSequence);
        requested = Set.copyOf(requested);
    }

    /// Returns what ends an output of a model.
    ///
    /// @param endOfSequence the model's own end tokens (`ModelFolder.stopTokenIds`)
    public static StopTokens of(SamplingConfig sampling, Collection<Integer> endOfSequence) {
        return new StopTokens(
                sampling.ignoreEos() ? Set.of() : Set.copyOf(endOfSequence), Set.copyOf(sampling.stopTokenIds()));
    }

    /// Returns a model's own end tokens: that of its config, if it has one, and further ones.
    static Set<Integer> endOfSequence(ZebraConfig config, Collection<Integer> endTokens) {
        Set<Integer> ends = new HashSet<>(endTokens);
        if (config.eosTokenId() >= 0) {
            ends.add(config.eosTokenId());
        }
        return Set.copyOf(ends);
    }

    /// Returns why an id ends the output, or null if it does not.
    public @Nullable FinishReason reason(int id) {
        if (endOfSequence.contains(id)) {
            return FinishReason.END_OF_SEQUENCE;
        }
        return requested.contains(id) ? FinishReason.STOP_TOKEN : null;
    }

    /// Returns all ids, ascending.
    int[] ids() {
        return Stream.concat(endOfSequence.stream(), requested.stream())
                .mapToInt(id -> id)
                .distinct()
                .sorted()
                .toArray();
    }
}
