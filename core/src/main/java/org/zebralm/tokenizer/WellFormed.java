package org.zebralm.tokenizer;

/// A text without lone surrogates.
///
/// A Java string may hold half of a surrogate pair; no UTF-8 exists for it, and the native library would misread
/// the whole text. Each lone half becomes U+FFFD, as a UTF-8 encoder would write it.
///
/// @param text the text, well-formed UTF-16
/// @param numReplaced how many lone surrogates were replaced
public record WellFormed(String text, int numReplaced) {

    private static final char REPLACEMENT = '\uFFFD';

    /// Repairs a text; one that needs no repair is returned as it is.
    public static WellFormed of(String text) {
        int numReplaced = 0;
        char[] repaired = null;
        for (int i = 0; i < text.length(); i++) {
            if (!Character.isSurrogate(text.charAt(i))) {
                continue;
            }
            if (isPair(text, i)) {
                i++;
                continue;
            }
            if (repaired == null) {
                repaired = text.toCharArray();
            }
            repaired[i] = REPLACEMENT;
            numReplaced++;
        }
        return new WellFormed(repaired == null ? text : new String(repaired), numReplaced);
    }

    private static boolean isPair(String text, int i) {
        return i + 1 < text.length()
                && Character.isHighSurrogate(text.charAt(i))
                && Character.isLowSurrogate(text.charAt(i + 1));
    }
}
