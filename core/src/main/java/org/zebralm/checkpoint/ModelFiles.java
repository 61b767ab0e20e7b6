package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.Tokenizer;

/// A model on disk in one of the forms we read, as if it were a Hugging Face folder.
interface ModelFiles {
    /// Finds out what lies at a path: a model folder, or one of the files that hold a model.
    ///
    /// @throws IllegalArgumentException if it is none of them
    static ModelFiles at(Path path) {
        if (!Files.isRegularFile(path)) {
            return new HuggingFaceFiles(path, null);
        }
        String name = path.getFileName().toString();
        if (name.endsWith(".gguf")) {
            return new GgufModel(path);
        }
        if (name.endsWith(".bin") && !TorchFile.isTorch(path)) {
            return new Llama2cModel(path);
        }
        if (name.endsWith(".safetensors") || name.endsWith(".bin")) {
            Path folder = path.toAbsolutePath().normalize().getParent();
            if (folder != null && Files.exists(folder.resolve(ModelFolder.CONFIG))) {
                return new HuggingFaceFiles(folder, path);
            }
            throw new IllegalArgumentException(
                    path + " needs a " + ModelFolder.CONFIG + " beside it, which says what model its weights are");
        }
        throw new IllegalArgumentException("a model must be a folder, a .gguf file, a llama2.c checkpoint, or a"
                + " .safetensors or PyTorch .bin file with its " + ModelFolder.CONFIG + " beside it: got " + path);
    }

    /// Returns what kind of files these are, in words.
    String form();

    /// Returns what stands for `config.json` in errors.
    String configName();

    /// Returns what `config.json` says, or would say.
    ObjectNode config();

    /// Returns the ids that end a text besides those in the config.
    List<Integer> moreStopTokenIds();

    /// Maps the weights.
    WeightSource weights();

    /// Returns the tokenizer's file if it has one of its own, which others may lie beside, or null.
    @Nullable
    Path tokenizerFile();

    /// Returns whether there is a tokenizer, in a file of its own or with the rest.
    default boolean hasTokenizer() {
        return tokenizerFile() != null;
    }

    /// Returns the chat template that the model's one file holds, or null; others lie in files of their own.
    default @Nullable String chatTemplateWithin() {
        return null;
    }

    /// Opens the tokenizer, or returns null if there is none.
    @Nullable
    Tokenizer tokenizer();

    /// Returns the chat template.
    ///
    /// @throws IllegalArgumentException if there is none
    ChatTemplate chatTemplate();
}
