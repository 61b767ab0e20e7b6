package org.zebralm.tokenizer.jinja;

import java.util.List;

/// Statements with variables of their own.
final class Body {
    private final List<Statement> statements;
    private List<String> unset = List.of();

    Body(List<Statement> statements) {
        this.statements = statements;
    }

    List<Statement> statements() {
        return statements;
    }

    /// The variables that are undefined until they are set here, even if one of that name was given to the template.
    ///
    /// Jinja decides so of names that a body sets before it reads them, and [Variables] as Jinja does.
    List<String> unset() {
        return unset;
    }

    void setUnset(List<String> names) {
        unset = names;
    }
}
