package org.zebralm.train;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Muon: matrices move along their orthogonalised momentum; `momentum.` of each is saved.
///
/// With gradient `G`: `M = momentum * M + G`, `U = G + momentum * M` (Nesterov), and `O` is `U` with its singular
/// values brought near 1 by [#orthogonalise] (K. Jordan, kellerjordan.github.io/posts/muon). Then
/// `W -= learningRate * (weightDecay * W + 0.2 * sqrt(max(rows, columns)) * O)`: the factor gives updates the root
/// mean square that AdamW's usually have (arXiv 2502.16982, section 2.2), so that both share one learning rate.
final class Muon implements UpdateRule {
    private static final double A = 3.4445;
    private static final double B = -4.7750;
    private static final double C = 2.0315;
    private static final double ADAMW_RMS = 0.2;
    private static final double SMALLEST_NORM = 1e-7;

    private final List<Parameter> group;
    private final List<Tensor> momenta = new ArrayList<>();
    private final double weightDecay;
    private final MuonConfig config;

    Muon(List<Parameter> group, double weightDecay, MuonConfig config, Parameters memory) {
        this.group = List.copyOf(group);
        this.weightDecay = weightDecay;
        this.config = config;
        for (Parameter parameter : group) {
            momenta.add(memory.remember(
                    "momentum." + parameter.name(),
                    Tensors.zeros(DType.FLOAT32, parameter.master().shape())));
        }
    }

    @Override
    public void update(long update, double learningRate) {
        for (int i = 0; i < group.size(); i++) {
            try (var _ = Scope.open()) {
                move(group.get(i), momenta.get(i), learningRate);
            }
        }
    }

    private void move(Parameter parameter, Tensor momentum, double learningRate) {
        Tensor master = parameter.master();
        Tensor gradient = parameter.gradient();
        momentum.mulInPlace(config.momentum()).addInPlace(gradient);
        Tensor direction = orthogonalise(
                gradient.copy().addInPlace(momentum, config.momentum()), config.iterations(), config.compute());
        double scale = ADAMW_RMS * Math.sqrt((double) Math.max(master.size(0), master.size(1)));
        master.mulInPlace(1 - learningRate * weightDecay);
        master.addInPlace(direction.to(DType.FLOAT32), -learningRate * scale);
    }

    /// Returns a matrix with the singular vectors of `u` and singular values near 1 (about 0.7 to 1.2 after five
    /// iterations), computed in `compute`.
    ///
    /// Each iteration takes `X` to `a X + b (X X^T) X + c (X X^T)^2 X`, an odd polynomial of the singular values,
    /// on the side where `X X^T` is small.
    static Tensor orthogonalise(Tensor u, int iterations, DType compute) {
        boolean tall = u.size(0) > u.size(1);
        Tensor x = u.mul(1 / Math.max(SMALLEST_NORM, u.norm().item())).to(compute);
        // Stacks of one: the products that add to what is there are for stacks.
        x = (tall ? x.transpose(0, 1).contiguous() : x).unsqueeze(0);
        for (int i = 0; i < iterations; i++) {
            Tensor gram = x.matmul(x.transpose(1, 2));
            Tensor polynomial = gram.copy().setMatmulInPlace(B, gram, gram, C);
            x = x.copy().setMatmulInPlace(A, polynomial, x, 1);
        }
        x = x.reshape(x.size(1), x.size(2));
        return tall ? x.transpose(0, 1) : x;
    }
}
