package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// Another rotation for a model, in transformers' names: `yarn:4`, `linear:2,theta=500000`, `theta=1000000`.
///
/// The new scaling takes the place of the one that is there. Numbers count from `original`, the length that the model
/// was trained for; without it, what its scaling says, or else its `max_position_embeddings`. The model then reaches
/// `factor` times as far. `ntk` is a changed base and no scaling: `theta * factor ^ (headDim / (headDim - 2))`, at
/// which
/// the slowest pair turns `factor` times as slowly and the fastest as before.
///
/// Layers without positions stay so. Where global and local layers rotate differently, the global ones are changed:
/// what
/// a local layer looks at is never further away than its window.
public final class RopeChange {
    private static final Map<Kind, Set<String>> KEYS = Map.of(
            Kind.KEEP, Set.of(),
            Kind.DEFAULT, Set.of(),
            Kind.NTK, Set.of(),
            Kind.LINEAR, Set.of(),
            Kind.DYNAMIC, Set.of(),
            Kind.YARN, Set.of("beta_fast", "beta_slow", "truncate", "attention_factor"),
            Kind.LLAMA3, Set.of("low_freq_factor", "high_freq_factor"));

    private static final String THETA = "theta";
    private static final String ORIGINAL = "original";

    private final Kind kind;
    private final double factor;
    private final Map<String, String> options;

    private enum Kind {
        /// The scaling that is there, perhaps of another base.
        KEEP,
        DEFAULT,
        LINEAR,
        NTK,
        DYNAMIC,
        YARN,
        LLAMA3;

        boolean hasFactor() {
            return this != KEEP && this != DEFAULT;
        }

        static String labels() {
            return Arrays.stream(values())
                    .filter(kind -> kind != KEEP)
                    .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "));
        }
    }

    private RopeChange(Kind kind, double factor, Map<String, String> options) {
        this.kind = kind;
        this.factor = factor;
        this.options = options;
    }

    /// Reads `NAME:FACTOR`, `default` or `theta=BASE`, each perhaps with further `,key=value`.
    ///
    /// @throws IllegalArgumentException naming what is not known, or missing
    public static RopeChange parse(String text) {
        List<String> parts = new ArrayList<>(List.of(text.strip().split(",", -1)));
        Kind kind = Kind.KEEP;
        double factor = 1;
        if (!parts.getFirst().contains("=")) {
            String[] named = parts.removeFirst().split(":", 2);
            kind = kind(named[0]);
            if (kind.hasFactor() != (named.length == 2)) {
                throw new IllegalArgumentException(
                        kind.hasFactor()
                                ? named[0] + " needs a factor, such as " + named[0] + ":4"
                                : named[0] + " takes no factor: got " + named[1]);
            }
            factor = named.length == 2 ? number("the factor of " + named[0], named[1]) : 1;
        }
        if (!(factor >= 1) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException("the factor of a rotation must be finite and at least 1: got " + factor);
        }
        Set<String> known = new HashSet<>(Objects.requireNonNull(KEYS.get(kind)));
        known.add(THETA);
        if (kind != Kind.KEEP) {
            known.add(ORIGINAL);
        }
        Map<String, String> options = new LinkedHashMap<>();
        for (String part : parts) {
            String[] pair = part.split("=", 2);
            String key = pair[0].strip();
            if (pair.length != 2 || !known.contains(key) || options.put(key, pair[1].strip()) != null) {
                throw new IllegalArgumentException("a rotation's options must be among "
                        + known.stream().sorted().collect(Collectors.joining(", ")) + ", each once as key=value: got \""
                        + part + "\" in \"" + text + '"');
            }
        }
        return new RopeChange(kind, factor, options);
    }

    private static Kind kind(String name) {
        return Arrays.stream(Kind.values())
                .filter(kind -> kind != Kind.KEEP && kind.name().equalsIgnoreCase(name.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a rotation must be one of " + Kind.labels()
                        + " (such as yarn:4) or a base (theta=1000000): got \"" + name + '"'));
    }

    private static double number(String what, String text) {
        try {
            return Double.parseDouble(text.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " must be a number: got \"" + text + '"', e);
        }
    }

    /// Returns the model with this rotation and the positions that it then reaches.
    ///
    /// @param positions the limit to be written instead, or null
    /// @throws IllegalArgumentException if there is nothing to rotate, or the trained length is not known
    ZebraConfig apply(ZebraConfig config, @Nullable Integer positions) {
        Set<RopeConfig.Rotary> there = rotations(config, _ -> true);
        if (there.size() > 1) {
            there = rotations(config, AttentionType.Global.class::isInstance);
        }
        if (there.size() != 1) {
            throw new IllegalArgumentException("a rotation can be changed where layers share one: got " + there);
        }
        RopeConfig.Rotary old = there.iterator().next();
        int original = original(old, config);
        RopeConfig.Rotary changed = changed(old, original, config.headDim());
        int reach = positions == null ? reach(original, config) : positions;
        if (changed.scaling() instanceof RopeScaling.DynamicNtk && reach != original) {
            throw new IllegalArgumentException("dynamic scaling begins at max_position_embeddings, so that the limit"
                    + " must be the original length of " + original + ": got " + reach
                    + "; longer contexts are stated when the model is used (--positions of generate)");
        }
        List<RopeConfig> ropes = config.ropes().stream()
                .map(rope -> rope.equals(old) ? changed : rope)
                .toList();
        return config.withPositions(reach).withRopes(ropes);
    }

    private static Set<RopeConfig.Rotary> rotations(ZebraConfig config, Predicate<AttentionType> layers) {
        return IntStream.range(0, config.numLayers())
                .filter(i -> layers.test(config.attentionTypes().get(i)))
                .mapToObj(i -> config.ropes().get(i))
                .filter(RopeConfig.Rotary.class::isInstance)
                .map(RopeConfig.Rotary.class::cast)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    private int original(RopeConfig.Rotary old, ZebraConfig config) {
        if (options.containsKey(ORIGINAL)) {
            double stated = option(ORIGINAL, 0);
            if (stated < 1 || stated != Math.rint(stated) || stated > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("original must be a number of tokens: got " + options.get(ORIGINAL));
            }
            return (int) stated;
        }
        return switch (old.scaling()) {
            case RopeScaling.None _ -> config.maxPositions();
            case RopeScaling.Linear _ when kind == Kind.KEEP || kind == Kind.DEFAULT -> config.maxPositions();
            case RopeScaling.Linear linear ->
                throw new IllegalArgumentException("the model is scaled already (linear x" + linear.factor()
                        + ") and does not say for which length it was trained: add ,original=N");
            case RopeScaling.DynamicNtk dynamic -> dynamic.originalPositions();
            case RopeScaling.Yarn yarn -> yarn.originalPositions();
            case RopeScaling.Llama3 llama3 -> llama3.originalPositions();
        };
    }

    private RopeConfig.Rotary changed(RopeConfig.Rotary old, int original, int headDim) {
        double theta = option(THETA, old.theta());
        RopeScaling scaling = switch (kind) {
            case KEEP -> old.scaling();
            case DEFAULT, NTK -> new RopeScaling.None();
            case LINEAR -> new RopeScaling.Linear(factor);
            case DYNAMIC -> new RopeScaling.DynamicNtk(factor, original, original);
            case YARN ->
                new RopeScaling.Yarn(
                        factor,
                        original,
                        option("beta_fast", 32),
                        option("beta_slow", 1),
                        flag("truncate"),
                        option("attention_factor", RopeScaling.Yarn.attentionFactor(factor, 1)));
            case LLAMA3 ->
                new RopeScaling.Llama3(factor, option("low_freq_factor", 1), option("high_freq_factor", 4), original);
        };
        return new RopeConfig.Rotary(kind == Kind.NTK ? ntkTheta(theta, factor, headDim) : theta, scaling);
    }

    /// The base at which the slowest pair of a head turns `factor` times as slowly.
    private static double ntkTheta(double theta, double factor, int headDim) {
        if (headDim < 4) {
            throw new IllegalArgumentException("headDim must be at least 4 for ntk: got " + headDim);
        }
        return theta * Math.pow(factor, headDim / (headDim - 2.0));
    }

    /// How far the model reaches: with a factor, so many times its original length.
    private int reach(int original, ZebraConfig config) {
        return switch (kind) {
            case KEEP -> config.maxPositions();
            case DEFAULT, DYNAMIC -> original;
            case LINEAR, NTK, YARN, LLAMA3 -> {
                double reach = Math.rint(original * factor);
                if (reach > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException(
                            "a model must reach fewer than 2^31 tokens: got " + original + " times " + factor);
                }
                yield (int) reach;
            }
        };
    }

    private double option(String key, double otherwise) {
        String text = options.get(key);
        return text == null ? otherwise : number(key, text);
    }

    private boolean flag(String key) {
        String text = options.getOrDefault(key, "true");
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException(key + " must be true or false: got \"" + text + '"');
        }
        return text.equals("true");
    }
}
