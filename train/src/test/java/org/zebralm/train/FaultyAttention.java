package org.zebralm.train;

import java.util.List;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.kernel.Sequence;
import org.zebralm.tensor.Tensor;

/// Attention that can be told to go wrong: its outputs and gradients are multiplied by what is set here.
final class FaultyAttention implements AttentionKernel {
    private final AttentionKernel right = new PortableAttention();
    double outputFactor = 1;
    double gradientFactor = 1;

    @Override
    public String name() {
        return "faulty";
    }

    @Override
    public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        AttentionOutput output = right.forward(spec, q_TNH, sequences);
        return outputFactor == 1
                ? output
                : new AttentionOutput(output.out_TNH().mul(outputFactor), output.logSumExp_NT());
    }

    @Override
    public AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH) {
        AttentionGradients gradients = right.backward(spec, q_TNH, k_TKH, v_TKH, lengths, output, dOut_TNH);
        return gradientFactor == 1
                ? gradients
                : new AttentionGradients(
                        gradients.dq_TNH().mul(gradientFactor),
                        gradients.dk_TKH().mul(gradientFactor),
                        gradients.dv_TKH().mul(gradientFactor),
                        null);
    }
}
