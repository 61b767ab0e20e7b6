package org.zebralm.checkpoint;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.Tokenizer;

/// A model on disk: a folder of Hugging Face's layout, or a file that stands for one.
///
/// Reading it takes only the settings; [LoadedModel] takes the weights. `stopTokenIds` are all ids that end a
/// text, of which the config can name one; `storedDType` is the type the folder claims its weights have, if it
/// says.
public record ModelFolder(
        Path path,
        ZebraConfig config,
        List<Integer> stopTokenIds,
        @Nullable DType storedDType) {
    static final String CONFIG = "config.json";
    static final String GENERATION_CONFIG = "generation_config.json";
    static final String TOKENIZER = "tokenizer.json";
    static final String SENTENCE_PIECE = "tokenizer.model";

    /// Larger models are split into shards of at most this size, as transformers 4 did.
    public static final long DEFAULT_MAX_SHARD_BYTES = 5_000_000_000L;

    public ModelFolder {
        stopTokenIds = List.copyOf(stopTokenIds);
    }

    /// Reads the settings of a model: a folder, a `.gguf` file, a llama2.c checkpoint, or a `.safetensors` or PyTorch
    /// `.bin` file with its `config.json` beside it.
    ///
    /// @throws IllegalArgumentException naming every setting that we do not implement, or that makes no sense
    public static ModelFolder read(Path path) {
        ModelFiles files = ModelFiles.at(path);
        ConfigReader.Contents contents = ConfigReader.read(files.configName(), files.config());
        Set<Integer> stops = new LinkedHashSet<>(contents.eosTokenIds());
        stops.addAll(files.moreStopTokenIds());
        return new ModelFolder(path, contents.config(), List.copyOf(stops), contents.dtype());
    }

    /// Opens the model's tokenizer, or returns null if it has none.
    ///
    /// @throws IllegalArgumentException if it cannot be used, or makes ids that the model has no row for
    public @Nullable Tokenizer tokenizer() {
        Tokenizer tokenizer = ModelFiles.at(path).tokenizer();
        boolean fits = false;
        try {
            if (tokenizer != null) {
                tokenizer.requireFit(config.vocabSize());
            }
            fits = true;
            return tokenizer;
        } finally {
            if (!fits && tokenizer != null) {
                tokenizer.close();
            }
        }
    }

    /// Reads the model's chat template: of its folder, or of the file that holds all of it.
    ///
    /// @throws IllegalArgumentException if it has none, or one that cannot be parsed
    public ChatTemplate chatTemplate() {
        return ModelFiles.at(path).chatTemplate();
    }

    /// Returns the same model for sequences of up to `positions` tokens ([ZebraConfig#withPositions]).
    public ModelFolder withPositions(int positions) {
        return new ModelFolder(path, config.withPositions(positions), stopTokenIds, storedDType);
    }

    /// Maps the weights.
    public WeightSource weights() {
        return ModelFiles.at(path).weights();
    }

    /// Writes a model, in shards of at most [#DEFAULT_MAX_SHARD_BYTES].
    public static void save(
            Path folder, ZebraConfig config, Map<String, Tensor> weights, DType dtype, @Nullable Path tokenizerJson) {
        save(folder, config, weights, dtype, tokenizerJson, DEFAULT_MAX_SHARD_BYTES);
    }

    /// Writes a model so that transformers, vLLM and we can open it, replacing one that is there.
    ///
    /// Everything is written to a folder within this one and forced to disk before the first file moves to its
    /// place, and `config.json` is removed first and comes last: what an interruption leaves is the old model,
    /// the new one, or a folder that is not taken for a model. Files that are not the model's stay.
    ///
    /// @param weights by name, exactly those of [ZebraParameters#shapes]
    /// @param dtype the type they are stored in, whatever they have
    /// @param tokenizerJson copied in, with `tokenizer_config.json` and `chat_template.jinja` if they lie
    ///     beside it
    /// @throws IllegalArgumentException if the weights do not fit the config, or the format cannot express it
    /// @throws java.io.UncheckedIOException if the folder cannot be written, saying why
    public static void save(
            Path folder,
            ZebraConfig config,
            Map<String, Tensor> weights,
            DType dtype,
            @Nullable Path tokenizerJson,
            long maxShardBytes) {
        ModelFolderWriter.of(folder, config, weights, dtype, tokenizerJson, maxShardBytes)
                .save();
    }
}
