package org.zebralm.train;

import org.zebralm.tensor.DType;

/// Settings of [Muon] for those matrices it moves.
///
/// @param momentum how much of the sum of earlier gradients a step keeps
/// @param iterations Newton-Schulz iterations; five bring all singular values near 1
/// @param compute the type in which matrices are orthogonalised, bfloat16 or float32
public record MuonConfig(double momentum, int iterations, DType compute) {
    public MuonConfig {
        Bounds.belowOne("momentum", momentum);
        Bounds.atLeast("iterations", iterations, 1);
        if (compute != DType.FLOAT32 && compute != DType.BFLOAT16) {
            throw new IllegalArgumentException("compute must be float32 or bfloat16: got " + compute.label());
        }
    }

    public static MuonConfig defaults() {
        return new MuonConfig(0.95, 5, DType.BFLOAT16);
    }
}
