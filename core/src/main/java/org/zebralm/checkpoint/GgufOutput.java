package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.Optional;
import org.zebralm.tensor.DType;

/// How a model is written as GGUF.
///
/// @param type what matrices are stored as; norms and biases are always F32
/// @param hasTokenizer whether the model's tokenizer goes into the file, if it has one
/// @param progress told after each tensor
public record GgufOutput(Type type, boolean hasTokenizer, Progress progress) {
    /// What matrices are stored as.
    public enum Type {
        F32("float32"),
        F16("float16"),
        BF16("bfloat16"),
        /// 8 bits for each number, and a scale for each 32.
        Q8_0("q8_0"),
        /// 4 bits for each number, and a scale for each 32; Q8_0 for the embedding and the head, which suffer most.
        Q4_0("q4_0");

        private final String label;

        Type(String label) {
            this.label = label;
        }

        /// Returns what a user calls it: a [DType]'s label where it is one.
        public String label() {
            return label;
        }

        public boolean isQuantized() {
            return this == Q8_0 || this == Q4_0;
        }

        /// Returns the type of a label, or nothing if there is none of this label.
        public static Optional<Type> find(String label) {
            return Arrays.stream(values())
                    .filter(type -> type.label.equals(label))
                    .findFirst();
        }

        /// Returns what numbers of a type are stored as: F32 for those that have none of their own here.
        static Type of(DType dtype) {
            return find(dtype.label()).orElse(F32);
        }
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
