package org.zebralm.data;

import static org.zebralm.data.CharacterClass.LETTER;
import static org.zebralm.data.CharacterClass.LINE_END;
import static org.zebralm.data.CharacterClass.NUMBER;
import static org.zebralm.data.CharacterClass.SIGN;
import static org.zebralm.data.CharacterClass.SPACE;

/// Where a word ends: the expressions of [SplitPattern] by hand, alternative by alternative.
final class WordEnd {

    /// U+017F, the long s, which folds to `s`.
    private static final byte LONG_S_1 = (byte) 0xC5;

    private static final byte LONG_S_2 = (byte) 0xBF;

    private WordEnd() {}

    /// `'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    static int gpt2(byte[] text, int start, int end) {
        if (text[start] == '\'') {
            int contraction = contraction(text, start + 1, end, 0);
            if (contraction > 0) {
                return start + 1 + contraction;
            }
        }
        int at = text[start] == ' ' ? start + 1 : start;
        if (at < end) {
            int kind = CharacterClass.at(text, at);
            if ((kind & SPACE) == 0) {
                return CharacterClass.runEnd(text, at, end, kind);
            }
        }
        return spaceEnd(text, start, CharacterClass.runEnd(text, start, end, SPACE), end);
    }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
    /// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    static int gpt4(byte[] text, int start, int end) {
        int kind = CharacterClass.at(text, start);
        if (kind == LETTER) {
            return CharacterClass.runEnd(text, start, end, LETTER);
        }
        if (kind == NUMBER) {
            return numberEnd(text, start, end);
        }
        if (text[start] == '\'') {
            int contraction = contraction(text, start + 1, end, 0x20);
            if (contraction > 0) {
                return start + 1 + contraction;
            }
        }
        int second = CharacterClass.end(text, start);
        int secondKind = second < end ? CharacterClass.at(text, second) : 0;
        if (kind != LINE_END && secondKind == LETTER) {
            return CharacterClass.runEnd(text, second, end, LETTER);
        }
        if (kind == SIGN || (text[start] == ' ' && secondKind == SIGN)) {
            return CharacterClass.runEnd(text, CharacterClass.runEnd(text, second, end, SIGN), end, LINE_END);
        }
        int run = CharacterClass.runEnd(text, start, end, SPACE);
        // To the last line end of the run, if it has one: `\s*` gives back no more than it must.
        for (int i = run - 1; i >= start; i--) {
            if (text[i] == '\n' || text[i] == '\r') {
                return i + 1;
            }
        }
        return spaceEnd(text, start, run, end);
    }

    private static int numberEnd(byte[] text, int start, int end) {
        int at = start;
        for (int i = 0; i < 3 && at < end && CharacterClass.at(text, at) == NUMBER; i++) {
            at = CharacterClass.end(text, at);
        }
        return at;
    }

    /// `\s+(?!\S)|\s+`: white space up to the end of the text, or else without its last character, which belongs to
    /// what follows, unless that is all there is.
    private static int spaceEnd(byte[] text, int start, int run, int end) {
        if (run == end) {
            return run;
        }
        int last = run - 1;
        while ((text[last] & 0xC0) == 0x80) {
            last--;
        }
        return last > start ? last : run;
    }

    /// Returns the bytes after the apostrophe, or 0 if it begins no contraction.
    ///
    /// @param fold 0x20 for either case, 0 for the lower one alone
    private static int contraction(byte[] text, int at, int end, int fold) {
        if (at >= end) {
            return 0;
        }
        int first = text[at] | fold;
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return 1;
        }
        if (at + 1 >= end) {
            return 0;
        }
        if (fold != 0 && text[at] == LONG_S_1 && text[at + 1] == LONG_S_2) {
            return 2;
        }
        int second = text[at + 1] | fold;
        boolean two = (first == 'l' && second == 'l') || ((first == 'r' || first == 'v') && second == 'e');
        return two ? 2 : 0;
    }
}
