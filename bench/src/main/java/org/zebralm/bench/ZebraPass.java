package org.zebralm.bench;

import java.util.List;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.Tensor;

/// One of our kernels over a whole sequence, forward or forward and backward.
final class ZebraPass implements Contender {
    private final AttentionKernel kernel;
    private final boolean backward;
    private final AttentionSpec spec;
    private final CumulativeLengths lengths;
    private final Inputs inputs;

    ZebraPass(AttentionCase attention, AttentionKernel kernel) {
        this.kernel = kernel;
        backward = attention.pass() == Pass.FORWARD_BACKWARD;
        spec = AttentionSpec.of(attention.span(), attention.heads().headDim());
        lengths = CumulativeLengths.single(attention.length());
        inputs = Inputs.of(attention);
    }

    @Override
    public List<Tensor> run() {
        AttentionOutput output = kernel.forward(spec, inputs.q_TNH(), inputs.k_TKH(), inputs.v_TKH(), lengths);
        if (!backward) {
            return List.of(output.out_TNH());
        }
        AttentionGradients gradients = kernel.backward(
                spec, inputs.q_TNH(), inputs.k_TKH(), inputs.v_TKH(), lengths, output, inputs.dOut_TNH());
        return List.of(output.out_TNH(), gradients.dq_TNH(), gradients.dk_TKH(), gradients.dv_TKH());
    }

    @Override
    public void close() {
        inputs.close();
    }
}
