package org.zebralm.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.cache.PagedCache;
import org.zebralm.cache.PrefixMatch;
import org.zebralm.cache.PrefixTree;
import org.zebralm.cache.PrefixUse;

/// One output of a request within the engine: its tokens, its cache, and where it stands.
///
/// Owned by the engine's thread.
final class EngineSequence {
    /// How many positions besides its own ends a sequence keeps windows for.
    private static final int MOST_WANTED = 16;

    private final LiveOutput live;
    private final SamplingConfig sampling;
    private final Sampler sampler;
    private final TextOutput output;
    private final int[] prompt;
    private final int promptLength;
    private final long submitted;
    private final long deadline;
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprobs> logprobs = new ArrayList<>();
    private final List<TokenLogprobs> promptLogprobs = new ArrayList<>();

    /// The prompt, then the tokens generated.
    private int[] tokens;

    private int numTokens;
    private @Nullable PagedCache cache;
    private PrefixUse prefix;

    /// Positions where others are expected to go on from.
    private int[] wanted = new int[0];

    private long begun;
    private long firstToken;
    private int decodeSteps;

    /// @param deadline in nanoseconds of the system's timer, or `Long.MAX_VALUE` for none
    EngineSequence(
            LiveOutput live,
            SamplingConfig sampling,
            Sampler sampler,
            TextOutput output,
            long submitted,
            long deadline,
            int... prompt) {
        this.live = live;
        this.sampling = sampling;
        this.sampler = sampler;
        this.output = output;
        this.submitted = submitted;
        this.deadline = deadline;
        this.prompt = prompt;
        promptLength = prompt.length;
        tokens = prompt.clone();
        numTokens = prompt.length;
        prefix = new PrefixUse(prompt.length, 0, 0, 0, PrefixUse.Limit.EMPTY);
    }

    LiveOutput live() {
        return live;
    }

    SamplingConfig sampling() {
        return sampling;
    }

    int promptLength() {
        return promptLength;
    }

    /// Returns the prompt itself, which nobody changes.
    int[] prompt() {
        return prompt;
    }

    /// Returns with how many equal tokens both prompts begin, the last of this one not counted.
    int commonLength(EngineSequence other) {
        int mismatch = Arrays.mismatch(prompt, other.prompt);
        return Math.min(promptLength - 1, mismatch < 0 ? promptLength : mismatch);
    }

    /// Returns the most tokens that prompt and output can have together.
    int mostTokens(int maxPositions) {
        return Math.min(promptLength + sampling.maxTokens(), maxPositions);
    }

    boolean isPast(long now) {
        return deadline != Long.MAX_VALUE && now - deadline >= 0;
    }

    long deadline() {
        return deadline;
    }

    /// Takes the sequence up.
    void begin(PrefixTree tree, PrefixMatch match, PrefixUse use, long now) {
        begun = now;
        prefix = use;
        cache = tree.begin(match);
        want(match.reused());
    }

    /// Notes that others go on from `position`.
    void want(int position) {
        if (position > 0 && wanted.length < MOST_WANTED && Arrays.stream(wanted).noneMatch(one -> one == position)) {
            wanted = Arrays.copyOf(wanted, wanted.length + 1);
            wanted[wanted.length - 1] = position;
        }
    }

    PagedCache cache() {
        if (cache == null) {
            throw new IllegalStateException("the sequence has not begun");
        }
        return cache;
    }

    PrefixUse prefix() {
        return prefix;
    }

    boolean isPrefilling() {
        return cache().length() < promptLength;
    }

    /// Returns tokens `[from, to)`.
    int[] range(int from, int to) {
        return Arrays.copyOfRange(tokens, from, to);
    }

    int lastToken() {
        return tokens[numTokens - 1];
    }

    int length() {
        return numTokens;
    }

    /// Keeps what is computed of the first `length` tokens for others; `isEnd` where going on from there is likely.
    void keep(PrefixTree tree, int length, boolean isEnd) {
        int[] likely = wanted;
        if (isEnd) {
            likely = Arrays.copyOf(wanted, wanted.length + 1);
            likely[wanted.length] = length;
        }
        tree.insert(tokens, length, cache(), likely);
    }

    void addPromptLogprobs(List<TokenLogprobs> more) {
        promptLogprobs.addAll(more);
    }

    /// Draws the next token from the row `logits[from..to)`; returns whether the output goes on.
    boolean draw(float[] logits, int from, int to) {
        SampledToken sampled = sampler.next(logits, from, to);
        OutputToken token = output.push(sampled);
        if (firstToken == 0) {
            firstToken = System.nanoTime();
        } else {
            decodeSteps++;
        }
        text.append(token.text());
        if (!token.isStopToken()) {
            if (numTokens == tokens.length) {
                tokens = Arrays.copyOf(tokens, tokens.length + Math.max(64, tokens.length / 2));
            }
            tokens[numTokens++] = token.id();
            if (token.logprobs() != null) {
                logprobs.add(token.logprobs());
            }
        }
        live.put(token);
        FinishReason reason = token.finishReason();
        if (reason != null) {
            complete(reason, token.stopString());
        }
        return reason == null;
    }

    /// Ends the output from outside.
    void end(FinishReason reason) {
        text.append(output.finish());
        complete(reason, null);
    }

    private void complete(FinishReason reason, @Nullable String stopString) {
        long now = System.nanoTime();
        long start = begun == 0 ? now : begun;
        long first = firstToken == 0 ? now : firstToken;
        List<Integer> generated = new ArrayList<>(numTokens - promptLength);
        for (int i = promptLength; i < numTokens; i++) {
            generated.add(tokens[i]);
        }
        var generation = new Generation(
                generated,
                text.toString(),
                reason,
                stopString,
                logprobs,
                promptLogprobs,
                promptLength,
                decodeSteps,
                (first - start) / 1e9,
                (now - first) / 1e9,
                cache == null ? 0 : cache.bytes());
        live.complete(new EngineResult(generation, prefix, (start - submitted) / 1e9));
    }

    void close() {
        if (cache != null) {
            cache.close();
        }
    }
}
