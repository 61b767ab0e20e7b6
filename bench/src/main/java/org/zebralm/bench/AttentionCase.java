package org.zebralm.bench;

import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

/// One attention to time.
///
/// @param length tokens of the one sequence; when decoding, keys of the cache and the query's own
public record AttentionCase(Pass pass, Span span, int length, HeadShape heads, DType dtype) {
    public AttentionCase {
        if (length < 1) {
            throw new IllegalArgumentException("a length must be at least 1 token: got " + length);
        }
        if (dtype != DType.FLOAT32 && dtype != DType.BFLOAT16) {
            throw new IllegalArgumentException(
                    "dtype must be float32 or bfloat16, which the CPU kernels are made for: got " + dtype.label());
        }
    }

    /// Returns the (query, key) pairs of one head that are attended to.
    public long pairs() {
        return pass == Pass.DECODE ? span.pairs(length - 1L, 1) : span.pairs(0, length);
    }

    /// Returns the floating-point operations that the definition needs.
    public double flops() {
        return (double) pass.flopsPerPairElement() * pairs() * heads.headDim() * heads.numHeads();
    }

    /// Returns the bytes of the keys and values attended to, each once: what decoding has to read.
    public long keyValueBytes() {
        return 2 * numKeys() * heads.numKvHeads() * heads.headDim() * dtype.bytes();
    }

    /// Returns the number of keys that some query sees.
    private long numKeys() {
        return pass == Pass.DECODE ? pairs() : length;
    }

    /// Returns `global` or `local`.
    public String kind() {
        return switch (span) {
            case Span.Global _ -> "global";
            case Span.Local _ -> "local";
        };
    }

    /// Returns the same at another length.
    public AttentionCase withLength(int length) {
        return new AttentionCase(pass, span, length, heads, dtype);
    }
}
