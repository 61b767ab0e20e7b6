package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Random models of every architecture that goes into GGUF files, with all that is unusual in them and that llama.cpp
/// knows, as Hugging Face folders; and a byte-level tokenizer for any number of tokens.
final class GgufModels {
    static final int VOCAB_SIZE = 280;

    /// The first token that is none of a byte.
    private static final int FIRST_MERGED = 256;

    private static final String COMMON = """
            {"vocab_size": 280, "hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
             "bos_token_id": 278, "eos_token_id": 279, "pad_token_id": null, "tie_word_embeddings": false}""";

    private static final Map<String, String> CONFIGS = new LinkedHashMap<>();

    static {
        CONFIGS.put("llama", """
                {"model_type": "llama", "num_hidden_layers": 3, "rope_theta": 20000.0, "head_dim": 24,
                 "attention_bias": true, "mlp_bias": true}""");
        CONFIGS.put("llama-linear", """
                {"model_type": "llama", "num_hidden_layers": 3, "num_key_value_heads": 4,
                 "rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}}""");
        CONFIGS.put("llama-dynamic", """
                {"model_type": "llama", "num_hidden_layers": 3, "max_position_embeddings": 32,
                 "rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}}""");
        CONFIGS.put("llama-llama3", """
                {"model_type": "llama", "num_hidden_layers": 3, "tie_word_embeddings": true,
                 "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                   "high_freq_factor": 4.0, "original_max_position_embeddings": 40}}""");
        CONFIGS.put("llama-yarn", """
                {"model_type": "llama", "num_hidden_layers": 3,
                 "rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "attention_factor": 1.3,
                   "original_max_position_embeddings": 32}}""");
        CONFIGS.put("mistral", """
                {"model_type": "mistral", "num_hidden_layers": 3, "sliding_window": null, "rope_theta": 1000000.0}""");
        CONFIGS.put("zebra", """
                {"model_type": "cwm", "num_hidden_layers": 6, "sliding_window": 9, "head_dim": 24,
                 "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention",
                   "sliding_attention", "sliding_attention"],
                 "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}""");
        CONFIGS.put("cwm-llama3", """
                {"model_type": "cwm", "num_hidden_layers": 4, "sliding_window": 9, "tie_word_embeddings": true,
                 "mlp_bias": true, "layer_types": ["sliding_attention", "full_attention", "sliding_attention",
                   "sliding_attention"],
                 "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
                   "high_freq_factor": 4.0, "original_max_position_embeddings": 40}}""");
        CONFIGS.put("mistral-local", """
                {"model_type": "mistral", "num_hidden_layers": 3, "sliding_window": 9,
                 "rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0},
                 "max_position_embeddings": 32}""");
        CONFIGS.put("ministral", """
                {"model_type": "ministral", "num_hidden_layers": 4, "sliding_window": 7,
                 "layer_types": ["sliding_attention", "full_attention", "full_attention", "sliding_attention"],
                 "rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
                   "original_max_position_embeddings": 32}}""");
        CONFIGS.put("qwen2-local", """
                {"model_type": "qwen2", "num_hidden_layers": 4, "use_sliding_window": true, "sliding_window": 9,
                 "max_window_layers": 1, "rope_theta": 1000000.0}""");
        CONFIGS.put("smollm3-local", """
                {"model_type": "smollm3", "num_hidden_layers": 4, "use_sliding_window": true, "sliding_window": 9,
                 "head_dim": 24, "attention_bias": true, "mlp_bias": true, "no_rope_layers": [1, 1, 1, 1],
                 "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "sliding_attention"],
                 "rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}}""");
        CONFIGS.put("qwen2", """
                {"model_type": "qwen2", "num_hidden_layers": 3, "use_sliding_window": false,
                 "rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
                   "original_max_position_embeddings": 32}}""");
        CONFIGS.put("qwen3", """
                {"model_type": "qwen3", "num_hidden_layers": 3, "use_sliding_window": false, "head_dim": 24,
                 "tie_word_embeddings": true, "rope_theta": 1000000.0}""");
        CONFIGS.put("gemma2", """
                {"model_type": "gemma2", "num_hidden_layers": 5, "sliding_window": 9, "head_dim": 24,
                 "query_pre_attn_scalar": 24, "tie_word_embeddings": true, "attn_logit_softcapping": 20.0,
                 "final_logit_softcapping": 10.0, "rope_theta": 10000.0}""");
        CONFIGS.put("gemma3", """
                {"model_type": "gemma3_text", "num_hidden_layers": 8, "sliding_window": 9, "query_pre_attn_scalar": 16,
                 "tie_word_embeddings": true,
                 "rope_parameters": {
                   "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
                   "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}}""");
        CONFIGS.put("olmo3", """
                {"model_type": "olmo3", "num_hidden_layers": 5, "sliding_window": 9,
                 "rope_parameters": {
                   "full_attention": {"rope_type": "yarn", "rope_theta": 500000.0, "factor": 8.0,
                     "original_max_position_embeddings": 32},
                   "sliding_attention": {"rope_type": "default", "rope_theta": 500000.0}}}""");
        CONFIGS.put("cohere2", """
                {"model_type": "cohere2", "num_hidden_layers": 5, "sliding_window": 9, "tie_word_embeddings": true,
                 "logit_scale": 0.25, "layer_norm_eps": 1e-5, "rope_theta": 10000.0}""");
        CONFIGS.put("smollm3", """
                {"model_type": "smollm3", "num_hidden_layers": 5, "use_sliding_window": false,
                 "tie_word_embeddings": true, "no_rope_layer_interval": 4, "rope_theta": 2000000.0}""");
    }

    private GgufModels() {}

    static List<String> names() {
        return List.copyOf(CONFIGS.keySet());
    }

    /// The settings of a model of this name.
    static ObjectNode config(String name) {
        try {
            ObjectNode config = (ObjectNode) new JsonMapper().readTree(COMMON);
            config.setAll((ObjectNode) new JsonMapper().readTree(CONFIGS.get(name)));
            if (name.equals("cohere2")) {
                config.remove("rms_norm_eps");
            }
            if (name.equals("qwen2") || name.equals("olmo3") || name.equals("cohere2")) {
                config.remove("head_dim");
            }
            return config;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Writes a model with random weights, of which even the norms matter, and a tokenizer.
    static ModelFolder write(Path folder, String name, long seed) {
        return write(folder, config(name), seed);
    }

    static ModelFolder write(Path folder, ObjectNode config, long seed) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        JsonFile.write(folder.resolve("config.json"), config);
        JsonFile.write(
                folder.resolve("tokenizer.json"),
                tokenizer(config.path("vocab_size").intValue()));
        ModelFolder model = ModelFolder.read(folder);
        boolean isGemma = config.path("model_type").asText().startsWith("gemma");
        var random = new Random(seed);
        try (var _ = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            ZebraParameters.shapes(model.config()).forEach((weight, shape) -> {
                boolean isNorm = weight.contains("norm");
                boolean isOuter = weight.contains("embed_tokens") || weight.contains("lm_head");
                int count = 1;
                for (long size : shape) {
                    count *= (int) size;
                }
                float[] numbers = new float[count];
                for (int i = 0; i < count; i++) {
                    double number = random.nextGaussian();
                    // With both signs, or else a tied head would find the word it has just read the best.
                    int sign = weight.equals("model.norm.weight") && random.nextBoolean() ? -1 : 1;
                    numbers[i] = (float)
                            (isNorm ? sign * (1 + 0.3 * number) - (isGemma ? 1 : 0) : number * (isOuter ? 0.6 : 0.2));
                }
                weights.put(weight, Tensors.of(numbers, shape));
            });
            SafetensorsWriter.write(folder.resolve("model.safetensors"), weights, Map.of());
        }
        return model;
    }

    /// Returns a byte-level tokenizer of this many tokens, the last two of them `<begin>` and `<end>`.
    static ObjectNode tokenizer(int vocabSize) {
        ObjectNode json = new JsonMapper().createObjectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding");
        ArrayNode added = json.putArray("added_tokens");
        for (int i = 0; i < 2; i++) {
            added.addObject()
                    .put("id", vocabSize - 2 + i)
                    .put("content", i == 0 ? "<begin>" : "<end>")
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        json.putNull("normalizer");
        for (String step : List.of("pre_tokenizer", "post_processor", "decoder")) {
            json.putObject(step)
                    .put("type", "ByteLevel")
                    .put("add_prefix_space", false)
                    .put("trim_offsets", true)
                    .put("use_regex", true);
        }
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.putNull("dropout").putNull("unk_token");
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode vocab = model.putObject("vocab");
        ArrayNode merges = model.putArray("merges");
        for (int id = 0; id < Math.min(FIRST_MERGED, vocabSize - 2); id++) {
            vocab.put(Character.toString(byteName(id)), id);
        }
        for (int id = FIRST_MERGED; id < vocabSize - 2; id++) {
            String left = Character.toString((char) ('a' + id - FIRST_MERGED));
            vocab.put(left + "e", id);
            merges.add(left + " e");
        }
        vocab.put("<begin>", vocabSize - 2).put("<end>", vocabSize - 1);
        return json;
    }

    /// What byte-level BPE calls a byte, in the order of its alphabet: those that print, then the others.
    private static char byteName(int index) {
        int at = index;
        for (int b = 0; b < 256; b++) {
            boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            if (prints && at-- == 0) {
                return (char) b;
            }
        }
        return (char) (256 + at);
    }
}
