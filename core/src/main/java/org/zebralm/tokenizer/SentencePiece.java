package org.zebralm.tokenizer;

/// A piece of a SentencePiece vocabulary; its place in the list is its id.
///
/// @param text what it stands for, blanks as `▁`
/// @param score a BPE piece of greater score is merged earlier; of a unigram piece, its log-probability
public record SentencePiece(String text, float score, Type type) {

    /// What a piece is for, with the number that SentencePiece and GGUF (`tokenizer.ggml.token_type`) write.
    public enum Type {
        NORMAL(1),
        UNKNOWN(2),
        /// Stands for itself and is never made from text, as `<s>`.
        CONTROL(3),
        /// Taken out of a text before it is cut.
        USER_DEFINED(4),
        UNUSED(5),
        /// A byte of what has no piece, as `<0x0A>`.
        BYTE(6);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        /// The number of this type.
        public int number() {
            return number;
        }

        /// The type of a number.
        ///
        /// @throws IllegalArgumentException if there is none
        public static Type of(long number) {
            for (Type type : values()) {
                if (type.number == number) {
                    return type;
                }
            }
            throw new IllegalArgumentException("the type of a piece must be a number from 1 to 6: got " + number);
        }
    }

    public SentencePiece {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("a piece must have a text: got \"\"");
        }
        if (!Float.isFinite(score)) {
            throw new IllegalArgumentException(
                    "the score of a piece must be a finite number: \"%s\" has %s".formatted(text, score));
        }
    }
}
