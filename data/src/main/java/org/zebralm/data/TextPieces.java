package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;

/// Where a long text may be cut so that the ids of the parts, joined, are the ids of the whole.
///
/// Two kinds of place are known to be boundaries of words for every [SplitPattern] (and for the patterns of the common
/// byte-level tokenizers): before a single blank between two ASCII letters, and after a line end between two signs that
/// are not white space. A tokenizer that works without words, as SentencePiece's do, has no such place; whether a given
/// one does is tried, see [EncodeDocuments].
final class TextPieces {

    private TextPieces() {}

    /// Cuts a text into parts of about `size` characters; a part without a safe place is longer.
    static List<String> cut(String text, int size) {
        var pieces = new ArrayList<String>();
        int start = 0;
        while (text.length() - start > size) {
            int cut = safePlace(text, start, size);
            pieces.add(text.substring(start, cut));
            start = cut;
        }
        if (start < text.length()) {
            pieces.add(text.substring(start));
        }
        return pieces;
    }

    /// The last safe place in the second half of the next `size` characters, or else the first one after.
    private static int safePlace(String text, int start, int size) {
        for (int i = start + size; i > start + size / 2; i--) {
            if (isSafe(text, i)) {
                return i;
            }
        }
        for (int i = start + size + 1; i < text.length(); i++) {
            if (isSafe(text, i)) {
                return i;
            }
        }
        return text.length();
    }

    private static boolean isSafe(String text, int i) {
        if (i < 2 || i + 1 >= text.length()) {
            return false;
        }
        boolean blankBetweenLetters =
                text.charAt(i) == ' ' && isLetter(text.charAt(i - 1)) && isLetter(text.charAt(i + 1));
        boolean lineEndBetweenSigns =
                text.charAt(i - 1) == '\n' && isSign(text.charAt(i - 2)) && isSign(text.charAt(i));
        return blankBetweenLetters || lineEndBetweenSigns;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /// Neither of the two notions of white space, Java's and Unicode's, holds for a sign.
    private static boolean isSign(char c) {
        return c > ' ' && c != 0x7F && c != 0x85 && !Character.isWhitespace(c) && !Character.isSpaceChar(c);
    }
}
