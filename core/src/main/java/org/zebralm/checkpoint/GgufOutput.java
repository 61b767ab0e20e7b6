package org.zebralm.checkpoint;

/// How a model is written as GGUF.
///
/// @param type what matrices are stored as; norms and biases are always F32
/// @param hasTokenizer whether the model's tokenizer goes into the file, if it has one
/// @param progress told after each tensor
public record GgufOutput(Type type, boolean hasTokenizer, Progress progress) {
    /// What matrices are stored as.
    public enum Type {
        F32,
        F16,
        BF16,
        /// 8 bits for each number, and a scale for each 32.
        Q8_0,
        /// 4 bits for each number, and a scale for each 32; Q8_0 for the embedding and the head, which suffer most.
        Q4_0
    }

    /// Is told how far the writing is.
    @FunctionalInterface
    public interface Progress {
        /// Takes note of a tensor that is written.
        ///
        /// @param bytes of `totalBytes` of tensors, so far
        void written(String tensor, long bytes, long totalBytes);
    }

    /// The tokenizer included, and nobody told.
    public GgufOutput(Type type) {
        this(type, true, (_, _, _) -> {});
    }
}
