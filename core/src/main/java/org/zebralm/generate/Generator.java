package org.zebralm.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.zebralm.model.KvCache;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Continues one sequence: prefill in chunks, then one token at a time with a cache.
///
/// Knows token ids only. Several threads may share a generator; each call has its own cache and runs on the
/// caller's platform thread.
public final class Generator {
    /// A chunk this long keeps the matrix products busy, and its activations small beside the weights.
    public static final int PREFILL_CHUNK = 512;

    private final Zebra model;
    private final int prefillChunk;

    public Generator(Zebra model) {
        this(model, PREFILL_CHUNK);
    }

    /// Makes a generator whose prompts are read `prefillChunk` tokens at a time.
    public Generator(Zebra model, int prefillChunk) {
        if (prefillChunk < 1) {
            throw new IllegalArgumentException("prefillChunk must be at least 1: got " + prefillChunk);
        }
        this.model = model;
        this.prefillChunk = prefillChunk;
    }

    /// Continues `prompt` until the model, the sampling's limit, the model's positions or `onToken` end it.
    ///
    /// `onToken` is called with each token as it comes and returns whether to go on.
    ///
    /// @throws IllegalArgumentException if the prompt is empty or leaves no position free
    public Generation generate(int[] prompt, SamplingConfig sampling, IntPredicate onToken) {
        ZebraConfig config = model.config();
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "a prompt needs at least one token: got none (begin with the beginning-of-sequence token)");
        }
        if (prompt.length >= config.maxPositions()) {
            throw new IllegalArgumentException("a prompt must leave room for a token: got " + prompt.length
                    + " tokens for a model of " + config.maxPositions() + " positions; shorten it");
        }
        DType dtype = model.dtype();
        try (var cache = new KvCache(config, dtype);
                var _ = Autograd.recording(false)) {
            return generate(prompt, sampling, onToken, cache);
        }
    }

    private Generation generate(int[] prompt, SamplingConfig sampling, IntPredicate onToken, KvCache cache) {
        ZebraConfig config = model.config();
        Sampler sampler = new Sampler(sampling);
        List<Integer> tokens = new ArrayList<>();
        long start = System.nanoTime();
        int token = sampler.next(prefill(prompt, cache));
        long prefillNanos = System.nanoTime() - start;
        long decodeNanos = 0;
        int decodeSteps = 0;
        FinishReason reason;
        while (true) {
            if (token == config.eosTokenId()) {
                reason = FinishReason.END_OF_SEQUENCE;
                break;
            }
            tokens.add(token);
            if (!onToken.test(token)) {
                reason = FinishReason.STOPPED;
                break;
            }
            if (tokens.size() == sampling.maxTokens()) {
                reason = FinishReason.MAX_TOKENS;
                break;
            }
            if (prompt.length + tokens.size() == config.maxPositions()) {
                reason = FinishReason.MAX_POSITIONS;
                break;
            }
            start = System.nanoTime();
            token = sampler.next(step(cache, token));
            decodeNanos += System.nanoTime() - start;
            decodeSteps++;
        }
        return new Generation(
                tokens, reason, prompt.length, decodeSteps, prefillNanos / 1e9, decodeNanos / 1e9, cache.bytes());
    }

    /// Reads the prompt and returns the logits of what follows it.
    private float[] prefill(int[] prompt, KvCache cache) {
        int last = (prompt.length - 1) / prefillChunk * prefillChunk;
        for (int from = 0; from < last; from += prefillChunk) {
            try (var _ = Scope.open()) {
                model.hidden(Arrays.copyOfRange(prompt, from, from + prefillChunk), cache);
            }
        }
        return step(cache, Arrays.copyOfRange(prompt, last, prompt.length));
    }

    /// Adds ids to the sequence and returns the logits of what follows the last of them.
    private float[] step(KvCache cache, int... ids) {
        try (var _ = Scope.open()) {
            Tensor hidden_TD = model.hidden(ids, cache);
            return model.logits(hidden_TD.narrow(0, ids.length - 1, 1)).toFloats();
        }
    }
}
