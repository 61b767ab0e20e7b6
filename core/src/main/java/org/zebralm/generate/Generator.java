package org.zebralm.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.KvCache;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tokenizer.Tokenizer;

/// Continues one sequence: prefill in chunks, then one token at a time with a cache.
///
/// Several threads may share a generator; each call has its own cache and runs on the caller's platform thread.
public final class Generator {
    /// A chunk this long keeps the matrix products busy, and its activations small beside the weights.
    public static final int PREFILL_CHUNK = 512;

    private final Zebra model;
    private final @Nullable Tokenizer tokenizer;
    private final Set<Integer> endOfSequence;
    private final int prefillChunk;

    /// Makes a generator that knows ids only, for a model whose end token is its config's.
    public Generator(Zebra model) {
        this(model, PREFILL_CHUNK);
    }

    /// Makes a generator that knows ids only and reads prompts `prefillChunk` tokens at a time.
    public Generator(Zebra model, int prefillChunk) {
        this(model, List.of(), null, prefillChunk);
    }

    /// Makes a generator of text.
    ///
    /// @param endTokens ids that end a text (`ModelFolder.stopTokenIds`), beside that of the model's config
    public Generator(Zebra model, Collection<Integer> endTokens, Tokenizer tokenizer) {
        this(model, endTokens, tokenizer, PREFILL_CHUNK);
    }

    private Generator(Zebra model, Collection<Integer> endTokens, @Nullable Tokenizer tokenizer, int prefillChunk) {
        if (prefillChunk < 1) {
            throw new IllegalArgumentException("prefillChunk must be at least 1: got " + prefillChunk);
        }
        this.model = model;
        this.tokenizer = tokenizer;
        this.prefillChunk = prefillChunk;
        this.endOfSequence = StopTokens.endOfSequence(model.config(), endTokens);
    }

    /// Continues `prompt` until the model, the sampling's limits, the model's positions or `onToken` end it.
    ///
    /// `onToken` is called with the id of each token as it comes, a stop token aside, and returns whether to go on.
    ///
    /// @throws IllegalArgumentException as [#stream(int\[\], SamplingConfig, Predicate)]
    public Generation generate(int[] prompt, SamplingConfig sampling, IntPredicate onToken) {
        return stream(prompt, sampling, token -> token.isStopToken() || onToken.test(token.id()));
    }

    /// Continues `prompt` with text.
    ///
    /// `onToken` is called with each token as it comes, one that only ends the output included, and returns
    /// whether to go on.
    ///
    /// @throws IllegalArgumentException if the prompt is empty or leaves no position free, if the sampling does
    ///     not fit the model, or if it wants several samples, which come one at a time by the other method
    public Generation stream(int[] prompt, SamplingConfig sampling, Predicate<OutputToken> onToken) {
        if (sampling.numSamples() != 1) {
            throw new IllegalArgumentException(
                    "numSamples must be 1 for one output: got " + sampling.numSamples() + "; say which sample");
        }
        return stream(prompt, sampling, 0, onToken);
    }

    /// Makes one of the samples of a prompt, from 0.
    ///
    /// @throws IllegalArgumentException as [#stream(int\[\], SamplingConfig, Predicate)]
    public Generation stream(int[] prompt, SamplingConfig sampling, int sample, Predicate<OutputToken> onToken) {
        ZebraConfig config = model.config();
        if (prompt.length == 0) {
            throw new IllegalArgumentException(
                    "a prompt needs at least one token: got none (begin with the beginning-of-sequence token)");
        }
        sampling.requireFit(config.vocabSize());
        StopTokens stops = StopTokens.of(sampling, endOfSequence);
        var output = new TextOutput(tokenizer, sampling, stops, config.maxPositions(), prompt);
        var sampler = new Sampler(sampling, sample, stops, prompt);
        DType dtype = model.dtype();
        try (var cache = new KvCache(config, dtype);
                var _ = Autograd.recording(false)) {
            return generate(prompt, sampling, sampler, output, onToken, cache);
        }
    }

    private Generation generate(
            int[] prompt,
            SamplingConfig sampling,
            Sampler sampler,
            TextOutput output,
            Predicate<OutputToken> onToken,
            KvCache cache) {
        List<Integer> tokens = new ArrayList<>();
        List<TokenLogprobs> logprobs = new ArrayList<>();
        List<TokenLogprobs> promptLogprobs = new ArrayList<>();
        var text = new StringBuilder();
        long start = System.nanoTime();
        SampledToken sampled = sampler.next(prefill(prompt, cache, sampling, promptLogprobs));
        long prefillNanos = System.nanoTime() - start;
        long decodeNanos = 0;
        int decodeSteps = 0;
        FinishReason reason;
        String stopString;
        while (true) {
            OutputToken token = output.push(sampled);
            text.append(token.text());
            if (!token.isStopToken()) {
                tokens.add(token.id());
                if (token.logprobs() != null) {
                    logprobs.add(token.logprobs());
                }
            }
            boolean goesOn = onToken.test(token);
            reason = token.finishReason();
            stopString = token.stopString();
            if (reason != null) {
                break;
            }
            if (!goesOn) {
                reason = FinishReason.STOPPED;
                text.append(output.finish());
                break;
            }
            start = System.nanoTime();
            sampled = sampler.next(step(cache, token.id()));
            decodeNanos += System.nanoTime() - start;
            decodeSteps++;
        }
        return new Generation(
                tokens,
                text.toString(),
                reason,
                stopString,
                logprobs,
                promptLogprobs,
                prompt.length,
                decodeSteps,
                prefillNanos / 1e9,
                decodeNanos / 1e9,
                cache.bytes());
    }

    /// Reads the prompt and returns the logits of what follows it.
    private float[] prefill(int[] prompt, KvCache cache, SamplingConfig sampling, List<TokenLogprobs> promptLogprobs) {
        int last = (prompt.length - 1) / prefillChunk * prefillChunk;
        for (int from = 0; from <= last; from += prefillChunk) {
            int to = Math.min(from + prefillChunk, prompt.length);
            try (var _ = Scope.open()) {
                Tensor hidden_TD = model.hidden(Arrays.copyOfRange(prompt, from, to), cache);
                if (sampling.promptLogprobs()) {
                    int[] next = Arrays.copyOfRange(prompt, from + 1, Math.min(to + 1, prompt.length));
                    promptLogprobs.addAll(PromptLogprobs.of(model, hidden_TD, sampling, next));
                }
                if (to == prompt.length) {
                    return lastLogits(hidden_TD);
                }
            }
        }
        throw new AssertionError("the last chunk ends the prompt");
    }

    /// Adds an id to the sequence and returns the logits of what follows it.
    private float[] step(KvCache cache, int id) {
        try (var _ = Scope.open()) {
            return lastLogits(model.hidden(new int[] {id}, cache));
        }
    }

    private float[] lastLogits(Tensor hidden_TD) {
        return model.logits(hidden_TD.narrow(0, hidden_TD.size(0) - 1, 1)).toFloats();
    }
}
