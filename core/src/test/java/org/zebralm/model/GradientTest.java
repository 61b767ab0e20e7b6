package org.zebralm.model;

import static java.util.Objects.requireNonNull;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;
import static org.zebralm.testing.TinyModels.tied;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.Scoped;

/// The way back through a whole decoder, its graph cut at each attention, against finite differences of the loss.
@ExtendWith(Scoped.class)
class GradientTest {
    private static final double STEP = 1e-5;
    private static final CumulativeLengths LENGTHS = CumulativeLengths.of(0, 6, 13);

    @Test
    void aWalkOverTheLayersEqualsFiniteDifferencesOfTheLoss() {
        check(config(GLOBAL, local(3)));
        check(tied(config(local(4), GLOBAL)));
    }

    private static void check(ZebraConfig config) {
        int[] inputs = ids(config, LENGTHS.total(), 1);
        int[] targets = ids(config, LENGTHS.total(), 2);
        targets[3] = Functional.IGNORED;
        try (var lifetime = new Lifetime()) {
            Map<String, Tensor> leaves = new LinkedHashMap<>();
            var weights = new RandomWeights(5, DType.FLOAT64, lifetime);
            Params.Source source = (name, init, shape) -> {
                Tensor leaf = lifetime.keep(weights.get(name, init, shape).asLeaf());
                leaves.put(name, leaf);
                return leaf;
            };
            Zebra model = Zebra.load(Params.of(source), config, new PortableAttention());
            walk(model, inputs, targets);
            leaves.forEach((name, leaf) -> checkSome(name, leaf, model, inputs, targets));
        }
    }

    /// Compares the gradients of a few elements of a parameter, drawn by its name.
    private static void checkSome(String name, Tensor leaf, Zebra model, int[] inputs, int[] targets) {
        Random random = new Random(name.hashCode());
        double[] gradient = requireNonNull(leaf.grad(), name).toDoubles();
        MemorySegment memory = leaf.memory();
        int samples = 6;
        double[] expected = new double[samples];
        double[] actual = new double[samples];
        for (int i = 0; i < samples; i++) {
            int at = name.contains("embed") && i % 2 == 0
                    ? inputs[i] * model.config().hiddenSize() + i // rows of ids that occur
                    : random.nextInt(gradient.length);
            double value = memory.getAtIndex(ValueLayout.JAVA_DOUBLE, at);
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, at, value + STEP);
            double above = loss(model, inputs, targets);
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, at, value - STEP);
            double below = loss(model, inputs, targets);
            memory.setAtIndex(ValueLayout.JAVA_DOUBLE, at, value);
            expected[i] = (above - below) / (2 * STEP);
            actual[i] = gradient[at];
        }
        assertThatTensor(Tensors.of(actual, samples)).as(name).isCloseTo(expected, 1e-7);
    }

    private static double loss(Zebra model, int[] inputs, int[] targets) {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            return Functional.crossEntropySum(model.forward(inputs, LENGTHS), Tensors.ofIds(targets))
                    .item();
        }
    }

    /// Trains as a trainer does: keep the layers' inputs, then recompute and go back layer by layer.
    private static void walk(Zebra model, int[] inputs, int[] targets) {
        Rope.Rotation rotation = model.rotations(LENGTHS.positions()).getFirst();
        List<Tensor> layerInputs = new ArrayList<>();
        Tensor x_TD;
        try (var _ = Autograd.recording(false)) {
            x_TD = model.embed(inputs);
            for (DecoderLayer layer : model.layers()) {
                layerInputs.add(x_TD);
                x_TD = layer.forward(
                        x_TD, rotation, heads -> attend(model, layer, heads).out_TNH());
            }
        }
        try (var _ = Autograd.recording(true)) {
            Tensor leaf_TD = x_TD.asLeaf();
            Tensor loss = Functional.crossEntropySum(model.logits(leaf_TD), Tensors.ofIds(targets));
            Autograd.backward(List.of(loss), List.of(Tensors.full(1, DType.FLOAT64)));
            Tensor dx_TD = requireNonNull(leaf_TD.grad());
            for (int i = model.layers().size() - 1; i >= 0; i--) {
                dx_TD = back(model, model.layers().get(i), layerInputs.get(i), rotation, dx_TD);
            }
            Autograd.backward(List.of(model.embed(inputs)), List.of(dx_TD));
        }
    }

    private static AttentionOutput attend(Zebra model, DecoderLayer layer, Attention.Heads heads) {
        return model.kernel().forward(layer.attention().spec(), heads.q_TNH(), heads.k_TKH(), heads.v_TKH(), LENGTHS);
    }

    private static Tensor back(Zebra model, DecoderLayer layer, Tensor input_TD, Rope.Rotation rotation, Tensor dy_TD) {
        Tensor x_TD = input_TD.asLeaf();
        Attention.Heads heads = layer.before(x_TD, rotation);
        AttentionOutput output = attend(model, layer, heads);
        Tensor attended_TNH = output.out_TNH().asLeaf();
        Autograd.backward(List.of(layer.after(x_TD, attended_TNH)), List.of(dy_TD));
        var gradients = model.kernel()
                .backward(
                        layer.attention().spec(),
                        heads.q_TNH(),
                        heads.k_TKH(),
                        heads.v_TKH(),
                        LENGTHS,
                        output,
                        requireNonNull(attended_TNH.grad()));
        Autograd.backward(
                List.of(heads.q_TNH(), heads.k_TKH(), heads.v_TKH()),
                List.of(gradients.dq_TNH(), gradients.dk_TKH(), gradients.dv_TKH()));
        return requireNonNull(x_TD.grad());
    }
}
