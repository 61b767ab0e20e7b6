package org.zebralm.generate;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// Draws the tokens of one output from logits.
///
/// In this order, which is transformers' (and vLLM's for what only that has):
///
/// 1. bias: added to the logits of its ids;
/// 2. repetition penalty: logits of ids in prompt or output are divided by it if positive, else multiplied with it;
/// 3. presence and frequency penalty, OpenAI's: an id that is `count > 0` times in the output loses
///    `presence + count * frequency`;
/// 4. end tokens are impossible before `minTokens`;
/// 5. temperature: logits are divided by it, or 0 takes the first of the largest;
/// 6. top-k: the k largest stay, and those that equal the last of them;
/// 7. top-p: of the softmax over what is left, the fewest largest that add up to at least p;
/// 8. min-p: those with at least p times the probability of the likeliest.
///
/// At the edge of top-p lower ids come first of equals, where transformers leaves the order to its sort. Logits are
/// changed in float32, as there; what follows is float64.
///
/// Plain Java, and a function of settings, prompt, logits, seed and the number of the sample, whatever else is
/// running. Each token takes one random number, at temperature 0 none. Log-probabilities are the model's own, of
/// the logits as they came. Not for use by several threads at once; samplers share nothing.
public final class Sampler {
    /// Probabilities are added up over so many ids before those of single ids matter.
    private static final int BLOCK = 512;

    private final SamplingConfig sampling;
    private final RandomGenerator random;
    private final LogitEdits edits;
    private final @Nullable Logprobs logprobs;
    private final LogitSelection selection = new LogitSelection();
    private final double temperature;

    /// Below this exponent min-p leaves a token out; a little less than its logarithm, for the rounding.
    private final double leastExponent;

    private double[] blocks = new double[0];
    private int vocabSize;

    // What is drawn from: a part of an array, the ids if not all in their own order, the largest, and an edge.
    private float[] left = new float[0];
    private int start;
    private int end;
    private int @Nullable [] ids;
    private double max;
    private LogitSelection.Edge edge = LogitSelection.Edge.NONE;

    // Room for what top-k leaves.
    private float[] likeliest = new float[0];
    private int[] likeliestIds = new int[0];

    /// Makes a sampler for the only output of a prompt that no penalty has to know.
    public Sampler(SamplingConfig sampling) {
        this(sampling, 0, StopTokens.NONE);
    }

    /// Makes a sampler.
    ///
    /// @param sample which of the samples of a prompt, from 0
    /// @param stops the ids that may not come before `minTokens`
    /// @param prompt the ids before the output
    public Sampler(SamplingConfig sampling, int sample, StopTokens stops, int... prompt) {
        if (sample < 0 || sample >= sampling.numSamples()) {
            throw new IllegalArgumentException(
                    "a sample must be one of numSamples, " + sampling.numSamples() + ", from 0: got " + sample);
        }
        this.sampling = sampling;
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed(sampling.seed(), sample));
        this.edits = new LogitEdits(sampling, stops, prompt);
        this.logprobs = sampling.hasLogprobs() ? new Logprobs(sampling.numLogprobs()) : null;
        this.temperature = sampling.temperature();
        this.leastExponent = Math.log(sampling.minP()) - 1e-9;
    }

    /// Mixes seed and sample so that neighbours in either have nothing in common; sample 0 has the seed itself.
    private static long seed(long seed, int sample) {
        if (sample == 0) {
            return seed;
        }
        // The finalizer of SplitMix64 (Steele, Lea and Flood 2014, with Stafford's constants), twice.
        return mix(seed ^ mix(sample * 0x9E3779B97F4A7C15L));
    }

    private static long mix(long bits) {
        long mixed = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }

    /// Draws the next token; `logits` has one entry per id, and minus infinity excludes an id.
    ///
    /// @throws IllegalArgumentException as [#next(float\[\], int, int)]
    public SampledToken next(float... logits) {
        return next(logits, 0, logits.length);
    }

    /// Draws the next token from the row `logits[from..to)`, which is as it was afterwards.
    ///
    /// @throws IllegalArgumentException if a logit is NaN or plus infinity, all are minus infinity, or the settings
    ///     name an id that there is not
    public SampledToken next(float[] logits, int from, int to) {
        if (to - from != vocabSize) {
            sampling.requireFit(to - from);
            vocabSize = to - from;
        }
        int id;
        edits.apply(logits, from);
        try {
            int best = likeliest(logits, from, to);
            id = temperature == 0 ? best - from : draw(logits, from, to, logits[best]);
        } finally {
            edits.undo(logits);
            left = likeliest; // a row is not kept alive until the next
        }
        edits.add(id);
        return new SampledToken(id, logprobs == null ? null : logprobs.of(logits, from, to, id));
    }

    /// Returns the probability of each id, without drawing one.
    double[] probabilities(float... logits) {
        double[] probabilities = new double[logits.length];
        edits.apply(logits, 0);
        try {
            int best = likeliest(logits, 0, logits.length);
            if (temperature == 0) {
                probabilities[best] = 1;
                return probabilities;
            }
            limit(logits, 0, logits.length, logits[best]);
            double total = addUp();
            for (int i = start; i < end; i++) {
                probabilities[id(i)] = weight(i) / total;
            }
        } finally {
            edits.undo(logits);
        }
        return probabilities;
    }

    /// Returns the place of the first of the largest.
    private static int likeliest(float[] logits, int from, int to) {
        int likeliest = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            if (!(logits[i] <= max)) { // larger, or NaN
                if (Float.isNaN(logits[i]) || logits[i] == Float.POSITIVE_INFINITY) {
                    throw new IllegalArgumentException("logits must be below infinity: got " + logits[i] + " for id "
                            + (i - from) + "; the weights or the numbers they were computed in have overflowed");
                }
                max = logits[i];
                likeliest = i;
            }
        }
        if (likeliest < 0) {
            throw new IllegalArgumentException(
                    "at least one token must be possible: got " + (to - from) + " logits, none above minus infinity");
        }
        return likeliest;
    }

    private int draw(float[] logits, int from, int to, float largest) {
        limit(logits, from, to, largest);
        double point = random.nextDouble() * addUp();
        int last = 0;
        for (int block = 0; block * BLOCK < end - start; block++) {
            if (blocks[block] > 0) {
                last = block;
                if (point < blocks[block]) {
                    break;
                }
                point -= blocks[block];
            }
        }
        int blockStart = start + last * BLOCK;
        int drawn = blockStart;
        for (int i = blockStart; i < Math.min(blockStart + BLOCK, end); i++) {
            double weight = weight(i);
            if (weight > 0) {
                drawn = i; // the last, if rounding left the point at the very end
                if (point < weight) {
                    break;
                }
                point -= weight;
            }
        }
        return id(drawn);
    }

    /// Applies top-k and top-p.
    private void limit(float[] logits, int from, int to, float largest) {
        max = largest;
        left = logits;
        start = from;
        end = to;
        ids = null;
        edge = LogitSelection.Edge.NONE;
        if (sampling.topK() > 0 && sampling.topK() < to - from) {
            keepFrom(selection.nthLargest(logits, from, to, sampling.topK()));
        }
        if (sampling.topP() < 1) {
            edge = selection.nucleus(left, start, end, max, temperature, sampling.topP());
        }
    }

    /// Gathers what is as large as `least`: few of many, so that all further passes are short.
    private void keepFrom(float least) {
        int size = 0;
        for (int i = start; i < end; i++) {
            if (left[i] >= least) {
                if (size == likeliest.length) {
                    likeliest = Arrays.copyOf(likeliest, 2 * size + sampling.topK());
                    likeliestIds = Arrays.copyOf(likeliestIds, likeliest.length);
                }
                likeliest[size] = left[i];
                likeliestIds[size++] = i - start;
            }
        }
        left = likeliest;
        ids = likeliestIds;
        start = 0;
        end = size;
    }

    private int id(int place) {
        return ids == null ? place - start : ids[place];
    }

    /// Returns the sum of all weights, having left that of each block in `blocks`.
    private double addUp() {
        int numBlocks = Math.ceilDiv(end - start, BLOCK);
        if (blocks.length < numBlocks) {
            blocks = new double[numBlocks];
        }
        double total = 0;
        for (int block = 0; block < numBlocks; block++) {
            int blockStart = start + block * BLOCK;
            double sum = 0;
            for (int i = blockStart; i < Math.min(blockStart + BLOCK, end); i++) {
                sum += weight(i);
            }
            blocks[block] = sum;
            total += sum;
        }
        return total;
    }

    /// Returns the probability of what is at a place as a share of the likeliest's; 0 for what is left out.
    private double weight(int place) {
        if (!edge.keeps(left[place], place)) {
            return 0;
        }
        // The difference before the division, so that a temperature near 0 cannot overflow.
        double exponent = (left[place] - max) / temperature;
        if (exponent < leastExponent) {
            return 0;
        }
        double weight = Math.exp(exponent);
        return weight >= sampling.minP() ? weight : 0;
    }
}
