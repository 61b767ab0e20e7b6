package org.zebralm.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zebralm.model.Continuation;
import org.zebralm.model.DecodePass;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// The engine's passes through the model: a chunk of one prompt, or one token of several sequences.
final class ModelSteps implements AutoCloseable {
    private final Zebra model;
    private final Optional<DecodePass> decodePass;
    private final int vocabSize;

    /// @param decodePass what computes steps that it accepts; the model itself does the others
    ModelSteps(Zebra model, Optional<DecodePass> decodePass) {
        this.model = model;
        this.decodePass = decodePass;
        vocabSize = model.config().vocabSize();
    }

    int maxPositions() {
        return model.config().maxPositions();
    }

    /// Computes tokens `[from, to)` of a prompt; after the last chunk draws the first token, and returns whether the
    /// output goes on.
    boolean prefill(EngineSequence sequence, int from, int to, boolean isLast) {
        try (var _ = Scope.open()) {
            sequence.cache().prepare(to - from);
            Tensor hidden_TD = model.hidden(sequence.range(from, to), sequence.cache());
            if (sequence.sampling().promptLogprobs()) {
                int[] next = sequence.range(from + 1, Math.min(to + 1, sequence.promptLength()));
                sequence.addPromptLogprobs(PromptLogprobs.of(model, hidden_TD, sequence.sampling(), next));
            }
            if (!isLast) {
                return true;
            }
            float[] logits = model.logits(hidden_TD.narrow(0, to - from - 1, 1)).toFloats();
            return sequence.draw(logits, 0, vocabSize);
        }
    }

    /// Computes the last token of each sequence and draws the next; `done` gets those that ended.
    void decode(List<EngineSequence> sequences, List<EngineSequence> done) {
        float[] logits = next(sequences);
        for (int i = 0; i < sequences.size(); i++) {
            drawRow(sequences.get(i), logits, i, done);
        }
    }

    /// Returns the logits after the last token of each sequence; if that fails, their caches are as they were.
    private float[] next(List<EngineSequence> sequences) {
        boolean isDone = false;
        try (var _ = Scope.open()) {
            List<Continuation> continuations = new ArrayList<>(sequences.size());
            for (EngineSequence sequence : sequences) {
                sequence.cache().prepare(1);
                continuations.add(new Continuation(sequence.cache(), sequence.lastToken()));
            }
            float[] logits = logits(continuations);
            isDone = true;
            return logits;
        } finally {
            if (!isDone) {
                for (EngineSequence sequence : sequences) {
                    sequence.cache().retract(sequence.length() - 1);
                }
            }
        }
    }

    private float[] logits(List<Continuation> continuations) {
        return decodePass.isPresent() && decodePass.get().accepts(continuations)
                ? decodePass.get().logits(continuations)
                : model.logits(model.hidden(continuations)).toFloats();
    }

    private void drawRow(EngineSequence sequence, float[] logits, int row, List<EngineSequence> done) {
        try {
            if (!sequence.draw(logits, row * vocabSize, (row + 1) * vocabSize)) {
                done.add(sequence);
            }
        } catch (IllegalArgumentException e) {
            // Logits that are no numbers: this sequence's alone.
            sequence.live().fail(new GenerationException("the request failed: " + e.getMessage(), e));
            done.add(sequence);
        }
    }

    @Override
    public void close() {
        decodePass.ifPresent(DecodePass::close);
    }
}
