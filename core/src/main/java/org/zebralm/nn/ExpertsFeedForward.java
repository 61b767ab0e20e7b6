package org.zebralm.nn;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The mixture of experts of gpt-oss: a router sends each token to a few experts and weighs what they return.
///
/// Weights are stored as `x W`, gate and up of an expert interleaved column by column. Numbers as in transformers'
/// `modeling_gpt_oss.py`: gates are bounded above and ups on both sides by 7, the gate is `g * sigmoid(1.702 g)`, and
/// one is added to ups. Axes: `E` experts, `D` width, `F` inner width, `S` choices of one expert.
///
/// @param gateUp_ED2F and `gateUpBias_E2F` the first product of each expert
/// @param down_EFD and `downBias_ED` its second
public record ExpertsFeedForward(
        Linear router, Tensor gateUp_ED2F, Tensor gateUpBias_E2F, Tensor down_EFD, Tensor downBias_ED, int perToken)
        implements FeedForward {
    private static final double SLOPE = 1.702;
    private static final double LIMIT = 7;

    public static ExpertsFeedForward load(
            Params params, int width, int innerWidth, int count, int perToken, double initStd, double outputInitStd) {
        Params experts = params.at("experts");
        return new ExpertsFeedForward(
                Linear.loadDense(params.at("router"), width, count, initStd, true),
                experts.get("gate_up_proj", new Init.Normal(initStd), count, width, 2L * innerWidth),
                experts.get("gate_up_proj_bias", new Init.Zeros(), count, 2L * innerWidth),
                experts.get("down_proj", new Init.Normal(outputInitStd), count, innerWidth, width),
                experts.get("down_proj_bias", new Init.Zeros(), count, width),
                perToken);
    }

    @Override
    public Tensor forward(Tensor x_TD) {
        Functional.TopK chosen = Functional.topK(router.forward(x_TD), perToken);
        Tensor shares = Functional.softmax(chosen.values(), 1).reshape(x_TD.size(0) * perToken, 1);
        long[] expertOf = chosen.indices().toLongs();
        Tensor y_TD = Tensors.zeros(x_TD.dtype(), x_TD.shape());
        for (int e = 0; e < gateUp_ED2F.size(0); e++) {
            long[] slots = slotsOf(e, expertOf);
            if (slots.length > 0) {
                Tensor tokens = Tensors.of(
                        Arrays.stream(slots).map(slot -> slot / perToken).toArray(), slots.length);
                Tensor out_SD = expert(e, x_TD.rows(tokens)).mul(shares.rows(Tensors.of(slots, slots.length)));
                y_TD = y_TD.addRows(tokens, out_SD);
            }
        }
        return y_TD;
    }

    /// Returns which of the `T x perToken` choices fell on an expert.
    private static long[] slotsOf(int expert, long... expertOf) {
        return LongStream.range(0, expertOf.length)
                .filter(slot -> expertOf[(int) slot] == expert)
                .toArray();
    }

    private Tensor expert(int index, Tensor x_SD) {
        Tensor both_S2F = x_SD.matmul(matrix(gateUp_ED2F, index)).add(gateUpBias_E2F.narrow(0, index, 1));
        long inner = both_S2F.size(1) / 2;
        Tensor pairs_SF2 = both_S2F.reshape(both_S2F.size(0), inner, 2);
        Tensor gate_SF = member(pairs_SF2, 0).clamp(Double.NEGATIVE_INFINITY, LIMIT);
        Tensor up_SF = member(pairs_SF2, 1).clamp(-LIMIT, LIMIT);
        Tensor bent_SF = gate_SF.mul(Functional.sigmoid(gate_SF.mul(SLOPE)));
        return up_SF.add(1).mul(bent_SF).matmul(matrix(down_EFD, index)).add(downBias_ED.narrow(0, index, 1));
    }

    private static Tensor matrix(Tensor stacked, int index) {
        return stacked.narrow(0, index, 1).reshape(stacked.size(1), stacked.size(2));
    }

    private static Tensor member(Tensor pairs_SF2, int index) {
        return pairs_SF2.narrow(2, index, 1).reshape(pairs_SF2.size(0), pairs_SF2.size(1));
    }
}
