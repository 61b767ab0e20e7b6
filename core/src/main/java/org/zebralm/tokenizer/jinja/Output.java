package org.zebralm.tokenizer.jinja;

/// Text as it is written, within a budget.
final class Output {
    private final StringBuilder text = new StringBuilder();
    private final Budget budget;

    Output(Budget budget) {
        this.budget = budget;
    }

    void write(String part) {
        budget.make(part.length());
        text.append(part);
    }

    int length() {
        return text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
