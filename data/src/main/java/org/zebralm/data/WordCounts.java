package org.zebralm.data;

import java.util.List;
import java.util.function.LongConsumer;

/// How often each word occurs in a text; all that training a tokenizer needs to know of it.
///
/// The words are those of a [SplitPattern], in the parts of the text between [SpecialTokens]: the encoder takes these
/// out of a text before splitting, and so it is done here.
public final class WordCounts {

    private final SplitPattern split;
    private final SpecialTokens specials;
    private final List<WordTable> tables;
    private final long numDropped;

    /// @param tables no word in two of them
    /// @param numDropped distinct words left out for want of memory
    WordCounts(SplitPattern split, SpecialTokens specials, List<WordTable> tables, long numDropped) {
        this.split = split;
        this.specials = specials;
        this.tables = List.copyOf(tables);
        this.numDropped = numDropped;
    }

    /// Counts the words of all documents between `<|endoftext|>`s, on all cores.
    ///
    /// @param progress told the characters read so far, after each document
    public static WordCounts of(DocumentSource source, SplitPattern split, LongConsumer progress) {
        return WordCounter.of(split, SpecialTokens.END_OF_TEXT).count(source, progress);
    }

    /// How the words were cut.
    public SplitPattern split() {
        return split;
    }

    /// What was taken out before.
    public SpecialTokens specials() {
        return specials;
    }

    /// The distinct words counted here.
    public long numWords() {
        return tables.stream().mapToLong(WordTable::size).sum();
    }

    /// Further distinct words, the rarest, that were left out to bound memory: none as a rule, see [WordCounter].
    public long numDropped() {
        return numDropped;
    }

    List<WordTable> tables() {
        return tables;
    }
}
