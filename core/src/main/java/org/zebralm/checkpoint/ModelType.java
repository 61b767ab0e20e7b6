package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The `model_type`s we read, with what transformers 5.18 takes a missing key to mean.
///
/// `defaultVocabSize` and `defaultNumHeads` are 0 where the key is required, `defaultNumKvHeads` and `defaultHeadDim`
/// where they follow from other keys; token ids are -1 for none. In what the decoders differ stands in
/// [ArchitectureSettings], which layers are local in [LayerTypes], and how they
/// know positions in [RopeSettings].
enum ModelType {
    LLAMA("llama", "LlamaForCausalLM", 1e-6, 2048, 10_000, 1, 2, 0, 0, 0, 0, false),
    /// Llama with local layers; its defaults describe Meta's 32 B model.
    CWM("cwm", "CwmForCausalLM", 1e-5, 131_072, 1_000_000, 128_000, 128_001, 0, 0, 8, 128, false),
    MISTRAL("mistral", "MistralForCausalLM", 1e-6, 131_072, 10_000, 1, 2, 0, 0, 8, 0, false),
    MINISTRAL("ministral", "MinistralForCausalLM", 1e-6, 131_072, 10_000, 1, 2, 0, 0, 8, 0, false),
    QWEN2("qwen2", "Qwen2ForCausalLM", 1e-6, 32_768, 10_000, -1, -1, 0, 0, 32, 0, false),
    QWEN3("qwen3", "Qwen3ForCausalLM", 1e-6, 32_768, 10_000, -1, -1, 0, 0, 32, 128, false),
    GEMMA2("gemma2", "Gemma2ForCausalLM", 1e-6, 8192, 10_000, 2, 1, 0, 8, 4, 256, true),
    /// Released multimodal configs leave out whatever has its default, the vocabulary included.
    GEMMA3("gemma3_text", "Gemma3ForCausalLM", 1e-6, 131_072, 1_000_000, 2, 1, 262_208, 8, 4, 256, true),
    OLMO3("olmo3", "Olmo3ForCausalLM", 1e-5, 2048, 500_000, -1, 50_279, 0, 0, 0, 0, false),
    SMOLLM3("smollm3", "SmolLM3ForCausalLM", 1e-6, 32_768, 2_000_000, 128_000, 128_001, 0, 0, 4, 0, true),
    COHERE2("cohere2", "Cohere2ForCausalLM", 1e-5, 8192, 10_000, 5, 255_001, 0, 0, 0, 0, true),
    GPT_OSS("gpt_oss", "GptOssForCausalLM", 1e-5, 131_072, 150_000, -1, -1, 0, 0, 8, 64, false);

    final String label;
    final String architecture;
    final double defaultNormEps;
    final int defaultMaxPositions;
    final double defaultRopeTheta;
    final int defaultBosTokenId;
    final int defaultEosTokenId;
    final int defaultVocabSize;
    final int defaultNumHeads;
    final int defaultNumKvHeads;
    final int defaultHeadDim;
    final boolean defaultTieEmbeddings;

    ModelType(
            String label,
            String architecture,
            double defaultNormEps,
            int defaultMaxPositions,
            double defaultRopeTheta,
            int defaultBosTokenId,
            int defaultEosTokenId,
            int defaultVocabSize,
            int defaultNumHeads,
            int defaultNumKvHeads,
            int defaultHeadDim,
            boolean defaultTieEmbeddings) {
        this.label = label;
        this.architecture = architecture;
        this.defaultNormEps = defaultNormEps;
        this.defaultMaxPositions = defaultMaxPositions;
        this.defaultRopeTheta = defaultRopeTheta;
        this.defaultBosTokenId = defaultBosTokenId;
        this.defaultEosTokenId = defaultEosTokenId;
        this.defaultVocabSize = defaultVocabSize;
        this.defaultNumHeads = defaultNumHeads;
        this.defaultNumKvHeads = defaultNumKvHeads;
        this.defaultHeadDim = defaultHeadDim;
        this.defaultTieEmbeddings = defaultTieEmbeddings;
    }

    /// Returns the type of this label, or null if we do not read it.
    static @Nullable ModelType parse(String label) {
        for (ModelType type : values()) {
            if (type.label.equals(label)) {
                return type;
            }
        }
        return null;
    }

    static String labels() {
        return Arrays.stream(values()).map(type -> type.label).collect(Collectors.joining(", "));
    }
}
