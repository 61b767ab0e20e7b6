package org.zebralm.nn;

import java.util.List;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Rotary position embedding (arXiv 2104.09864), in the half-split layout of Llama checkpoints on Hugging Face.
///
/// Frequencies and angles are rounded to float32 as transformers rounds them (`modeling_rope_utils.py`): at
/// position 100,000 an angle computed in float64 differs from what such models were trained with by several
/// thousandths of a radian.
public final class Rope {
    private final float[] inverseFrequencies;

    private Rope(float[] inverseFrequencies) {
        this.inverseFrequencies = inverseFrequencies;
    }

    /// Returns the default frequencies, `theta ^ (-2i / headDim)`.
    public static Rope of(int headDim, double theta) {
        if (headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim must be even for rotary positions: got " + headDim);
        }
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1 / (float) Math.pow(theta, (float) (2 * i) / headDim);
        }
        return new Rope(frequencies);
    }

    /// Returns the rotation of tokens at these positions; every layer of a forward pass shares it.
    public Rotation at(int... positions) {
        int half = inverseFrequencies.length;
        float[] cos = new float[positions.length * half];
        float[] sin = new float[positions.length * half];
        for (int t = 0; t < positions.length; t++) {
            for (int i = 0; i < half; i++) {
                float angle = positions[t] * inverseFrequencies[i];
                cos[t * half + i] = (float) Math.cos(angle);
                sin[t * half + i] = (float) Math.sin(angle);
            }
        }
        return new Rotation(Tensors.of(cos, positions.length, 1, half), Tensors.of(sin, positions.length, 1, half));
    }

    /// Cosines and sines of some tokens, `[T, 1, H / 2]` in float32.
    public record Rotation(Tensor cos_T1h, Tensor sin_T1h) {
        /// Rotates `[T, N, H]`: pairs are elements `i` and `i + H / 2`; computed in at least float32.
        public Tensor apply(Tensor x_TNH) {
            long half = x_TNH.size(2) / 2;
            Tensor a_TNh = x_TNH.narrow(2, 0, half);
            Tensor b_TNh = x_TNH.narrow(2, half, half);
            Tensor rotatedA = a_TNh.mul(cos_T1h).sub(b_TNh.mul(sin_T1h));
            Tensor rotatedB = b_TNh.mul(cos_T1h).add(a_TNh.mul(sin_T1h));
            return Tensors.cat(List.of(rotatedA, rotatedB), 2).to(x_TNH.dtype());
        }
    }
}
