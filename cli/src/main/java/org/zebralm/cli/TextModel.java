package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.generate.Generator;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.DType;
import org.zebralm.tokenizer.Tokenizer;

/// A model folder opened for text: the weights, and the tokenizer that goes with them.
record TextModel(Tokenizer tokenizer, LoadedModel loaded) implements AutoCloseable {
    /// Opens a folder with the attention of this machine.
    ///
    /// @param dtype the label of what to compute in; null means as the weights are stored
    /// @param positions how long a context may be; null means what the model was made for
    static TextModel open(Path model, @Nullable String dtype, @Nullable Integer positions) {
        ModelFolder read = ModelFolder.read(model);
        ModelFolder folder = positions == null ? read : read.withPositions(positions);
        Tokenizer tokenizer = folder.tokenizer();
        if (tokenizer == null) {
            throw new IllegalArgumentException(model
                    + " has no tokenizer.json or tokenizer.model, which turns text into tokens; copy it "
                    + (Files.isDirectory(model) ? "there" : "into the file's folder"));
        }
        boolean opened = false;
        try {
            DType type = dtype != null
                    ? DType.parse(dtype)
                    : Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
            var textModel = new TextModel(tokenizer, LoadedModel.open(folder, type, Machine.attention()));
            opened = true;
            return textModel;
        } finally {
            if (!opened) {
                tokenizer.close();
            }
        }
    }

    /// The ids of a text to continue; of none, the token that begins a text, where the model has one.
    int[] encodePrompt(String text) {
        int[] ids = tokenizer.encodePrompt(text);
        int bos = loaded.folder().config().bosTokenId();
        return ids.length == 0 && bos >= 0 ? new int[] {bos} : ids;
    }

    Zebra zebra() {
        return loaded.zebra();
    }

    /// Returns what continues texts, up to any of the model's end tokens.
    Generator generator() {
        return new Generator(zebra(), loaded.folder().stopTokenIds(), tokenizer);
    }

    @Override
    public void close() {
        loaded.close();
        tokenizer.close();
    }
}
