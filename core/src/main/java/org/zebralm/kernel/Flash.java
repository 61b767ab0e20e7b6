package org.zebralm.kernel;

import org.zebralm.tensor.FlashAttention;
import org.zebralm.tensor.Tensor;

/// Flash attention as [CudaAttention] calls it: see [FlashAttention] for what the arguments must be. An
/// interface, because what is done around it can be tested without a card.
interface Flash {
    /// libtorch's.
    Flash TORCH = new Flash() {
        @Override
        public FlashAttention.Output forward(
                Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, FlashAttention.Packing packing, long window, double scale) {
            return FlashAttention.forward(q_TNH, k_SKH, v_SKH, packing, window, scale);
        }

        @Override
        public FlashAttention.Gradients backward(
                Tensor q_TNH,
                Tensor k_SKH,
                Tensor v_SKH,
                FlashAttention.Output output,
                Tensor dOut_TNH,
                FlashAttention.Packing packing,
                long window,
                double scale) {
            return FlashAttention.backward(q_TNH, k_SKH, v_SKH, output, dOut_TNH, packing, window, scale);
        }
    };

    FlashAttention.Output forward(
            Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, FlashAttention.Packing packing, long window, double scale);

    FlashAttention.Gradients backward(
            Tensor q_TNH,
            Tensor k_SKH,
            Tensor v_SKH,
            FlashAttention.Output output,
            Tensor dOut_TNH,
            FlashAttention.Packing packing,
            long window,
            double scale);
}
