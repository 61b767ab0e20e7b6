package org.zebralm.bench;

import org.zebralm.model.AttentionType;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// What there is to do for a prompt and for a token.
///
/// @param matrixBytes what the matrices that each token is multiplied with take as they are stored
/// @param cacheDType what keys and values are stored as
record GenerateWork(ZebraConfig config, long matrixBytes, DType cacheDType) {
    /// Returns the floating-point operations from a prompt to the logits of its last token.
    double prefillFlops(int length) {
        var cost = new Cost(config);
        double head = (double) config.vocabSize() * config.hiddenSize();
        return 2 * (cost.matrixParameters() - head) * length + 2 * head + cost.attentionFlops(length);
    }

    /// Returns the bytes that decoding a token reads which is the last of `length`: all matrices, and the keys and
    /// values that it sees.
    long bytesPerToken(int length) {
        long keys = 0;
        for (AttentionType type : config.attentionTypes()) {
            keys += length - type.span().firstVisible(length - 1L);
        }
        long row = (long) config.headDim() * cacheDType.bytes() + (cacheDType == DType.INT8 ? Float.BYTES : 0);
        return matrixBytes + keys * 2 * config.numKvHeads() * row;
    }
}
