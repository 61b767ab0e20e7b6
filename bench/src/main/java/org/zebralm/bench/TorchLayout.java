package org.zebralm.bench;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Our tensors as libtorch's attention takes them.
final class TorchLayout {
    private TorchLayout() {}

    /// Returns `[T, N, H]` as a view `[1, N, T, H]`.
    static Tensor headMajor(Tensor x_TNH) {
        return x_TNH.transpose(0, 1).unsqueeze(0);
    }

    /// Returns `[T, K, H]` with each head `groups` times.
    static Tensor repeated(Tensor x_TKH, int groups) {
        if (groups == 1) {
            return x_TKH;
        }
        long[] shape = x_TKH.shape();
        return x_TKH.unsqueeze(2)
                .expand(shape[0], shape[1], groups, shape[2])
                .reshape(shape[0], shape[1] * groups, shape[2]);
    }

    /// Returns the bytes of the mask that a case needs.
    static long maskBytes(AttentionCase attention) {
        return isMasked(attention) ? (long) attention.length() * attention.length() * DType.FLOAT32.bytes() : 0;
    }

    /// Returns what libtorch adds to the scores of a local layer, `[T, T]`, or null where it needs none.
    ///
    /// Float32 whatever the queries' type: a boolean mask in bfloat16 has crashed libtorch.
    static @Nullable Tensor mask(AttentionCase attention) {
        if (!isMasked(attention)) {
            return null;
        }
        int length = attention.length();
        Tensor mask_TT = Tensors.full(Double.NEGATIVE_INFINITY, DType.FLOAT32, length, length);
        MemorySegment memory = mask_TT.memory();
        long bytes = DType.FLOAT32.bytes();
        for (long query = 0; query < length; query++) {
            long first = attention.span().firstVisible(query);
            memory.asSlice((query * length + first) * bytes, (query - first + 1) * bytes)
                    .fill((byte) 0);
        }
        return mask_TT;
    }

    /// A window that holds the whole sequence hides nothing that `causal` does not.
    private static boolean isMasked(AttentionCase attention) {
        return attention.pass() != Pass.DECODE
                && attention.span() instanceof Span.Local(int window)
                && window < attention.length();
    }
}
