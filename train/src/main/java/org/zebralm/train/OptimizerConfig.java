package org.zebralm.train;

/// How gradients move the weights.
///
/// Weight decay is decoupled (arXiv 1711.05101): a step takes `learningRate * weightDecay` of a weight away.
/// The matrices of the layers always decay.
///
/// @param learningRate the peak of the schedule
/// @param decayEmbeddings whether embedding and head decay, too
/// @param decayNorms whether gains of norms and biases do
/// @param beta1 how much of AdamW's mean of gradients a step keeps
/// @param beta2 the same for its mean of squares
/// @param eps added to the root of the squares' mean
/// @param clipNorm the Euclidean norm of all gradients together that a step is scaled down to; 0 for no limit
/// @param muon used with [Kind#MUON] alone
public record OptimizerConfig(
        Kind kind,
        double learningRate,
        double weightDecay,
        boolean decayEmbeddings,
        boolean decayNorms,
        double beta1,
        double beta2,
        double eps,
        double clipNorm,
        MuonConfig muon) {
    /// What moves the matrices of the layers; AdamW moves all else.
    public enum Kind {
        ADAMW,
        MUON
    }

    public OptimizerConfig {
        Bounds.positive("learningRate", learningRate);
        Bounds.belowOne("weightDecay", weightDecay);
        Bounds.belowOne("beta1", beta1);
        Bounds.belowOne("beta2", beta2);
        Bounds.positive("eps", eps);
        Bounds.notNegative("clipNorm", clipNorm);
    }

    public static OptimizerConfig defaults() {
        return new OptimizerConfig(Kind.ADAMW, 1e-3, 0.1, true, false, 0.9, 0.95, 1e-8, 1.0, MuonConfig.defaults());
    }

    public OptimizerConfig withLearningRate(double learningRate) {
        return new OptimizerConfig(
                kind, learningRate, weightDecay, decayEmbeddings, decayNorms, beta1, beta2, eps, clipNorm, muon);
    }

    /// Returns the weight decay of a parameter.
    double weightDecay(Parameter.Role role) {
        boolean decays = switch (role) {
            case MATRIX -> true;
            case EMBEDDING -> decayEmbeddings;
            case GAIN -> decayNorms;
        };
        return decays ? weightDecay : 0;
    }
}
