package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.zebralm.model.ZebraConfig;

/// A model on disk that is to be described or converted: its files, and its settings as they are written and as read.
///
/// @param root what its config says; of a model that also sees, with all of its parts
/// @param contents the same, read
/// @param folder the model as others read it
record SourceModel(ModelFiles files, ObjectNode root, ConfigReader.Contents contents, ModelFolder folder) {
    /// @throws IllegalArgumentException naming every setting that we do not implement, or that makes no sense
    static SourceModel read(Path path) {
        ModelFolder folder = ModelFolder.read(path);
        ModelFiles files = ModelFiles.at(path);
        ObjectNode root = files.config();
        return new SourceModel(files, root, ConfigReader.read(files.configName(), root), folder);
    }

    ModelType type() {
        return contents.type();
    }

    ZebraConfig config() {
        return contents.config();
    }

    /// Returns a copy of the settings of the language model.
    ObjectNode text() {
        return TextConfig.of(root).deepCopy();
    }

    /// Returns whether the model is the text of one that also sees.
    boolean isPart() {
        return root.has("text_config");
    }

    /// Returns whether the settings have the keys of the published Zebra code.
    boolean isPublishedZebra() {
        return LayerTypes.ZEBRA_KEYS.stream().anyMatch(root::hasNonNull);
    }
}
