package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.Tokenizer;

/// A llama2.c checkpoint with its tokenizer beside it.
record Llama2cModel(Path path) implements ModelFiles {
    /// What llama2.c has written into its code.
    private static final double RMS_NORM_EPS = 1e-5;

    private static final double ROPE_THETA = 10_000;

    @Override
    public String form() {
        return "a llama2.c checkpoint";
    }

    @Override
    public String configName() {
        return path.toString();
    }

    @Override
    public ObjectNode config() {
        Llama2cHeader header = header();
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model_type", "llama");
        json.put("vocab_size", header.vocabSize());
        json.put("hidden_size", header.hiddenSize());
        json.put("intermediate_size", header.intermediateSize());
        json.put("num_hidden_layers", header.numLayers());
        json.put("num_attention_heads", header.numHeads());
        json.put("num_key_value_heads", header.numKvHeads());
        json.put("head_dim", header.headDim());
        json.put("max_position_embeddings", header.maxPositions());
        json.put("rms_norm_eps", RMS_NORM_EPS);
        json.put("rope_theta", ROPE_THETA);
        json.put("hidden_act", "silu");
        json.put("tie_word_embeddings", header.tied());
        json.put("bos_token_id", Llama2cTokenizer.BOS);
        json.put("eos_token_id", Llama2cTokenizer.EOS);
        json.put("dtype", "float32");
        return json;
    }

    private Llama2cHeader header() {
        try (Llama2cWeights weights = Llama2cWeights.open(path)) {
            return weights.header();
        }
    }

    @Override
    public List<Integer> moreStopTokenIds() {
        return List.of(Llama2cTokenizer.BOS); // documents followed each other in training; llama2.c stops there
    }

    @Override
    public WeightSource weights() {
        return Llama2cWeights.open(path);
    }

    @Override
    public @Nullable Path tokenizerFile() {
        return Llama2cTokenizer.file(path, header().vocabSize());
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        return Llama2cTokenizer.beside(path, header().vocabSize());
    }

    /// The format knows none; some of its models learned to chat, and their template may lie beside them.
    @Override
    public ChatTemplate chatTemplate() {
        Path folder = path.toAbsolutePath().getParent();
        return ChatTemplate.load(folder == null ? path : folder);
    }
}
