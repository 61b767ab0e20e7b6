package org.zebralm.tokenizer.jinja;

import java.util.List;

/// Tokens as a parser reads them.
final class Tokens {
    private static final int DEPTH = 150;

    private final List<Token> tokens;
    private int position;
    private int depth;

    Tokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(position);
    }

    Token ahead() {
        return tokens.get(Math.min(position + 1, tokens.size() - 1));
    }

    Token next() {
        Token token = current();
        position = Math.min(position + 1, tokens.size() - 1);
        return token;
    }

    boolean skipName(String name) {
        boolean skip = current().isName(name);
        if (skip) {
            next();
        }
        return skip;
    }

    boolean skipOperator(String operator) {
        boolean skip = current().isOperator(operator);
        if (skip) {
            next();
        }
        return skip;
    }

    Token expect(Token.Type type, String expected) {
        if (current().type() != type) {
            throw fail("expected " + expected + ": got " + current().description());
        }
        return next();
    }

    String expectName() {
        return expect(Token.Type.NAME, "a name").text();
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw fail("expected " + name + ": got " + current().description());
        }
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw fail("expected " + operator + ": got " + current().description());
        }
    }

    /// Bounds the parser's own recursion.
    void enter() {
        if (++depth > DEPTH) {
            throw fail("a template must not nest deeper than " + DEPTH);
        }
    }

    void leave() {
        depth--;
    }

    TemplateException fail(String reason) {
        return TemplateException.syntax(current().line(), reason);
    }
}
