package org.zebralm.generate;

import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A prompt to be continued, and how.
///
/// Not changed once made; the prompt is copied.
public final class GenerationRequest {
    /// What happens to a prompt that leaves no position of the model free.
    public enum Overflow {
        /// The request is refused.
        REFUSE,
        /// The oldest tokens after the first are left out, so that prompt and `maxTokens` fit, or half the positions
        /// are
        /// free if that is less.
        SLIDE
    }

    private final int[] prompt;
    private final SamplingConfig sampling;
    private final Overflow overflow;
    private final @Nullable Duration timeout;

    private GenerationRequest(int[] prompt, SamplingConfig sampling, Overflow overflow, @Nullable Duration timeout) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "a prompt needs at least one token: got none (begin with the beginning-of-sequence token)");
        }
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException("a timeout must be above 0: got " + timeout);
        }
        this.prompt = prompt.clone();
        this.sampling = sampling;
        this.overflow = overflow;
        this.timeout = timeout;
    }

    /// Makes a request that may take as long as it does.
    public static GenerationRequest of(SamplingConfig sampling, int... prompt) {
        return new GenerationRequest(prompt, sampling, Overflow.REFUSE, null);
    }

    /// Returns this request with an end to waiting and computing together; what there is by then is the result.
    public GenerationRequest within(Duration time) {
        return new GenerationRequest(prompt, sampling, overflow, time);
    }

    /// Returns this request with another treatment of prompts that are too long.
    public GenerationRequest onOverflow(Overflow treatment) {
        return new GenerationRequest(prompt, sampling, treatment, timeout);
    }

    /// Returns the prompt as it is computed by a model of so many positions.
    int[] promptWithin(int maxPositions) {
        if (overflow == Overflow.REFUSE || prompt.length + sampling.maxTokens() <= maxPositions || maxPositions < 4) {
            return prompt;
        }
        int free = Math.min(sampling.maxTokens(), maxPositions / 2);
        int kept = maxPositions - free;
        if (prompt.length <= kept) {
            return prompt;
        }
        int[] slid = Arrays.copyOfRange(prompt, prompt.length - kept, prompt.length);
        slid[0] = prompt[0];
        return slid;
    }

    public int[] prompt() {
        return prompt.clone();
    }

    public SamplingConfig sampling() {
        return sampling;
    }

    public Overflow overflow() {
        return overflow;
    }

    public @Nullable Duration timeout() {
        return timeout;
    }
}
