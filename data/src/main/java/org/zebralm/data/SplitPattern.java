package org.zebralm.data;

import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a text is cut into words before byte pairs are merged; no merge crosses a cut.
///
/// The same expression runs here, to count words, and in the Rust library, to encode. It is written so that both
/// engines read it alike: classes by general category, `\s` as Unicode's White_Space (Java needs a flag for
/// that), cases spelled out instead of case folding, no possessive forms.
public enum SplitPattern {
    /// GPT-2's: letters, digits and other signs apart, each with the blank before it.
    GPT2("'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"),

    /// Llama 3's, after GPT-4: digits by threes, line ends kept with the signs before them, runs of blanks whole.
    /// It suits code better. Upstream folds case in contractions; here the cases are spelled out.
    LLAMA3("(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

    private final String regex;
    private final Pattern pattern;

    SplitPattern(String regex) {
        this.regex = regex;
        this.pattern = Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS);
    }

    /// The expression as `tokenizer.json` has it.
    public String regex() {
        return regex;
    }

    /// Hands over the words of a text in order; joined, they are the text.
    public void forEachWord(CharSequence text, Consumer<String> consumer) {
        Matcher words = pattern.matcher(text);
        while (words.find()) {
            consumer.accept(words.group());
        }
    }
}
