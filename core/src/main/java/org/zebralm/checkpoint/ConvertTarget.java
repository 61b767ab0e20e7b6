package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;

/// What a model is converted to.
public enum ConvertTarget {
    /// A folder of the model's own family, as transformers has it.
    HF("hf"),
    /// A folder of `model_type` cwm, or llama where all layers are global: Llama's architecture with any layer types.
    CWM("cwm"),
    /// A file for llama.cpp.
    GGUF("gguf");

    private final String label;

    ConvertTarget(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }

    /// Returns the target of a label.
    ///
    /// @throws IllegalArgumentException if there is none of this label
    public static ConvertTarget parse(String label) {
        return Arrays.stream(values())
                .filter(target -> target.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a model can be converted to "
                        + Arrays.stream(values()).map(ConvertTarget::label).collect(Collectors.joining(", "))
                        + ": got \"" + label + '"'));
    }
}
