package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.IValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.zebralm.tensor.FlashAttention.Packing;

/// The arguments of flash attention, against the schema of the loaded library; running it takes a card.
class FlashAttentionTest {
    private Scope scope;
    private Tensor q;
    private Tensor k;
    private Tensor v;
    private Packing packing;
    private FlashAttention.Output output;

    @BeforeEach
    void open() {
        scope = Scope.open();
        q = Tensors.zeros(DType.BFLOAT16, 7, 4, 16);
        k = Tensors.zeros(DType.BFLOAT16, 9, 2, 16);
        v = Tensors.zeros(DType.BFLOAT16, 9, 2, 16);
        packing = new Packing(Tensors.ofInts(0, 3, 7), Tensors.ofInts(0, 3, 9), 4, 6);
        output = new FlashAttention.Output(Tensors.zeros(DType.BFLOAT16, 7, 4, 16), Tensors.zeros(DType.FLOAT32, 4, 7));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// The parameters of a schema, `name` to `type`, read from its text: "f(int a, float? b=None) -> (Tensor
    /// c)".
    private static Map<String, String> parameters(Operator operator) {
        String schema = operator.schema();
        String inside = schema.substring(schema.indexOf('(') + 1, schema.indexOf(") ->"));
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String parameter : inside.split(", ", -1)) {
            if (!parameter.equals("*")) {
                String[] parts = parameter.split(" ", 2);
                parameters.put(parts[1].replaceAll("=.*", ""), parts[0]);
            }
        }
        return parameters;
    }

    private static Map<String, IValue> inOrder(Operator operator, Map<String, IValue> named) {
        List<String> names = List.copyOf(parameters(operator).keySet());
        IValue[] values = operator.arguments(named);
        assertThat(values).hasSameSizeAs(names);
        Map<String, IValue> placed = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            placed.put(names.get(i), values[i]);
        }
        return placed;
    }

    private static void assertTypesFit(Operator operator, Map<String, IValue> placed) {
        parameters(operator).forEach((name, type) -> {
            IValue value = get(placed, name);
            boolean fits = switch (type) {
                case "Tensor" -> value.isTensor();
                case "Tensor?" -> value.isTensor() || value.isNone();
                case "SymInt" -> value.isInt();
                case "SymInt?" -> value.isInt() || value.isNone();
                case "float" -> value.isDouble();
                case "float?" -> value.isDouble() || value.isNone();
                case "bool" -> value.isBool();
                default -> false;
            };
            assertThat(fits).as("%s of type %s", name, type).isTrue();
        });
    }

    private static IValue get(Map<String, IValue> placed, String name) {
        return Objects.requireNonNull(placed.get(name), name);
    }

    private static boolean isSame(IValue value, Tensor tensor) {
        return value.toTensor().data_ptr().address() == tensor.address();
    }

    @Test
    void theForwardArgumentsStandWhereTheSchemaWantsThem() {
        Operator operator = FlashAttention.operators().getFirst();
        Map<String, IValue> placed = inOrder(operator, FlashAttention.forwardArguments(q, k, v, packing, 513, 0.25));
        assertTypesFit(operator, placed);
        assertThat(isSame(get(placed, "query"), q)).isTrue();
        assertThat(isSame(get(placed, "key"), k)).isTrue();
        assertThat(isSame(get(placed, "value"), v)).isTrue();
        assertThat(isSame(get(placed, "cum_seq_q"), packing.queryEnds())).isTrue();
        assertThat(isSame(get(placed, "cum_seq_k"), packing.keyEnds())).isTrue();
        assertThat(get(placed, "max_q").toInt()).isEqualTo(4);
        assertThat(get(placed, "max_k").toInt()).isEqualTo(6);
        assertThat(get(placed, "dropout_p").toDouble()).isZero();
        assertThat(get(placed, "is_causal").toBool()).isTrue();
        assertThat(get(placed, "return_debug_mask").toBool()).isFalse();
        assertThat(get(placed, "scale").toDouble()).isEqualTo(0.25);
        assertThat(get(placed, "seqused_k").isNone()).isTrue();
        assertThat(get(placed, "alibi_slopes").isNone()).isTrue();
    }

    @Test
    void theBackwardArgumentsStandWhereTheSchemaWantsThem() {
        Operator operator = FlashAttention.operators().getLast();
        Tensor dOut = Tensors.zeros(DType.BFLOAT16, 7, 4, 16);
        Map<String, IValue> placed =
                inOrder(operator, FlashAttention.backwardArguments(q, k, v, output, dOut, packing, 513, 0.25));
        assertTypesFit(operator, placed);
        assertThat(isSame(get(placed, "grad_out"), dOut)).isTrue();
        assertThat(isSame(get(placed, "query"), q)).isTrue();
        assertThat(isSame(get(placed, "out"), output.out_TNH())).isTrue();
        assertThat(isSame(get(placed, "logsumexp"), output.logSumExp_NT())).isTrue();
        assertThat(isSame(get(placed, "cum_seq_k"), packing.keyEnds())).isTrue();
        assertThat(get(placed, "max_k").toInt()).isEqualTo(6);
        assertThat(get(placed, "window_size_left").toInt()).isEqualTo(512);
        assertThat(get(placed, "rng_state").isTensor()).isTrue();
        assertThat(get(placed, "unused").isTensor()).isTrue();
    }

    @Test
    void aWindowCountsTheQueryAndTheOperatorsDoesNot() {
        for (long window : new long[] {1, 2, 513}) {
            Map<String, IValue> local = FlashAttention.forwardArguments(q, k, v, packing, window, 1);
            assertThat(get(local, "window_size_left").toInt()).isEqualTo(window - 1);
            assertThat(get(local, "window_size_right").toInt()).isZero();
        }
        Map<String, IValue> global = FlashAttention.forwardArguments(q, k, v, packing, 0, 1);
        assertThat(get(global, "window_size_left").toInt()).isEqualTo(-1);
        assertThat(get(global, "window_size_right").toInt()).isEqualTo(-1);
        assertThat(get(global, "is_causal").toBool()).isTrue();
    }

    @Test
    void theOperatorsReturnWhatWeRead() {
        assertThat(FlashAttention.operators().getFirst().schema())
                .contains("-> (Tensor output, Tensor softmax_logsumexp, ");
        assertThat(FlashAttention.operators().getLast().schema()).endsWith("-> (Tensor, Tensor, Tensor)");
    }

    @Test
    void cumulativeLengthsAreInt32() {
        assertThat(packing.queryEnds().dtype()).isEqualTo(DType.INT32);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Packing(Tensors.ofIds(0, 7), Tensors.ofInts(0, 9), 7, 9))
                .withMessage("cumulative lengths must be int32: got int64[2] and int32[2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Packing(Tensors.ofInts(0, 7), Tensors.ofInts(0, 3, 9), 7, 6))
                .withMessageContaining("got int32[2] and int32[3]");
    }

    @Test
    void namesThatTheSchemaLacksAndValuesOfAnotherTypeAreRefused() {
        Operator operator = Operator.find("aten::bmm", "dtype");
        IValue x = new IValue(Tensors.zeros(DType.FLOAT32, 1, 2, 2).raw());
        IValue type = new IValue((long) DType.FLOAT32.scalarType().value);
        assertThat(operator.arguments(Map.of("mat2", x, "out_dtype", type, "self", x)))
                .hasSize(3);
        assertThatIllegalStateException()
                .isThrownBy(() -> operator.arguments(Map.of("self", x, "out_dtype", type)))
                .withMessageContaining("the argument mat2 is missing; its schema is aten::bmm");
        assertThatIllegalStateException()
                .isThrownBy(() -> operator.arguments(Map.of("self", x, "mat2", x, "out_dtype", type, "window", type)))
                .withMessageContaining("it has no argument window");
        assertThatIllegalStateException()
                .isThrownBy(() -> operator.arguments(Map.of("self", x, "mat2", type, "out_dtype", type)))
                .withMessageContaining("the argument mat2 must be Tensor: got a Int");
    }

    @Test
    void namedCallsReturnWhatTheOperatorDoes() {
        Tensor a = Tensors.of(new float[] {3, -1, 2}, 3);
        List<Tensor> sorted = Operator.find("aten::sort")
                .call(Map.of("self", new IValue(a.raw()), "dim", new IValue(0L), "descending", new IValue(true)));
        assertThat(sorted.stream().map(Tensor::toLongs).map(Arrays::toString))
                .containsExactly("[3, 2, -1]", "[0, 2, 1]");
    }

    @Test
    void aBuildOrADeviceThatCannotRunItSaysWhy() {
        assertThat(FlashAttention.refusal(Device.CPU)).isEqualTo("flash attention is for CUDA devices: got cpu");
        assertThat(FlashAttention.operators().getFirst().runsOn(Device.Kind.CPU))
                .isFalse();
    }
}
