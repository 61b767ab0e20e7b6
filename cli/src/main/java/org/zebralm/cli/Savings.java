package org.zebralm.cli;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Cost;
import org.zebralm.model.KvCache;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What local layers save a model against the same model with every layer global.
///
/// @param length the tokens of context measured at
/// @param kvBytes what a filled cache holds, measured
/// @param attentionSeconds the attention of all layers over that context, forward, measured
record Savings(ZebraConfig config, DType dtype, int length, Pair kvBytes, Pair attentionSeconds) {
    /// Far beyond what a small model was trained on: where the difference goes.
    private static final int FAR = 32_768;

    private static final int CHUNK = 512;

    private static final int REPETITIONS = 5;

    /// The model as it is, and with every layer global.
    record Pair(double zebra, double full) {
        double ratio() {
            return full / zebra;
        }
    }

    static Savings measure(Zebra zebra, int length) {
        Map<String, Tensor> weights = zebra.parameters();
        Params.Source same = (name, _, _) -> Objects.requireNonNull(weights.get(name));
        Zebra full = Zebra.load(Params.of(same), zebra.config().allGlobal(), zebra.kernel());
        return new Savings(
                zebra.config(),
                zebra.dtype(),
                length,
                new Pair(cacheBytes(zebra, length), cacheBytes(full, length)),
                new Pair(attentionSeconds(zebra, length), attentionSeconds(full, length)));
    }

    /// Fills a cache and asks what it holds; which tokens does not matter.
    private static double cacheBytes(Zebra zebra, int length) {
        try (var cache = new KvCache(zebra.config(), zebra.dtype())) {
            for (int start = 0; start < length; start += CHUNK) {
                try (var _ = Scope.open()) {
                    zebra.hidden(new int[Math.min(CHUNK, length - start)], cache);
                }
            }
            return cache.bytes();
        }
    }

    private static double attentionSeconds(Zebra zebra, int length) {
        ZebraConfig config = zebra.config();
        double[] seconds = new double[REPETITIONS];
        try (var _ = Scope.open()) {
            Tensor q_TNH = Tensors.normal(1, 1, length, config.numHeads(), config.headDim());
            Tensor k_TKH = Tensors.normal(1, 2, length, config.numKvHeads(), config.headDim());
            Tensor v_TKH = Tensors.normal(1, 3, length, config.numKvHeads(), config.headDim());
            for (int i = 0; i < REPETITIONS; i++) {
                long start = System.nanoTime();
                for (AttentionType type : config.attentionTypes()) {
                    try (var _ = Scope.open()) {
                        zebra.kernel()
                                .forward(
                                        AttentionSpec.of(type.span(), config.headDim()),
                                        q_TNH,
                                        k_TKH,
                                        v_TKH,
                                        CumulativeLengths.single(length));
                    }
                }
                seconds[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        Arrays.sort(seconds);
        return seconds[REPETITIONS / 2];
    }

    @Override
    public String toString() {
        var cost = new Cost(config);
        var full = new Cost(config.allGlobal());
        var table = new Table("", "this model", "all global", "saved", "how known");
        row(table, "KV cache, %,d tokens".formatted(length), kvBytes, true, "measured");
        table.row(
                "attention time, %,d tokens".formatted(length),
                "%.1f ms".formatted(attentionSeconds.zebra() * 1e3),
                "%.1f ms".formatted(attentionSeconds.full() * 1e3),
                "%.2fx".formatted(attentionSeconds.ratio()),
                "measured");
        for (int n : new int[] {length, FAR}) {
            var flops = new Pair(cost.attentionFlops(n) / n, full.attentionFlops(n) / n);
            row(table, "attention FLOPs a token, %,d tokens".formatted(n), flops, false, "computed");
        }
        var far = new Pair((double) cost.kvBytes(FAR, dtype), (double) full.kvBytes(FAR, dtype));
        row(table, "KV cache, %,d tokens".formatted(FAR), far, true, "computed");
        return table.toString();
    }

    private static void row(Table table, String what, Pair pair, boolean bytes, String how) {
        table.row(
                what,
                bytes ? Units.bytes((long) pair.zebra()) : Units.count(pair.zebra()),
                bytes ? Units.bytes((long) pair.full()) : Units.count(pair.full()),
                "%.2fx".formatted(pair.ratio()),
                how);
    }
}
