package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A GGUF file, which has settings and weights in one, with a `tokenizer.json` beside it.
record GgufModel(Path path) implements ModelFiles {
    @Override
    public String configName() {
        return path.toString();
    }

    @Override
    public ObjectNode config() {
        try (GgufFile file = GgufFile.open(path)) {
            return GgufConfig.read(file);
        }
    }

    @Override
    public List<Integer> moreStopTokenIds() {
        return List.of();
    }

    @Override
    public WeightSource weights() {
        GgufFile file = GgufFile.open(path);
        boolean opened = false;
        try {
            ObjectNode config = GgufConfig.read(file);
            var weights = new GgufWeights(
                    file,
                    GgufConfig.architecture(file),
                    config.path("num_attention_heads").intValue(),
                    config.path("num_key_value_heads").intValue());
            opened = true;
            return weights;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /// The tokenizer within the file is not read yet.
    @Override
    public @Nullable Path tokenizerJson() {
        return ModelFiles.ifThere(path.resolveSibling(ModelFolder.TOKENIZER));
    }
}
