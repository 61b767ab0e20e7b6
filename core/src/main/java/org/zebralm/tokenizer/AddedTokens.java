package org.zebralm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// The `added_tokens` of a `tokenizer.json`, taken out of a text before anything else is done to it.
///
/// The first in the text is taken, of those that begin at one place the longest, as in the Rust library.
final class AddedTokens {

    /// A token as the file describes it.
    ///
    /// @param lstrip whether white space before it goes
    /// @param rstrip whether white space after it goes
    /// @param singleWord whether it must not touch a word
    record Token(int id, String content, boolean lstrip, boolean rstrip, boolean singleWord) {}

    /// What becomes of the parts of a text.
    interface Parts {
        void token(int id);

        /// What stands between tokens, never empty.
        void text(byte[] bytes, int from, int to);
    }

    private static final Predicate<String> SPACE = character("\\s");
    private static final Predicate<String> WORD = character("\\w");

    private final List<Token> tokens;
    private final ByteTrie trie;

    AddedTokens(List<Token> tokens) {
        this.tokens = List.copyOf(tokens);
        this.trie = new ByteTrie(tokens.stream().map(Token::content).toList());
    }

    private static Predicate<String> character(String expression) {
        return Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS).asMatchPredicate();
    }

    /// Parts a text.
    void part(byte[] text, Parts parts) {
        int written = 0;
        int at = 0;
        while (at < text.length) {
            int end = trie.longestEnd(text, at, text.length);
            if (end == at) {
                at++;
                continue;
            }
            Token token = tokens.get(trie.find(text, at, end));
            if (token.singleWord() && touchesWord(text, at, end)) {
                at = end;
                continue;
            }
            int from = at;
            while (token.lstrip() && from > written && SPACE.test(string(text, beginOfLast(text, from), from))) {
                from = beginOfLast(text, from);
            }
            if (written < from) {
                parts.text(text, written, from);
            }
            parts.token(token.id());
            written = end;
            while (token.rstrip() && written < text.length && SPACE.test(first(text, written))) {
                written += first(text, written).getBytes(StandardCharsets.UTF_8).length;
            }
            at = written;
        }
        if (written < text.length) {
            parts.text(text, written, text.length);
        }
    }

    private static boolean touchesWord(byte[] text, int from, int to) {
        return (from > 0 && WORD.test(string(text, beginOfLast(text, from), from)))
                || (to < text.length && WORD.test(first(text, to)));
    }

    /// Where the character begins that ends before `end`.
    private static int beginOfLast(byte[] text, int end) {
        int begin = end - 1;
        while (begin > 0 && (text[begin] & 0xC0) == 0x80) {
            begin--;
        }
        return begin;
    }

    private static String first(byte[] text, int from) {
        return string(text, from, from + SentencePieceEncoder.characterLength(text[from]));
    }

    private static String string(byte[] text, int from, int to) {
        return new String(text, from, to - from, StandardCharsets.UTF_8);
    }
}
