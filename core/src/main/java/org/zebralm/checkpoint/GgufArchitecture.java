package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;

/// The architectures of GGUF files that we read, with the `model_type` of the same in transformers.
enum GgufArchitecture {
    LLAMA("llama", "llama"),
    /// Where nothing of it is Granite's own; with biases it is another type ([GgufGranite]).
    GRANITE_SWA("granite_swa", "cwm"),
    QWEN2("qwen2", "qwen2"),
    QWEN3("qwen3", "qwen3"),
    GEMMA2("gemma2", "gemma2"),
    GEMMA3("gemma3", "gemma3_text");

    final String label;
    final String modelType;

    GgufArchitecture(String label, String modelType) {
        this.label = label;
        this.modelType = modelType;
    }

    /// Returns the architecture that a file names.
    ///
    /// @throws IllegalArgumentException naming the file if it is another
    static GgufArchitecture of(String file, String label) {
        for (GgufArchitecture architecture : values()) {
            if (architecture.label.equals(label)) {
                return architecture;
            }
        }
        throw new IllegalArgumentException(file + ": general.architecture must be one of "
                + Arrays.stream(values()).map(a -> a.label).collect(Collectors.joining(", ")) + ": got \"" + label
                + '"');
    }

    /// Whether neighbouring elements of a head are rotated together, so that queries and keys lie in another order.
    boolean rotatesNeighbours() {
        return this == LLAMA || this == GRANITE_SWA;
    }

    boolean isGemma() {
        return this == GEMMA2 || this == GEMMA3;
    }
}
