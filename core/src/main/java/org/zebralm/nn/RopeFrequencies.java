package org.zebralm.nn;

/// The angle per position of each rotated pair, and what its cosine and sine are multiplied with.
///
/// Everything is rounded to float32 where transformers rounds it (`modeling_rope_utils.py`).
final class RopeFrequencies {
    /// Keeps a ramp from having no width (there, `Prevent singularity`).
    private static final float LEAST_RAMP = 0.001f;

    private final float[] perPosition;
    private final float scale;

    private RopeFrequencies(float[] perPosition, double scale) {
        this.perPosition = perPosition;
        this.scale = (float) scale;
    }

    static RopeFrequencies of(RopeConfig config, int headDim) {
        return switch (config) {
            // An angle of 0 at every position: the rotation leaves all as it is, to the bit.
            case RopeConfig.None _ -> new RopeFrequencies(new float[headDim / 2], 1);
            case RopeConfig.Rotary(double theta, RopeScaling scaling) ->
                switch (scaling) {
                    case RopeScaling.None _ -> new RopeFrequencies(unscaled(theta, headDim), 1);
                    case RopeScaling.Linear(double factor) ->
                        new RopeFrequencies(divided(unscaled(theta, headDim), factor), 1);
                    case RopeScaling.DynamicNtk ntk ->
                        new RopeFrequencies(unscaled(ntk.theta(theta, headDim), headDim), 1);
                    case RopeScaling.Yarn yarn ->
                        new RopeFrequencies(yarn(theta, yarn, headDim), yarn.attentionFactor());
                    case RopeScaling.Llama3 llama3 -> new RopeFrequencies(llama3(theta, llama3, headDim), 1);
                };
        };
    }

    int count() {
        return perPosition.length;
    }

    float angle(int position, int pair) {
        return position * perPosition[pair];
    }

    float scale() {
        return scale;
    }

    /// Returns `theta ^ (-2i / headDim)`.
    private static float[] unscaled(double theta, int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1 / waves(theta, headDim, i);
        }
        return frequencies;
    }

    private static float waves(double theta, int headDim, int pair) {
        return (float) Math.pow(theta, (float) (2 * pair) / headDim);
    }

    private static float[] divided(float[] frequencies, double factor) {
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= (float) factor;
        }
        return frequencies;
    }

    private static float[] yarn(double theta, RopeScaling.Yarn yarn, int headDim) {
        double low = rotations(yarn.betaFast(), theta, yarn, headDim);
        double high = rotations(yarn.betaSlow(), theta, yarn, headDim);
        if (yarn.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, headDim - 1);
        float width = low == high ? LEAST_RAMP : (float) (high - low);
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float waves = waves(theta, headDim, i);
            float trained = 1 - Math.clamp((i - (float) low) / width, 0f, 1f);
            frequencies[i] = 1 / ((float) yarn.factor() * waves) * (1 - trained) + 1 / waves * trained;
        }
        return frequencies;
    }

    /// Returns the dimension whose pair turns this many times within the original positions.
    private static double rotations(double count, double theta, RopeScaling.Yarn yarn, int headDim) {
        return headDim * Math.log(yarn.originalPositions() / (count * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static float[] llama3(double theta, RopeScaling.Llama3 llama3, int headDim) {
        float[] frequencies = unscaled(theta, headDim);
        double shortest = llama3.originalPositions() / llama3.highFreqFactor();
        double longest = llama3.originalPositions() / llama3.lowFreqFactor();
        for (int i = 0; i < frequencies.length; i++) {
            float wavelength = (float) (2 * Math.PI) / frequencies[i];
            float stretched = frequencies[i] / (float) llama3.factor();
            if (wavelength > longest) {
                frequencies[i] = stretched;
            } else if (wavelength >= shortest) {
                float smooth = (float) ((llama3.originalPositions() / (double) wavelength - llama3.lowFreqFactor())
                        / (llama3.highFreqFactor() - llama3.lowFreqFactor()));
                frequencies[i] = (1 - smooth) * stretched + smooth * frequencies[i];
            }
        }
        return frequencies;
    }
}
