package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;

/// The `config.json` of a converted model in the words of its own family.
///
/// What does not change stays as it is written. The result is read again, and refused unless it says what was wanted:
/// so
/// nothing is written that its family would take for something else.
final class FamilyConfig {
    /// How families told their layers apart before they had `layer_types`.
    private static final Set<String> PATTERNS =
            Set.of("sliding_window_pattern", "_sliding_window_pattern", "layer_switch", "order_of_interleaved_layers");

    private final SourceModel source;
    private final ModelType type;
    private final ObjectNode json;

    private FamilyConfig(SourceModel source) {
        this.source = source;
        this.type = source.type();
        this.json = source.text();
    }

    /// @throws IllegalArgumentException if the family has no way to say what is wanted
    static ConvertedConfig of(SourceModel source, Conversion conversion) {
        return new FamilyConfig(source).convert(conversion);
    }

    private ConvertedConfig convert(Conversion conversion) {
        json.put("model_type", type.label);
        json.putArray("architectures").add(type.architecture);
        List<AttentionType> types = conversion.attentionTypes(source.config());
        boolean isPublishedZebra = source.isPublishedZebra();
        json.remove(LayerTypes.ZEBRA_KEYS);
        json.remove("auto_map");
        if (isPublishedZebra || !types.equals(source.config().attentionTypes())) {
            putLayers(types);
        }
        // Where a family rotates by the kind of layer, layers of another kind rotate otherwise now.
        ZebraConfig layered = read();
        if (!layered.attentionTypes().equals(types)) {
            throw new IllegalArgumentException("a " + type.label + " cannot have these layers: asked for " + types
                    + ", and its config.json would mean " + layered.attentionTypes());
        }
        ZebraConfig wanted = conversion.rotated(layered);
        boolean isRotatedOtherwise = !wanted.equals(layered);
        if (isRotatedOtherwise || !(source.files() instanceof HuggingFaceFiles)) {
            json.put("max_position_embeddings", wanted.maxPositions());
            putRopes(wanted);
        }
        ZebraConfig written = read();
        if (!written.equals(wanted)) {
            throw new IllegalArgumentException("a " + type.label + " cannot have these rotations: asked for "
                    + wanted.ropes().stream().distinct().toList() + " and " + wanted.maxPositions()
                    + " positions, and its config.json would mean "
                    + written.ropes().stream().distinct().toList() + " and " + written.maxPositions());
        }
        return new ConvertedConfig(ConvertTarget.HF, type.label, json, written);
    }

    private ZebraConfig read() {
        return ConfigReader.read("the config.json of this " + type.label, json).config();
    }

    private void putLayers(List<AttentionType> types) {
        int window = LayerTypes.sharedWindow(types);
        boolean allLocal = types.stream().allMatch(AttentionType.Local.class::isInstance);
        json.remove(PATTERNS);
        switch (type) {
            case LLAMA -> {
                if (window != 0) {
                    throw new IllegalArgumentException(
                            "a llama has no local layers in transformers, which would compute full attention; a cwm has"
                                    + " (--to cwm)");
                }
                json.remove(List.of("layer_types", "sliding_window"));
                return;
            }
            case MISTRAL -> {
                if (window != 0 && !allLocal) {
                    throw new IllegalArgumentException(
                            "a mistral's layers are all alike: only all of them can be local, or none; a cwm has layers"
                                    + " of both kinds (--to cwm)");
                }
                json.remove("layer_types");
                if (window == 0) {
                    json.putNull("sliding_window");
                }
            }
            case QWEN2, QWEN3 -> {
                json.put("use_sliding_window", window != 0);
                putTypes(types);
            }
            case SMOLLM3 -> {
                // What rotates is a list of its own there, which the layers' kinds must not change.
                ArrayNode rotates = json.putArray("no_rope_layers");
                source.config().ropes().forEach(rope -> rotates.add(rope instanceof RopeConfig.None ? 0 : 1));
                json.put("use_sliding_window", window != 0);
                putTypes(types);
            }
            case CWM, MINISTRAL, GEMMA2, GEMMA3, OLMO3, COHERE2, GPT_OSS -> putTypes(types);
        }
        if (window != 0) {
            json.put("sliding_window", window);
        }
    }

    private void putTypes(List<AttentionType> types) {
        ArrayNode names = json.putArray("layer_types");
        types.forEach(kind -> names.add(LayerTypes.name(kind)));
    }

    private void putRopes(ZebraConfig wanted) {
        json.remove(List.of("rope_theta", "rope_scaling", "rope_local_base_freq", "rope_parameters"));
        switch (type) {
            case GEMMA3, OLMO3 -> {
                RopeConfig.@Nullable Rotary global = only(wanted, AttentionType.Global.class);
                RopeConfig.@Nullable Rotary local = only(wanted, AttentionType.Local.class);
                // A kind that no layer has is there all the same, for readers that expect it.
                RopeConfig.@Nullable Rotary full = global != null ? global : local;
                RopeConfig.@Nullable Rotary sliding = local != null ? local : global;
                ObjectNode both = json.putObject("rope_parameters");
                if (full != null && sliding != null) {
                    both.set(LayerTypes.FULL, RopeJson.of(full));
                    both.set(LayerTypes.SLIDING, RopeJson.of(sliding));
                }
            }
            case LLAMA, CWM, MISTRAL, MINISTRAL, QWEN2, QWEN3, GEMMA2, SMOLLM3, COHERE2, GPT_OSS -> {
                RopeConfig.@Nullable Rotary shared = only(wanted, AttentionType.class);
                if (shared != null) {
                    RopeJson.put(json, shared);
                }
            }
        }
    }

    /// Returns the rotation of all layers of a kind that have positions, or null if none has.
    private RopeConfig.@Nullable Rotary only(ZebraConfig config, Class<? extends AttentionType> kind) {
        Set<RopeConfig.Rotary> ropes = IntStream.range(0, config.numLayers())
                .filter(i -> kind.isInstance(config.attentionTypes().get(i)))
                .mapToObj(i -> config.ropes().get(i))
                .filter(RopeConfig.Rotary.class::isInstance)
                .map(RopeConfig.Rotary.class::cast)
                .collect(Collectors.toSet());
        if (ropes.size() > 1) {
            throw new IllegalArgumentException(
                    "the layers of a " + type.label + " that have positions must rotate alike: got " + ropes);
        }
        return ropes.isEmpty() ? null : ropes.iterator().next();
    }
}
