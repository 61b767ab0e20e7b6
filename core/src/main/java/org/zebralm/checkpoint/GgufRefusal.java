package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.zebralm.model.Architecture;
import org.zebralm.model.AttentionType;
import org.zebralm.model.QueryKeyNorm;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Activation;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Rope;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// Why llama.cpp would compute something else than a model does.
///
/// Rules are those of llama.cpp 0.5.0. Where a file could say more to it than to the versions before, which would not
/// notice (the pattern of a Gemma's windows), only what all of them have built in is let through; those that do not
/// know an architecture refuse the file.
final class GgufRefusal {
    private static final int MAX_LAYERS = 512;
    private static final int NO_ROPE_STEP = 4;
    private static final int GEMMA2_27B_LAYERS = 46;
    private static final int GEMMA3_27B_LAYERS = 62;
    private static final double GEMMA3_LOCAL_THETA = 10_000;
    private static final double YARN_BETA_FAST = 32;
    private static final double YARN_BETA_SLOW = 1;

    private final GgufTarget target;
    private final ZebraConfig config;
    private final Architecture architecture;
    private final List<String> reasons = new ArrayList<>();

    private GgufRefusal(ZebraConfig config) {
        this.target = GgufTarget.of(config);
        this.config = config;
        this.architecture = config.architecture();
    }

    /// Returns all reasons in a sentence, or nothing if the model can be written.
    static Optional<String> of(ZebraConfig config) {
        var refusal = new GgufRefusal(config);
        refusal.check();
        return refusal.reasons.isEmpty()
                ? Optional.empty()
                : Optional.of("no architecture of llama.cpp that is written computes this model; in the nearest, "
                        + refusal.target.label + ", " + String.join("; ", refusal.reasons));
    }

    private void check() {
        if (config.numLayers() > MAX_LAYERS) {
            refuse("a model must have at most " + MAX_LAYERS + " layers: got " + config.numLayers());
        }
        if (architecture.experts() != null) {
            refuse("experts are not written");
        }
        if (architecture.hasSinks()) {
            refuse(
                    target == GgufTarget.GRANITE_SWA
                            ? "sinks that take probability are not written"
                            : "attention has no sinks");
        }
        checkParts();
        checkBiases();
        checkWindows();
        checkPositions();
    }

    private void checkParts() {
        boolean isGemma = target.isGemma();
        Norm.Kind norm =
                isGemma ? Norm.Kind.OFFSET_RMS : target == GgufTarget.COHERE2 ? Norm.Kind.LAYER : Norm.Kind.RMS;
        require("norms are", norm, architecture.norm());
        QueryKeyNorm queryKeyNorm = switch (target) {
            case QWEN3, GEMMA3 -> QueryKeyNorm.HEAD;
            case OLMO2 -> QueryKeyNorm.PROJECTION;
            case LLAMA, GRANITE_SWA, QWEN2, GEMMA2, SMOLLM3, COHERE2 -> QueryKeyNorm.NONE;
        };
        require("norms of queries and keys are", queryKeyNorm, architecture.queryKeyNorm());
        require("the activation is", isGemma ? Activation.GELU_TANH : Activation.SILU, architecture.activation());
        if (architecture.rotaryPairs() == Rope.Pairs.NEIGHBOURS && !target.rotatesNeighbours) {
            refuse("rotated pairs are " + Rope.Pairs.HALVES + ": got " + Rope.Pairs.NEIGHBOURS);
        }
        requireNear("scores are multiplied by", scoreScale(), attentionScale());
        requireNear(
                "embeddings are multiplied by",
                isGemma ? Math.sqrt(config.hiddenSize()) : 1,
                architecture.embeddingScale());
        if (target != GgufTarget.COHERE2) {
            requireNear("logits are multiplied by", 1, architecture.logitScale());
        }
        if (target != GgufTarget.GEMMA2) {
            requireNear("scores are capped at (0: not at all)", 0, architecture.attentionSoftCap());
        }
        boolean isCapped = architecture.logitSoftCap() > 0;
        if (target == GgufTarget.GEMMA2 && !isCapped) {
            refuse("logits are always capped: got no cap");
        }
        if (!isGemma && isCapped) {
            refuse("logits are not capped: got a cap of " + architecture.logitSoftCap());
        }
        if ((target == GgufTarget.GEMMA2 || target == GgufTarget.COHERE2) && !config.tieEmbeddings()) {
            refuse("the head is the embedding: got one of its own");
        }
        boolean isFixedWidth = switch (target) {
            case QWEN2, OLMO2, COHERE2 -> true;
            case LLAMA, GRANITE_SWA, QWEN3, GEMMA2, GEMMA3, SMOLLM3 -> false;
        };
        if (isFixedWidth && config.numHeads() * config.headDim() != config.hiddenSize()) {
            refuse("heads together are as wide as the model, " + config.hiddenSize() + ": got " + config.numHeads()
                    + " of " + config.headDim());
        }
    }

    private double attentionScale() {
        return architecture.attentionScale() == 0 ? 1 / Math.sqrt(config.headDim()) : architecture.attentionScale();
    }

    /// Two sizes of Gemma are known by their number of layers, and scaled as their authors did.
    private double scoreScale() {
        boolean isLargest = (target == GgufTarget.GEMMA2 && config.numLayers() == GEMMA2_27B_LAYERS)
                || (target == GgufTarget.GEMMA3 && config.numLayers() == GEMMA3_27B_LAYERS);
        int width = isLargest ? config.hiddenSize() / config.numHeads() : config.headDim();
        return 1 / Math.sqrt(width);
    }

    private void checkBiases() {
        boolean hasOwn = target == GgufTarget.LLAMA || target == GgufTarget.GRANITE_SWA;
        boolean isQwen2 = target == GgufTarget.QWEN2;
        if (architecture.queryKeyValueBias() && !hasOwn && !isQwen2) {
            refuse("queries, keys and values have no biases");
        }
        if (architecture.outputBias() && !hasOwn) {
            refuse("the projection out of attention has no bias");
        }
        if (architecture.feedForwardBias() && !hasOwn) {
            refuse("the feed-forward part has no biases");
        }
    }

    private void checkWindows() {
        List<Integer> local = new ArrayList<>();
        int window = 0;
        for (int i = 0; i < config.numLayers(); i++) {
            if (config.attentionTypes().get(i) instanceof AttentionType.Local(int size)) {
                local.add(i);
                if (window != 0 && window != size) {
                    refuse("local layers share one window: got " + window + " and " + size);
                    return;
                }
                window = size;
            }
        }
        int pattern = target.pattern();
        if (local.isEmpty()) {
            // Where a window may be left out, so may local layers.
            if (target == GgufTarget.GEMMA2 || target == GgufTarget.COHERE2) {
                refuse("all layers but every " + pattern + "th are local: got global ones only");
            }
            return;
        }
        if (target.listsLocalLayers()) {
            return;
        }
        if (pattern == 0) {
            refuse("all layers attend globally: got a window of " + window + " in "
                    + (local.size() == config.numLayers() ? "every layer" : "layers " + ranges(local)));
            return;
        }
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            if (i % pattern != pattern - 1) {
                expected.add(i);
            }
        }
        if (!local.equals(expected)) {
            refuse("the layers with a window are " + ranges(expected) + ": got " + ranges(local));
        }
    }

    private static String ranges(List<Integer> layers) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < layers.size(); i++) {
            int first = layers.get(i);
            while (i + 1 < layers.size() && layers.get(i + 1) == layers.get(i) + 1) {
                i++;
            }
            text.append(text.isEmpty() ? "" : ", ").append(first);
            if (layers.get(i) != first) {
                text.append(" to ").append(layers.get(i));
            }
        }
        return text.toString();
    }

    private void checkPositions() {
        switch (target) {
            case LLAMA, GRANITE_SWA, QWEN2, QWEN3, GEMMA2 -> checkShared(config.ropes());
            case SMOLLM3 -> {
                for (int i = 0; i < config.numLayers(); i++) {
                    boolean rotates = config.ropes().get(i) instanceof RopeConfig.Rotary;
                    if (rotates != ((i + 1) % NO_ROPE_STEP != 0)) {
                        refuse("every " + NO_ROPE_STEP + "th layer has no positions, and all others have: got layer "
                                + i + (rotates ? " with" : " without"));
                        return;
                    }
                }
                checkShared(config.ropes().stream()
                        .filter(RopeConfig.Rotary.class::isInstance)
                        .toList());
            }
            case COHERE2 -> {
                checkShared(ropes(true));
                if (ropes(false).stream().anyMatch(RopeConfig.Rotary.class::isInstance)) {
                    refuse("global layers have no positions");
                }
            }
            case GEMMA3, OLMO2 -> checkByAttention();
        }
    }

    private List<RopeConfig> ropes(boolean ofLocalLayers) {
        List<RopeConfig> ropes = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            if (config.attentionTypes().get(i) instanceof AttentionType.Local == ofLocalLayers) {
                ropes.add(config.ropes().get(i));
            }
        }
        return ropes;
    }

    /// Global layers may be scaled; local ones are not.
    private void checkByAttention() {
        List<RopeConfig> global = ropes(false);
        List<RopeConfig> local = ropes(true);
        checkShared(global);
        checkShared(local);
        if (local.isEmpty() || !(local.getFirst() instanceof RopeConfig.Rotary(double theta, RopeScaling scaling))) {
            return;
        }
        if (!(scaling instanceof RopeScaling.None)) {
            refuse("positions of local layers are not scaled: got " + scaling);
        }
        if (target == GgufTarget.GEMMA3) {
            requireNear("rope_theta of local layers is", GEMMA3_LOCAL_THETA, theta);
        } else if (!global.isEmpty() && global.getFirst() instanceof RopeConfig.Rotary rotary) {
            requireNear("rope_theta of local layers is that of global ones,", rotary.theta(), theta);
        }
    }

    private void checkShared(List<RopeConfig> ropes) {
        if (ropes.isEmpty()) {
            return;
        }
        if (!ropes.stream().allMatch(ropes.getFirst()::equals)) {
            refuse("layers know positions the same way: got "
                    + ropes.stream().distinct().toList());
            return;
        }
        if (!(ropes.getFirst() instanceof RopeConfig.Rotary rotary)) {
            refuse("layers have positions: got none");
            return;
        }
        switch (rotary.scaling()) {
            case RopeScaling.None _, RopeScaling.Linear _ -> {}
            // Frozen at a length, it is another theta and nothing else.
            case RopeScaling.DynamicNtk _ -> {}
            case RopeScaling.Llama3 _ -> {
                if (target != GgufTarget.LLAMA && target != GgufTarget.GRANITE_SWA) {
                    refuse("llama3 scaling is not known");
                }
            }
            case RopeScaling.Yarn yarn -> checkYarn(yarn);
        }
    }

    private void checkYarn(RopeScaling.Yarn yarn) {
        if (target.isGemma() || target == GgufTarget.COHERE2) {
            refuse("yarn scaling is not written");
        }
        if (yarn.betaFast() != YARN_BETA_FAST || yarn.betaSlow() != YARN_BETA_SLOW) {
            refuse("yarn has beta_fast 32 and beta_slow 1: got " + yarn.betaFast() + " and " + yarn.betaSlow());
        }
        if (!yarn.truncate()) {
            refuse("yarn rounds the ends of its ramp: got truncate false");
        }
    }

    private void require(String what, Object expected, Object found) {
        if (!Objects.equals(expected, found)) {
            refuse(what + " " + expected + ": got " + found);
        }
    }

    /// Its numbers are float32.
    private void requireNear(String what, double expected, double found) {
        if (!(Math.abs(expected - found) <= 1e-6 * Math.abs(expected))) {
            refuse(what + " " + expected + ": got " + found);
        }
    }

    private void refuse(String rule) {
        reasons.add(rule);
    }
}
