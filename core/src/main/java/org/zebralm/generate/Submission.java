package org.zebralm.generate;

import java.util.List;

/// A request that an engine has taken, and its outputs: one for each sample.
public record Submission(List<LiveOutput> outputs) {
    public Submission {
        outputs = List.copyOf(outputs);
    }

    /// Returns the first output, the only one unless several samples were asked for.
    public LiveOutput output() {
        return outputs.getFirst();
    }

    /// Waits for all outputs.
    ///
    /// @throws GenerationException if one failed
    public List<EngineResult> await() {
        return outputs.stream().map(LiveOutput::await).toList();
    }

    /// Cancels all outputs.
    public void cancel() {
        outputs.forEach(LiveOutput::cancel);
    }
}
