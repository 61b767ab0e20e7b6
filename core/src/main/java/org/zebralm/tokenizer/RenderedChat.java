package org.zebralm.tokenizer;

import java.util.List;
import org.zebralm.tokenizer.jinja.Template.Span;

/// The text of a conversation, special tokens written out.
public final class RenderedChat {
    private final String text;
    private final List<Span> generated;
    private final boolean isLocated;

    RenderedChat(String text, List<Span> generated, boolean isLocated) {
        this.text = text;
        this.generated = generated;
        this.isLocated = isLocated;
    }

    /// What to encode. Bos is in it if the template writes it.
    public String text() {
        return text;
    }

    /// What the assistant said, by the template's `{% generation %}` blocks: characters of [#text].
    ///
    /// @throws IllegalArgumentException if a block stands where its place in the text is not known, within a macro
    ///     for example; transformers gives a wrong place then
    public List<Span> generated() {
        if (!isLocated) {
            throw new IllegalArgumentException("a {% generation %} block must not stand within a macro, a call block, a"
                    + " filter block or a set block of a chat template, where its place in the text is not known");
        }
        return generated;
    }
}
