package org.zebralm.generate;

import java.util.Arrays;
import org.zebralm.tokenizer.Tokenizer;

/// Turns ids into text as they come, whole characters only.
///
/// One id may hold part of a character, and the text of an id may depend on the one before (a blank at the start of
/// a sentence). So a short window of ids is decoded together: those shown last, for context, and those since.
/// What is new is shown except for U+FFFD at the end, which is what an unfinished character decodes to. Work for each
/// id is bounded by the window, whatever the length of the text.
///
/// Not safe for use by many threads; one stream a sequence.
public final class TextStream {

    /// Ids kept while no character completes. A character has at most four bytes; a model that still produces only
    /// broken bytes after so many ids is shown as what it is, U+FFFD.
    private static final int WINDOW = 32;

    private static final char UNFINISHED = '\uFFFD';

    private final Tokenizer tokenizer;
    private final boolean skipSpecialTokens;
    private final int[] window = new int[WINDOW];
    private int size;
    private int numContext;
    private int shown;

    /// A stream for readers: special tokens have no text.
    public TextStream(Tokenizer tokenizer) {
        this(tokenizer, true);
    }

    /// A stream that shows special tokens or leaves them out.
    public TextStream(Tokenizer tokenizer, boolean skipSpecialTokens) {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
    }

    /// Goes on after ids whose text is shown already, a prompt's: the first blank of what follows depends on them.
    public TextStream after(int... ids) {
        for (int i = Math.max(0, ids.length - WINDOW / 2); i < ids.length; i++) {
            push(ids[i]);
        }
        return this;
    }

    /// Adds an id; returns the characters it completes, often none.
    public String push(int id) {
        window[size++] = id;
        String text = decode();
        boolean full = size == WINDOW;
        int end = full ? text.length() : endOfWholeCharacters(text);
        String completed = text.substring(Math.min(shown, end), end);
        shown = Math.max(shown, end);
        if (full) {
            keepFrom(size - 1);
        } else if (end == text.length() && !completed.isEmpty()) {
            keepFrom(numContext);
        }
        return completed;
    }

    /// Ends the text: returns what was held back, an unfinished character as U+FFFD.
    public String flush() {
        String text = decode();
        String rest = text.substring(Math.min(shown, text.length()));
        size = 0;
        numContext = 0;
        shown = 0;
        return rest;
    }

    /// Everything decoded is shown: what came since the last such moment becomes the context.
    private void keepFrom(int start) {
        System.arraycopy(window, start, window, 0, size - start);
        size -= start;
        numContext = size;
        shown = decode().length();
    }

    private String decode() {
        return tokenizer.decode(Arrays.copyOf(window, size), skipSpecialTokens);
    }

    private static int endOfWholeCharacters(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == UNFINISHED) {
            end--;
        }
        return end;
    }
}
