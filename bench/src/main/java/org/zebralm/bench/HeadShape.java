package org.zebralm.bench;

/// The heads of an attention.
public record HeadShape(int numHeads, int numKvHeads, int headDim) {
    public HeadShape {
        if (numHeads < 1 || numKvHeads < 1 || headDim < 1) {
            throw new IllegalArgumentException("numHeads, numKvHeads and headDim must be at least 1: got " + numHeads
                    + ", " + numKvHeads + " and " + headDim);
        }
        if (numHeads % numKvHeads != 0) {
            throw new IllegalArgumentException("numHeads must be a multiple of numKvHeads, which share them: got "
                    + numHeads + " and " + numKvHeads);
        }
        if (headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim must be even, as rotary positions need it: got " + headDim);
        }
    }
}
