package org.zebralm.nn;

import java.util.List;
import java.util.Optional;
import org.zebralm.kernel.RowKernels;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Rotary position embedding (arXiv 2104.09864) of heads of one width.
///
/// Frequencies and angles are rounded to float32 as transformers rounds them (`modeling_rope_utils.py`): at
/// position 100,000 an angle computed in float64 differs from what such models were trained with by several
/// thousandths of a radian.
public final class Rope {
    private final Pairs pairs;
    private final RopeFrequencies frequencies;

    /// Which elements of a head are turned together.
    public enum Pairs {
        /// `i` and `i + headDim / 2`: Llama's checkpoints on Hugging Face, and nearly all others.
        HALVES,
        /// `2i` and `2i + 1`: Llama's original layout, and Cohere's.
        NEIGHBOURS
    }

    private Rope(RopeConfig config, int headDim, Pairs pairs) {
        this.pairs = pairs;
        this.frequencies = RopeFrequencies.of(config, headDim);
    }

    public static Rope of(RopeConfig config, int headDim, Pairs pairs) {
        if (headDim < 2 || headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim must be even for rotary positions: got " + headDim);
        }
        return new Rope(config, headDim, pairs);
    }

    /// Returns the usual rotation: the default frequencies, `theta ^ (-2i / headDim)`, over halves.
    public static Rope of(int headDim, double theta) {
        return of(RopeConfig.of(theta), headDim, Pairs.HALVES);
    }

    /// Returns the rotation of tokens at these positions.
    public Rotation at(int... positions) {
        int half = frequencies.count();
        float[] cos = new float[positions.length * half];
        float[] sin = new float[positions.length * half];
        for (int t = 0; t < positions.length; t++) {
            for (int i = 0; i < half; i++) {
                float angle = frequencies.angle(positions[t], i);
                cos[t * half + i] = (float) Math.cos(angle) * frequencies.scale();
                sin[t * half + i] = (float) Math.sin(angle) * frequencies.scale();
            }
        }
        return new Rotation(
                Tensors.of(cos, positions.length, 1, half), Tensors.of(sin, positions.length, 1, half), pairs);
    }

    /// Cosines and sines of some tokens, `[T, 1, H / 2]` in float32.
    public record Rotation(Tensor cos_T1h, Tensor sin_T1h, Pairs pairs) {
        /// Rotates `[T, N, H]`; computed in at least float32.
        public Tensor apply(Tensor x_TNH) {
            long tokens = x_TNH.size(0);
            long heads = x_TNH.size(1);
            long half = x_TNH.size(2) / 2;
            return switch (pairs) {
                case HALVES -> turn(x_TNH.narrow(2, 0, half), x_TNH.narrow(2, half, half), 2);
                case NEIGHBOURS -> {
                    Tensor pairs_TNh2 = x_TNH.reshape(tokens, heads, half, 2);
                    yield turn(member(pairs_TNh2, 0), member(pairs_TNh2, 1), 3).reshape(tokens, heads, 2 * half);
                }
            };
        }

        /// Rotates `[T, N, H]` that nobody needs unrotated: where no history is recorded, in place.
        public Tensor consume(Tensor x_TNH) {
            Optional<RowKernels> rows = pairs == Pairs.HALVES ? Inference.rows(x_TNH) : Optional.empty();
            if (rows.isEmpty()) {
                return apply(x_TNH);
            }
            rows.get().rotate(x_TNH, cos_T1h, sin_T1h, false);
            return x_TNH;
        }

        private static Tensor member(Tensor pairs_TNh2, int index) {
            return pairs_TNh2.narrow(3, index, 1).reshape(pairs_TNh2.size(0), pairs_TNh2.size(1), pairs_TNh2.size(2));
        }

        /// Turns pairs `(a, b)` and joins them along `axis`, which may be a new one.
        private Tensor turn(Tensor a_TNh, Tensor b_TNh, int axis) {
            Tensor turnedA = a_TNh.mul(cos_T1h).sub(b_TNh.mul(sin_T1h));
            Tensor turnedB = b_TNh.mul(cos_T1h).add(a_TNh.mul(sin_T1h));
            List<Tensor> both = axis < a_TNh.rank()
                    ? List.of(turnedA, turnedB)
                    : List.of(turnedA.unsqueeze(axis), turnedB.unsqueeze(axis));
            return Tensors.cat(both, axis).to(a_TNh.dtype());
        }
    }
}
