package org.zebralm.data;

/// How a text is cut into words before byte pairs are merged; no merge crosses a cut.
///
/// The expression is what `tokenizer.json` has and what the Rust library encodes by. Here words are cut by hand
/// ([#wordEnd]), ten times as fast; tests hold both against it.
public enum SplitPattern {
    /// GPT-2's: letters, digits and other signs apart, each with the blank before it.
    GPT2("'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+") {
        @Override
        int wordEnd(byte[] utf8, int start, int end) {
            return WordEnd.gpt2(utf8, start, end);
        }
    },

    /// GPT-4's (`cl100k_base`): digits by threes, line ends kept with the signs before them, runs of blanks whole,
    /// contractions in either case. It suits code better.
    GPT4(SplitPattern.CL100K) {
        @Override
        int wordEnd(byte[] utf8, int start, int end) {
            return WordEnd.gpt4(utf8, start, end);
        }
    },

    /// Llama 3's, which is GPT-4's, taken over as it is.
    LLAMA3(SplitPattern.CL100K) {
        @Override
        int wordEnd(byte[] utf8, int start, int end) {
            return WordEnd.gpt4(utf8, start, end);
        }
    };

    private static final String CL100K = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private final String regex;

    SplitPattern(String regex) {
        this.regex = regex;
    }

    /// The expression as `tokenizer.json` has it.
    public String regex() {
        return regex;
    }

    /// Returns where the word ends that begins at `start`: past it, and at most at `end`. Every byte is in a word.
    ///
    /// @param utf8 well-formed; words begin and end between characters
    abstract int wordEnd(byte[] utf8, int start, int end);
}
