package org.zebralm.tokenizer.jinja;

/// A template that cannot be parsed or rendered; the message begins with the template's line.
public final class TemplateException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// What went wrong.
    public enum Kind {
        /// The template is not valid, or uses what is not implemented.
        SYNTAX,
        /// An operation that Python would refuse as well.
        RUNTIME,
        /// The template called `raise_exception`: the conversation does not suit it.
        RAISED,
        /// A bound of [Limits] was reached.
        LIMIT
    }

    private final Kind kind;
    private final int line;
    private final String reason;

    private TemplateException(Kind kind, int line, String reason) {
        super(line == 0 ? reason : "chat template, line " + line + ": " + reason);
        this.kind = kind;
        this.line = line;
        this.reason = reason;
    }

    static TemplateException syntax(int line, String reason) {
        return new TemplateException(Kind.SYNTAX, line, reason);
    }

    static TemplateException runtime(String reason) {
        return new TemplateException(Kind.RUNTIME, 0, reason);
    }

    static TemplateException raised(String reason) {
        return new TemplateException(Kind.RAISED, 0, reason);
    }

    static TemplateException limit(String reason) {
        return new TemplateException(Kind.LIMIT, 0, reason);
    }

    /// Returns the same with a line, unless it has one.
    TemplateException at(int where) {
        return line == 0 && where > 0 ? new TemplateException(kind, where, reason) : this;
    }

    /// What went wrong.
    public Kind kind() {
        return kind;
    }

    /// The line of the template, from 1; 0 where there is none.
    public int line() {
        return line;
    }

    /// The message without the line; of [Kind#RAISED], the template's own words.
    public String reason() {
        return reason;
    }
}
