package org.zebralm.tokenizer.jinja;

/// What one rendering has used of its [Limits].
final class Budget {
    private final Limits limits;
    private long steps;
    private long characters;
    private int depth;

    Budget(Limits limits) {
        this.limits = limits;
    }

    void step() {
        work(16);
    }

    /// Charges work on so many characters or items.
    void work(long size) {
        steps += size;
        if (steps / 16 > limits.steps()) {
            throw TemplateException.limit("a template must render within " + limits.steps() + " steps");
        }
    }

    /// Charges for characters or items that are about to be made.
    void make(long size) {
        characters += size;
        if (size > limits.characters() || characters > limits.characters()) {
            throw TemplateException.limit(
                    "a template must render within " + limits.characters() + " characters written and built");
        }
        work(size);
    }

    void enter() {
        if (++depth > limits.depth()) {
            depth--;
            throw TemplateException.limit("a template must not nest deeper than " + limits.depth());
        }
    }

    void leave() {
        depth--;
    }
}
