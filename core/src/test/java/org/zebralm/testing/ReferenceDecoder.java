package org.zebralm.testing;

import java.util.Map;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// A whole decoder in float64 loops, read off the definition of a Llama-like model: one document, no cache.
///
/// Rotary angles are rounded to float32, which is part of the definition: models are trained with those angles.
public record ReferenceDecoder(ZebraConfig config, Map<String, double[]> weights) {

    /// Returns the logits `[tokens][vocabSize]`.
    public double[][] logits(int... ids) {
        int width = config.hiddenSize();
        double[][] x = new double[ids.length][width];
        for (int t = 0; t < ids.length; t++) {
            System.arraycopy(weight("model.embed_tokens.weight"), ids[t] * width, x[t], 0, width);
        }
        for (int i = 0; i < config.numLayers(); i++) {
            layer(
                    "model.layers." + i + ".",
                    config.attentionTypes().get(i),
                    config.ropes().get(i),
                    x);
        }
        double[] head = weight(config.tieEmbeddings() ? "model.embed_tokens.weight" : "lm_head.weight");
        double[][] logits = new double[ids.length][];
        for (int t = 0; t < ids.length; t++) {
            logits[t] = linear(head, norm(x[t], "model.norm.weight"));
        }
        return logits;
    }

    /// Returns the negative log-likelihood of each id but the first, given those before it.
    public double[] nll(int... ids) {
        double[][] logits = logits(ids);
        double[] nll = new double[ids.length - 1];
        for (int t = 0; t < nll.length; t++) {
            nll[t] = ReferenceAttention.logSumExp(logits[t]) - logits[t][ids[t + 1]];
        }
        return nll;
    }

    private void layer(String path, AttentionType type, RopeConfig rope, double[][] x) {
        int tokens = x.length;
        int n = config.numHeads() * config.headDim();
        int k = config.numKvHeads() * config.headDim();
        double[] queries = new double[tokens * n];
        double[] keys = new double[tokens * k];
        double[] values = new double[tokens * k];
        for (int t = 0; t < tokens; t++) {
            double[] h = norm(x[t], path + "input_layernorm.weight");
            System.arraycopy(rotate(linear(path + "self_attn.q_proj.weight", h), t, rope), 0, queries, t * n, n);
            System.arraycopy(rotate(linear(path + "self_attn.k_proj.weight", h), t, rope), 0, keys, t * k, k);
            System.arraycopy(linear(path + "self_attn.v_proj.weight", h), 0, values, t * k, k);
        }
        int window = switch (type) {
            case AttentionType.Global _ -> 0;
            case AttentionType.Local(int w) -> w;
        };
        double scale = 1 / Math.sqrt(config.headDim());
        var attention = new ReferenceAttention(config.numHeads(), config.numKvHeads(), config.headDim(), scale, window);
        double[] attended = attention.forward(queries, keys, values, 0, tokens).out();
        for (int t = 0; t < tokens; t++) {
            double[] row = new double[n];
            System.arraycopy(attended, t * n, row, 0, n);
            addTo(x[t], linear(path + "self_attn.o_proj.weight", row));
            double[] h = norm(x[t], path + "post_attention_layernorm.weight");
            double[] inner = linear(path + "mlp.gate_proj.weight", h);
            double[] up = linear(path + "mlp.up_proj.weight", h);
            for (int i = 0; i < inner.length; i++) {
                inner[i] = inner[i] / (1 + Math.exp(-inner[i])) * up[i];
            }
            addTo(x[t], linear(path + "mlp.down_proj.weight", inner));
        }
    }

    private double[] norm(double[] x, String name) {
        double squares = 0;
        for (double value : x) {
            squares += value * value;
        }
        double factor = 1 / Math.sqrt(squares / x.length + config.normEps());
        double[] weight = weight(name);
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i] * factor * weight[i];
        }
        return y;
    }

    private double[] rotate(double[] x, int position, RopeConfig rope) {
        int width = config.headDim();
        int half = width / 2;
        double[] y = new double[x.length];
        for (int head = 0; head < x.length; head += width) {
            for (int i = 0; i < half; i++) {
                float angle = position * frequency(rope, i, width);
                double cos = (float) Math.cos(angle);
                double sin = (float) Math.sin(angle);
                double a = x[head + i];
                double b = x[head + half + i];
                y[head + i] = a * cos - b * sin;
                y[head + half + i] = b * cos + a * sin;
            }
        }
        return y;
    }

    private static float frequency(RopeConfig rope, int pair, int width) {
        return switch (rope) {
            case RopeConfig.None _ -> 0;
            case RopeConfig.Rotary(double theta, RopeScaling scaling) -> {
                float trained = 1 / (float) Math.pow(theta, 2.0f * pair / width);
                yield switch (scaling) {
                    case RopeScaling.None _ -> trained;
                    case RopeScaling.Linear(double factor) -> trained / (float) factor;
                    case RopeScaling.DynamicNtk _, RopeScaling.Yarn _, RopeScaling.Llama3 _ ->
                        throw new IllegalArgumentException("tested against transformers: " + scaling);
                };
            }
        };
    }

    private double[] linear(String name, double[] x) {
        return linear(weight(name), x);
    }

    private static double[] linear(double[] weight, double[] x) {
        double[] y = new double[weight.length / x.length];
        for (int o = 0; o < y.length; o++) {
            for (int i = 0; i < x.length; i++) {
                y[o] += weight[o * x.length + i] * x[i];
            }
        }
        return y;
    }

    private static void addTo(double[] x, double[] y) {
        for (int i = 0; i < x.length; i++) {
            x[i] += y[i];
        }
    }

    private double[] weight(String name) {
        double[] weight = weights.get(name);
        if (weight == null) {
            throw new IllegalArgumentException("the model asked for no parameter of this name: " + name);
        }
        return weight;
    }
}
