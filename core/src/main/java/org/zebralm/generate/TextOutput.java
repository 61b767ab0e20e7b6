package org.zebralm.generate;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.Tokenizer;

/// Turns the tokens of one output into text as they come, and knows when it ends and why.
///
/// It ends with a stop token, whose text is not shown; before a stop string, across tokens; with as many tokens as
/// were asked for; or where the positions are full. Stop strings are looked for in the text of the tokens after
/// `minTokens`. A special token has no text, so a stop string that is one's name ends the output at that token.
///
/// Not for use by several threads.
public final class TextOutput {
    private final SamplingConfig sampling;
    private final StopTokens stopTokens;
    private final int mostTokens;
    private final @Nullable TextStream stream;
    private final StopStrings stopStrings;
    private final Map<Integer, String> namedTokens = new HashMap<>();
    private int numTokens;
    private boolean hasEnded;

    /// Begins an output.
    ///
    /// @param tokenizer turns ids into text; without one there is no text
    /// @param maxPositions how many tokens prompt and output may have together
    /// @throws IllegalArgumentException if stop strings are asked for without a tokenizer, or the prompt leaves no
    ///     position free
    public TextOutput(
            @Nullable Tokenizer tokenizer,
            SamplingConfig sampling,
            StopTokens stopTokens,
            int maxPositions,
            int... prompt) {
        if (prompt.length >= maxPositions) {
            throw new IllegalArgumentException("a prompt must leave room for a token: got " + prompt.length
                    + " tokens for a model of " + maxPositions + " positions; shorten it");
        }
        if (tokenizer == null && !sampling.stopStrings().isEmpty()) {
            throw new IllegalArgumentException("stopStrings need a tokenizer, which turns tokens into text: got "
                    + sampling.stopStrings().size()
                    + " and none; open the model with its tokenizer or use stopTokenIds");
        }
        this.sampling = sampling;
        this.stopTokens = stopTokens;
        this.mostTokens = Math.min(sampling.maxTokens(), maxPositions - prompt.length);
        this.stream = tokenizer == null ? null : new TextStream(tokenizer).after(prompt);
        this.stopStrings = new StopStrings(sampling.stopStrings());
        if (tokenizer != null) {
            for (String stop : sampling.stopStrings()) {
                OptionalInt id = tokenizer.idOf(stop);
                if (id.isPresent() && isSpecial(tokenizer, id.getAsInt(), stop)) {
                    namedTokens.put(id.getAsInt(), stop);
                }
            }
        }
    }

    private static boolean isSpecial(Tokenizer tokenizer, int id, String text) {
        return tokenizer.decode(new int[] {id}, true).isEmpty()
                && tokenizer.decode(new int[] {id}).equals(text);
    }

    /// Adds the token drawn, and says what it adds to the output.
    ///
    /// @throws IllegalStateException if the output has ended
    public OutputToken push(SampledToken token) {
        if (hasEnded) {
            throw new IllegalStateException("an output that has ended takes no more tokens: got " + token.id());
        }
        FinishReason ending = stopTokens.reason(token.id());
        if (ending != null) {
            return last(token, finish(), ending, null);
        }
        numTokens++;
        boolean isFree = numTokens <= sampling.minTokens();
        String named = isFree ? null : namedTokens.get(token.id());
        if (named != null) {
            return last(token, finish(), FinishReason.STOP_STRING, named);
        }
        String text = stream == null ? "" : stream.push(token.id());
        String shown = isFree ? text : stopStrings.push(text);
        if (stopStrings.found() != null) {
            return last(token, shown, FinishReason.STOP_STRING, stopStrings.found());
        }
        if (numTokens < mostTokens) {
            return new OutputToken(token.id(), token.logprobs(), shown, null, null);
        }
        FinishReason limit = mostTokens == sampling.maxTokens() ? FinishReason.MAX_TOKENS : FinishReason.MAX_POSITIONS;
        return last(token, shown.concat(finish()), limit, null);
    }

    private OutputToken last(SampledToken token, String text, FinishReason reason, @Nullable String stopString) {
        hasEnded = true;
        return new OutputToken(token.id(), token.logprobs(), text, reason, stopString);
    }

    /// Ends the output from outside: returns the text held back, and U+FFFD for an unfinished character. Nothing if
    /// it has ended.
    public String finish() {
        if (hasEnded) {
            return "";
        }
        hasEnded = true;
        return stopStrings.flush().concat(stream == null ? "" : stream.flush());
    }

    /// How many tokens the output has; a stop token is not one of them.
    public int numTokens() {
        return numTokens;
    }
}
