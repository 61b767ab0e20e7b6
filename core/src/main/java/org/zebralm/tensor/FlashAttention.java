package org.zebralm.tensor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.jspecify.annotations.Nullable;

/// libtorch's flash attention on CUDA (arXiv 2307.08691), causal, over packed sequences of any lengths.
///
/// Axes: `T` query tokens and `S` key tokens of all sequences, `N` query heads, `K` key-value heads (`N` a
/// multiple of `K`), `H` head width. Types are float16 and bfloat16, widths multiples of 8 up to [#MAX_WIDTH],
/// rows contiguous and aligned to 16 bytes; cards from compute capability 8.0. The last query of a sequence
/// stands at its last key. There is no soft cap, no sink and no table of pages.
public final class FlashAttention {
    /// The widest head.
    public static final int MAX_WIDTH = 256;

    private static final Operator FORWARD = Operator.find("aten::_flash_attention_forward");
    private static final Operator BACKWARD = Operator.find("aten::_flash_attention_backward");

    private FlashAttention() {}

    /// What `forward` returns: `[T, N, H]`, and each row's natural log-sum-exp, `[N, T]` in float32.
    public record Output(Tensor out_TNH, Tensor logSumExp_NT) {}

    /// What `backward` returns.
    public record Gradients(Tensor dq_TNH, Tensor dk_SKH, Tensor dv_SKH) {}

    /// Where sequences begin and end: cumulative counts from 0 on as int32 on the device, and the longest's
    /// counts.
    public record Packing(Tensor queryEnds, Tensor keyEnds, long maxQueries, long maxKeys) {
        public Packing {
            if (queryEnds.dtype() != DType.INT32 || keyEnds.dtype() != DType.INT32) {
                throw new IllegalArgumentException(
                        "cumulative lengths must be int32: got " + queryEnds + " and " + keyEnds);
            }
            if (queryEnds.numElements() != keyEnds.numElements()) {
                throw new IllegalArgumentException(
                        "queries and keys must have one number of sequences: got " + queryEnds + " and " + keyEnds);
            }
        }
    }

    /// Returns why flash attention cannot run on a device, or null if it can.
    ///
    /// It tries: builds without the kernels, and cards before Ampere, say so themselves.
    public static @Nullable String refusal(Device device) {
        if (device.kind() != Device.Kind.CUDA) {
            return "flash attention is for CUDA devices: got " + device;
        }
        if (!FORWARD.runsOn(Device.Kind.CUDA) || !BACKWARD.runsOn(Device.Kind.CUDA)) {
            return "this build of libtorch has no flash attention for CUDA";
        }
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor x_TNH = Tensors.zeros(device, DType.FLOAT16, 1, 1, 8);
            Tensor ends = Tensors.ofInts(0, 1).to(device);
            var packing = new Packing(ends, ends, 1, 1);
            Output output = forward(x_TNH, x_TNH, x_TNH, packing, 0, 1);
            backward(x_TNH, x_TNH, x_TNH, output, x_TNH, packing, 0, 1);
            Torch.synchronize(device);
            return null;
        } catch (RuntimeException e) {
            String message = String.valueOf(e.getMessage());
            return message.lines().findFirst().orElse(message);
        }
    }

    /// Computes attention; `window` is the number of keys a query sees, itself included, or 0 for all before
    /// it.
    public static Output forward(Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, Packing packing, long window, double scale) {
        List<Tensor> results = FORWARD.call(forwardArguments(q_TNH, k_SKH, v_SKH, packing, window, scale));
        Tensor lse_NT = results.get(1);
        if (lse_NT.rank() != 2 || lse_NT.size(0) != q_TNH.size(1) || lse_NT.size(1) != q_TNH.size(0)) {
            throw new IllegalStateException("libtorch " + Torch.version()
                    + " lays flash attention's log-sum-exp out in another way: got " + lse_NT + " for q " + q_TNH);
        }
        return new Output(results.get(0), lse_NT);
    }

    /// Returns the gradients of queries, keys and values, given that of the output.
    ///
    /// Probabilities are computed again from the log-sum-exp. Sums are made with atomic additions, so the last
    /// bits differ between runs.
    public static Gradients backward(
            Tensor q_TNH,
            Tensor k_SKH,
            Tensor v_SKH,
            Output output,
            Tensor dOut_TNH,
            Packing packing,
            long window,
            double scale) {
        List<Tensor> results =
                BACKWARD.call(backwardArguments(q_TNH, k_SKH, v_SKH, output, dOut_TNH, packing, window, scale));
        return new Gradients(results.get(0), results.get(1), results.get(2));
    }

    static Map<String, IValue> forwardArguments(
            Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, Packing packing, long window, double scale) {
        Map<String, IValue> arguments = shared(q_TNH, k_SKH, v_SKH, packing, window, scale);
        arguments.put("return_debug_mask", new IValue(false));
        return arguments;
    }

    static Map<String, IValue> backwardArguments(
            Tensor q_TNH,
            Tensor k_SKH,
            Tensor v_SKH,
            Output output,
            Tensor dOut_TNH,
            Packing packing,
            long window,
            double scale) {
        Map<String, IValue> arguments = shared(q_TNH, k_SKH, v_SKH, packing, window, scale);
        arguments.put("grad_out", new IValue(dOut_TNH.raw()));
        arguments.put("out", new IValue(output.out_TNH.raw()));
        arguments.put("logsumexp", new IValue(output.logSumExp_NT.raw()));
        // The random state of dropout, which we never use: read by nobody, but not optional.
        Device device = q_TNH.device();
        arguments.put(
                "rng_state", new IValue(Tensors.zeros(device, DType.INT64, 2).raw()));
        arguments.put("unused", new IValue(Tensors.zeros(device, DType.INT64).raw()));
        return arguments;
    }

    private static Map<String, IValue> shared(
            Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, Packing packing, long window, double scale) {
        Map<String, IValue> arguments = new LinkedHashMap<>();
        arguments.put("query", new IValue(q_TNH.raw()));
        arguments.put("key", new IValue(k_SKH.raw()));
        arguments.put("value", new IValue(v_SKH.raw()));
        arguments.put("cum_seq_q", new IValue(packing.queryEnds.raw()));
        arguments.put("cum_seq_k", new IValue(packing.keyEnds.raw()));
        arguments.put("max_q", new IValue(packing.maxQueries));
        arguments.put("max_k", new IValue(packing.maxKeys));
        arguments.put("dropout_p", new IValue(0.0));
        arguments.put("is_causal", new IValue(true));
        arguments.put("scale", new IValue(scale));
        // These count the keys beside the query's own: ours counts the query too. Where all are seen, "causal" alone
        // hides the later ones; a bound on the right would keep the kernel from folding grouped heads when decoding.
        arguments.put("window_size_left", new IValue(window - 1));
        arguments.put("window_size_right", new IValue(window == 0 ? -1L : 0L));
        return arguments;
    }

    /// Returns the schemas the loaded library has, forward and backward.
    static List<Operator> operators() {
        return List.of(FORWARD, BACKWARD);
    }
}
