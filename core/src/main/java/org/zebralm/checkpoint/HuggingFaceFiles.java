package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.Tokenizer;

/// A folder of Hugging Face's layout.
///
/// @param weightFile the file to take the weights from, or null for those that the folder names as usual
record HuggingFaceFiles(Path folder, @Nullable Path weightFile) implements ModelFiles {
    @Override
    public String form() {
        return weightFile == null ? "a Hugging Face folder" : "a file of weights with its config.json";
    }

    @Override
    public String configName() {
        return folder.resolve(ModelFolder.CONFIG).toString();
    }

    @Override
    public ObjectNode config() {
        Path file = folder.resolve(ModelFolder.CONFIG);
        if (!Files.exists(file)) {
            throw new IllegalArgumentException(folder + " is no model folder: it has no " + ModelFolder.CONFIG
                    + ModelFolderWriter.interruptedSave(folder) + ggufFiles());
        }
        return JsonFile.read(file);
    }

    /// A folder may hold several models as GGUF files, of which one has to be named.
    private String ggufFiles() {
        try (Stream<Path> files = Files.list(folder)) {
            String names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".gguf"))
                    .sorted()
                    .collect(Collectors.joining(", "));
            return names.isEmpty() ? "" : "; name one of its files instead: " + names;
        } catch (IOException _) {
            return ""; // the folder itself is missing, which the message around this one says well enough
        }
    }

    /// Returns what `generation_config.json` says, or null if there is none.
    @Nullable
    ObjectNode generationConfig() {
        Path file = folder.resolve(ModelFolder.GENERATION_CONFIG);
        return Files.exists(file) ? JsonFile.read(file) : null;
    }

    @Override
    public List<Integer> moreStopTokenIds() {
        ObjectNode generation = generationConfig();
        if (generation == null) {
            return List.of();
        }
        JsonNode eos = generation.path("eos_token_id");
        return (eos.isArray() ? eos.valueStream() : Stream.of(eos))
                .filter(JsonNode::isInt)
                .map(JsonNode::intValue)
                .filter(id -> id >= 0)
                .toList();
    }

    @Override
    public WeightSource weights() {
        return TextPart.of(weightFile == null ? FolderWeights.open(folder) : open(weightFile));
    }

    private static WeightSource open(Path file) {
        return file.getFileName().toString().endsWith(".safetensors")
                ? SafetensorsFile.open(file)
                : TorchFile.open(file);
    }

    @Override
    public @Nullable Path tokenizerFile() {
        return Stream.of(ModelFolder.TOKENIZER, ModelFolder.SENTENCE_PIECE)
                .map(folder::resolve)
                .filter(Files::exists)
                .findFirst()
                .orElse(null);
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        Path file = tokenizerFile();
        return file == null ? null : Tokenizer.load(file);
    }

    @Override
    public ChatTemplate chatTemplate() {
        return ChatTemplate.load(folder);
    }
}
