package org.zebralm.tokenizer.jinja;

/// How much one rendering may do. A template comes from strangers: it must not hang or exhaust the process.
///
/// @param steps statements and expressions evaluated, items looped over, and characters worked on by 16
/// @param characters characters written and built on the way, and items put into lists
/// @param depth expressions, statements, macro calls and values within one another
public record Limits(long steps, long characters, int depth) {
    /// The largest number of items a range may have, as in Jinja's sandbox.
    static final int RANGE = 100_000;

    /// The most bits of an integer: about the 4300 digits that Python prints.
    static final int INTEGER_BITS = 14_284;

    /// Returns the limits for a template and data of so many characters: a floor, and 64 times the data.
    public static Limits forInput(long inputCharacters) {
        return new Limits(20_000_000 + 64 * inputCharacters, 16_000_000 + 64 * inputCharacters, 400);
    }
}
