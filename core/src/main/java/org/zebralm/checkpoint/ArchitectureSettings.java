package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.zebralm.model.Architecture;
import org.zebralm.model.Experts;
import org.zebralm.model.NormPlacement;
import org.zebralm.model.QueryKeyNorm;
import org.zebralm.nn.Activation;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Rope;

/// In what a family differs from Llama, by its type and by the switches of its `config.json`.
///
/// Each family is one of the cases here; keys and their defaults are those of transformers 5.18's configuration
/// classes.
final class ArchitectureSettings {
    private static final Map<String, Activation> ACTIVATIONS = Map.of(
            "silu", Activation.SILU,
            "swish", Activation.SILU,
            "gelu", Activation.GELU,
            "gelu_pytorch_tanh", Activation.GELU_TANH);

    private static final double GEMMA_QUERY_SCALAR = 256;
    private static final double GEMMA2_ATTENTION_CAP = 50;
    private static final double GEMMA2_LOGIT_CAP = 30;
    private static final double COHERE2_LOGIT_SCALE = 0.0625;
    private static final double GPT_OSS_LIMIT = 7;
    private static final int GPT_OSS_EXPERTS = 128;
    private static final int GPT_OSS_PER_TOKEN = 4;

    private final JsonSettings settings;
    private final Architecture.Builder builder = new Architecture.Builder();

    private ArchitectureSettings(JsonSettings settings) {
        this.settings = settings;
    }

    static Architecture read(JsonSettings settings, ModelType type, int hiddenSize) {
        return new ArchitectureSettings(settings).read(type, hiddenSize);
    }

    private Architecture read(ModelType type, int hiddenSize) {
        switch (type) {
            case LLAMA -> {
                activation("hidden_act", "silu");
                attentionBias(false);
                builder.feedForwardBias(settings.flag("mlp_bias", false));
            }
            case CWM -> {
                activation("hidden_act", "silu");
                noAttentionBias();
                builder.feedForwardBias(settings.flag("mlp_bias", false));
            }
            case MISTRAL, MINISTRAL -> {
                activation("hidden_act", "silu");
                noAttentionBias();
                noFeedForwardBias();
            }
            case QWEN2 -> {
                activation("hidden_act", "silu");
                noFeedForwardBias();
                settings.only(
                        "use_mrope", JsonSettings::isFalse, "false (several axes of positions are not implemented)");
                builder.attentionBias(true, false);
            }
            case QWEN3 -> {
                activation("hidden_act", "silu");
                attentionBias(false);
                noFeedForwardBias();
                builder.queryKeyNorm(QueryKeyNorm.HEAD);
            }
            case GEMMA2 -> {
                gemma(hiddenSize);
                builder.attentionSoftCap(cap("attn_logit_softcapping", GEMMA2_ATTENTION_CAP));
                builder.logitSoftCap(cap("final_logit_softcapping", GEMMA2_LOGIT_CAP));
            }
            case GEMMA3 -> {
                gemma(hiddenSize);
                builder.queryKeyNorm(QueryKeyNorm.HEAD);
                settings.only("attn_logit_softcapping", _ -> false, "null in a gemma3, which does not cap scores");
                builder.logitSoftCap(cap("final_logit_softcapping", 0));
            }
            case OLMO3 -> {
                activation("hidden_act", "silu");
                attentionBias(false);
                noFeedForwardBias();
                builder.norm(Norm.Kind.RMS, NormPlacement.AFTER).queryKeyNorm(QueryKeyNorm.PROJECTION);
            }
            case SMOLLM3 -> {
                activation("hidden_act", "silu");
                attentionBias(false);
                builder.feedForwardBias(settings.flag("mlp_bias", false));
            }
            case COHERE2 -> cohere2();
            case GPT_OSS -> gptOss();
        }
        return builder.build();
    }

    private void gemma(int hiddenSize) {
        // Gemma 2's first files had the wrong name in hidden_act and the right one beside it, which alone counts.
        settings.ignore(Set.of("hidden_act"));
        activation("hidden_activation", "gelu_pytorch_tanh");
        attentionBias(false);
        noFeedForwardBias();
        settings.only(
                "use_bidirectional_attention",
                JsonSettings::isFalse,
                "false (only attention to earlier tokens is implemented)");
        double scalar = settings.number("query_pre_attn_scalar", GEMMA_QUERY_SCALAR);
        if (scalar > 0 && !Double.isInfinite(scalar)) {
            builder.attentionScale(1 / Math.sqrt(scalar));
        } else {
            settings.problem("query_pre_attn_scalar must be above 0: got " + scalar);
        }
        builder.norm(Norm.Kind.OFFSET_RMS, NormPlacement.AROUND).embeddingScale(Math.sqrt(Math.max(1, hiddenSize)));
    }

    private void cohere2() {
        activation("hidden_act", "silu");
        attentionBias(false);
        noFeedForwardBias();
        double scale = settings.number("logit_scale", COHERE2_LOGIT_SCALE);
        if (scale > 0 && !Double.isInfinite(scale)) {
            builder.logitScale(scale);
        } else {
            settings.problem("logit_scale must be above 0: got " + scale);
        }
        builder.norm(Norm.Kind.LAYER, NormPlacement.PARALLEL).rotaryPairs(Rope.Pairs.NEIGHBOURS);
        // What released files say of themselves, and transformers does not read.
        settings.only("position_embedding_type", is("rope_gptj"), "\"rope_gptj\" (no other is implemented)");
        settings.only("order_of_interleaved_layers", is("local_attn_first"), "\"local_attn_first\"");
        settings.only("rotary_pct", isNumber(1), "1 (rotating part of a head is not implemented)");
        for (String key : Set.of("use_parallel_block", "use_gated_activation", "use_embedding_sharing")) {
            settings.only(key, node -> node.isBoolean() && node.booleanValue(), "true in a cohere2");
        }
        settings.only("use_qk_norm", JsonSettings::isFalse, "false in a cohere2");
        settings.ignore(Set.of("layer_switch", "use_parallel_embedding"));
    }

    private void gptOss() {
        settings.only("hidden_act", is("silu"), "\"silu\" in a gpt_oss, whose experts have a gate of their own");
        attentionBias(true);
        settings.only("swiglu_limit", isNumber(GPT_OSS_LIMIT), "7 (no other limit is implemented)");
        settings.ignore(Set.of("router_aux_loss_coef", "output_router_logits", "initial_context_length"));
        int count = settings.integer("num_local_experts", settings.integer("num_experts", GPT_OSS_EXPERTS));
        int perToken =
                settings.integer("num_experts_per_tok", settings.integer("experts_per_token", GPT_OSS_PER_TOKEN));
        settings.ignore(Set.of("num_experts", "experts_per_token"));
        if (perToken < 1 || perToken > count) {
            settings.problem(
                    "num_experts_per_tok must be from 1 to num_local_experts: got " + perToken + " of " + count);
        } else {
            builder.experts(new Experts(count, perToken));
        }
        builder.sinks();
    }

    private void activation(String key, String otherwise) {
        String name = settings.string(key, otherwise);
        Activation activation = ACTIVATIONS.get(name);
        if (activation == null) {
            settings.problem(key + " must be one of "
                    + String.join(", ", ACTIVATIONS.keySet().stream().sorted().toList()) + ": got \"" + name + '"');
        } else {
            builder.activation(activation);
        }
    }

    private void attentionBias(boolean otherwise) {
        boolean has = settings.flag("attention_bias", otherwise);
        builder.attentionBias(has, has);
    }

    private void noAttentionBias() {
        settings.only("attention_bias", JsonSettings::isFalse, "false (this model_type has none)");
    }

    private void noFeedForwardBias() {
        settings.only("mlp_bias", JsonSettings::isFalse, "false (this model_type has none)");
    }

    /// Reads a bound, for which null means none; only a missing key has its default.
    private double cap(String key, double otherwise) {
        double cap = settings.number(key, settings.contains(key) ? 0 : otherwise);
        if (settings.has(key) && !(cap > 0 && Double.isFinite(cap))) {
            settings.problem(key + " must be above 0, or null for none: got " + cap);
            return 0;
        }
        return cap;
    }

    private static Predicate<JsonNode> is(String text) {
        return node -> node.isTextual() && node.textValue().equals(text);
    }

    private static Predicate<JsonNode> isNumber(double number) {
        return node -> node.isNumber() && node.doubleValue() == number;
    }
}
