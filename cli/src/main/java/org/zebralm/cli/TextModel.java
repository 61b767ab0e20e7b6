package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.DType;
import org.zebralm.tokenizer.Tokenizer;

/// A model folder opened for text: the weights, and the tokenizer that goes with them.
record TextModel(Tokenizer tokenizer, LoadedModel loaded) implements AutoCloseable {
    /// Opens a folder with the attention of this machine.
    ///
    /// @param dtype the label of what to compute in; null means as the weights are stored
    static TextModel open(Path model, @Nullable String dtype) {
        ModelFolder folder = ModelFolder.read(model);
        Path tokenizerJson = folder.tokenizerJson();
        if (tokenizerJson == null) {
            throw new IllegalArgumentException(model + " has no tokenizer.json, which turns text into tokens; copy it "
                    + (Files.isDirectory(model) ? "there" : "into the file's folder"));
        }
        DType type =
                dtype != null ? DType.parse(dtype) : Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
        LoadedModel loaded = LoadedModel.open(model, type, Machine.attention());
        boolean opened = false;
        try {
            var textModel = new TextModel(Tokenizer.load(tokenizerJson), loaded);
            opened = true;
            return textModel;
        } finally {
            if (!opened) {
                loaded.close();
            }
        }
    }

    Zebra zebra() {
        return loaded.zebra();
    }

    @Override
    public void close() {
        loaded.close();
        tokenizer.close();
    }
}
