package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Parses a template.
final class Parser {
    private static final Set<String> CONSTANTS = Set.of("true", "True", "false", "False", "none", "None");

    private final Tokens tokens;
    private final ExpressionParser expressions;
    private final Set<String> blocks = new HashSet<>();
    private int loops;
    private int loopBodies;

    private Parser(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    static Body parse(String template) {
        var parser = new Parser(new Tokens(Lexer.tokenize(template)));
        Body body = new Body(parser.parseStatements());
        if (parser.tokens.current().type() != Token.Type.END) {
            throw parser.tokens.fail("unknown tag " + parser.tokens.current().description());
        }
        Variables.resolve(body);
        return body;
    }

    /// Parses up to the end, or to the name of a tag that is in `ends`, which is left to be read.
    private List<Statement> parseStatements(String... ends) {
        tokens.enter();
        List<Statement> statements = new ArrayList<>();
        while (tokens.current().type() != Token.Type.END) {
            Token token = tokens.next();
            switch (token.type()) {
                case DATA -> statements.add(new Statement.Data(token.text(), token.line()));
                case VARIABLE_BEGIN -> {
                    statements.add(new Statement.Print(List.of(expressions.parseTuple(true, "", false)), token.line()));
                    tokens.expect(Token.Type.VARIABLE_END, "}}");
                }
                default -> {
                    if (List.of(ends).contains(tokens.current().text())
                            && tokens.current().type() == Token.Type.NAME) {
                        tokens.leave();
                        return statements;
                    }
                    statements.add(parseStatement());
                    tokens.expect(Token.Type.BLOCK_END, "%}");
                }
            }
        }
        if (ends.length > 0) {
            throw tokens.fail("expected {% " + String.join(" %} or {% ", ends) + " %}: got the end of the template");
        }
        tokens.leave();
        return statements;
    }

    private List<Statement> parseBody(String... ends) {
        tokens.skipOperator(":");
        tokens.expect(Token.Type.BLOCK_END, "%}");
        return parseStatements(ends);
    }

    private Body parseClosedBody(String end) {
        List<Statement> statements = parseBody(end);
        tokens.next();
        return new Body(statements);
    }

    /// A body that becomes a function of its own: no loop around it can be left from within.
    private Body parseFunction(String end) {
        int outer = loops;
        loops = 0;
        Body body = parseClosedBody(end);
        loops = outer;
        return body;
    }

    private Statement parseStatement() {
        Token token = tokens.expect(Token.Type.NAME, "the name of a tag");
        int line = token.line();
        return switch (token.text()) {
            case "for" -> parseFor(line);
            case "if" -> parseIf(line);
            case "set" -> parseSet(line);
            case "with" -> parseWith(line);
            case "block" -> parseBlock(line);
            case "macro" -> parseMacro(line);
            case "call" -> parseCall(line);
            case "print" -> parsePrint(line);
            case "filter" ->
                new Statement.FilterBlock(
                        expressions.parseFilter(new Expression.Captured(), true), parseClosedBody("endfilter"), line);
            case "generation" -> new Statement.Generation(parseFunction("endgeneration"), line);
            case "break" -> {
                requireLoop(line, "break");
                yield new Statement.Break(line);
            }
            case "continue" -> {
                requireLoop(line, "continue");
                yield new Statement.Continue(line);
            }
            case "include", "import", "from", "extends" ->
                throw TemplateException.syntax(
                        line, "{% " + token.text() + " %} is refused: a chat template stands alone");
            case "autoescape" ->
                throw TemplateException.syntax(line, "{% autoescape %} is refused: a chat is not HTML");
            default -> throw TemplateException.syntax(line, "unknown tag " + token.text());
        };
    }

    private void requireLoop(int line, String tag) {
        if (loops == 0) {
            throw TemplateException.syntax(line, "{% " + tag + " %} must stand in a loop");
        }
    }

    private Statement parseFor(int line) {
        loopBodies++;
        Target target = parseTarget("in", false);
        tokens.expectName("in");
        Expression items = expressions.parseTuple(false, "recursive", false);
        @Nullable Expression test = tokens.skipName("if") ? expressions.parse() : null;
        boolean recursive = tokens.skipName("recursive");
        loops++;
        Body body = new Body(parseBody("endfor", "else"));
        loops--;
        @Nullable Body otherwise = null;
        if (tokens.next().text().equals("else")) {
            otherwise = parseClosedBody("endfor");
        }
        loopBodies--;
        return new Statement.For(target, items, test, recursive, body, otherwise, line);
    }

    private Statement parseIf(int line) {
        List<Statement.Branch> branches = new ArrayList<>();
        while (true) {
            Expression test = expressions.parseTuple(false, "", false);
            branches.add(new Statement.Branch(test, parseBody("elif", "else", "endif")));
            String end = tokens.next().text();
            if (end.equals("elif")) {
                continue;
            }
            List<Statement> otherwise = List.of();
            if (end.equals("else")) {
                otherwise = parseBody("endif");
                tokens.next();
            }
            return new Statement.If(branches, otherwise, line);
        }
    }

    private Statement parseSet(int line) {
        Target target = parseTarget("", true);
        if (tokens.skipOperator("=")) {
            return new Statement.Set(target, expressions.parseTuple(true, "", false), line);
        }
        Expression value = expressions.parseFilter(new Expression.Captured(), false);
        return new Statement.SetBlock(target, value, parseClosedBody("endset"), line);
    }

    private Statement parseWith(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (tokens.current().type() != Token.Type.BLOCK_END) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(parseTarget("", false));
            tokens.expectOperator("=");
            values.add(expressions.parse());
        }
        return new Statement.With(targets, values, parseClosedBody("endwith"), line);
    }

    private Statement parseBlock(int line) {
        String name = tokens.expectName();
        if (!blocks.add(name)) {
            throw TemplateException.syntax(line, "a block must be defined once: " + name);
        }
        boolean scoped = tokens.skipName("scoped");
        boolean required = tokens.skipName("required");
        Body body = parseFunction("endblock");
        tokens.skipName(name);
        return new Statement.NamedBlock(name, scoped, required, body, line);
    }

    private Statement.DefineMacro parseMacro(int line) {
        String name = parseVariable();
        List<Statement.Parameter> parameters = parseParameters();
        return macro(name, parameters, parseFunction("endmacro"), line);
    }

    private Statement parseCall(int line) {
        List<Statement.Parameter> parameters = tokens.current().isOperator("(") ? parseParameters() : List.of();
        if (!(expressions.parse() instanceof Expression.Call call)) {
            throw TemplateException.syntax(line, "{% call %} must be followed by a call");
        }
        return new Statement.CallBlock(macro(null, parameters, parseFunction("endcall"), line), call, line);
    }

    private Statement.DefineMacro macro(
            @Nullable String name, List<Statement.Parameter> parameters, Body body, int line) {
        Set<String> uses = Variables.undeclared(body, Set.of("caller", "kwargs", "varargs"));
        for (Statement.Parameter parameter : parameters) {
            if (parameter.name().equals("caller") && parameter.standard() == null && uses.contains("caller")) {
                throw TemplateException.syntax(line, "a parameter named caller must have a default");
            }
        }
        return new Statement.DefineMacro(name, parameters, body, uses, line);
    }

    private List<Statement.Parameter> parseParameters() {
        tokens.expectOperator("(");
        List<Statement.Parameter> parameters = new ArrayList<>();
        Set<String> names = new HashSet<>();
        boolean defaults = false;
        while (!tokens.current().isOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = parseVariable();
            if (!names.add(name)) {
                throw tokens.fail("parameters must have different names: " + name);
            }
            @Nullable Expression standard = tokens.skipOperator("=") ? expressions.parse() : null;
            if (standard == null && defaults) {
                throw tokens.fail("a parameter without a default must come before those with one: " + name);
            }
            defaults |= standard != null;
            parameters.add(new Statement.Parameter(name, standard));
        }
        tokens.next();
        return parameters;
    }

    private Statement parsePrint(int line) {
        List<Expression> values = new ArrayList<>();
        while (tokens.current().type() != Token.Type.BLOCK_END) {
            if (!values.isEmpty()) {
                tokens.expectOperator(",");
            }
            values.add(expressions.parse());
        }
        return new Statement.Print(values, line);
    }

    private String parseVariable() {
        String name = tokens.expectName();
        if (CONSTANTS.contains(name)) {
            throw tokens.fail("cannot assign to " + name);
        }
        if (name.equals("loop") && loopBodies > 0) {
            throw tokens.fail("cannot assign to loop within a loop");
        }
        return name;
    }

    /// Parses what is assigned to, a tuple perhaps; `end` is a name that ends it.
    private Target parseTarget(String end, boolean namespaces) {
        tokens.enter();
        List<Target> targets = new ArrayList<>();
        boolean unpacked = false;
        do {
            Token token = tokens.current();
            if (!targets.isEmpty()
                    && (token.isName(end) || token.type() == Token.Type.BLOCK_END || token.isOperator(")"))) {
                break;
            }
            if (tokens.skipOperator("(")) {
                targets.add(parseTarget("", false));
                tokens.expectOperator(")");
            } else {
                String name = parseVariable();
                targets.add(
                        namespaces && tokens.skipOperator(".")
                                ? new Target.Attribute(name, tokens.expectName())
                                : new Target.Variable(name));
            }
            unpacked |= tokens.current().isOperator(",");
        } while (tokens.skipOperator(","));
        tokens.leave();
        return unpacked ? new Target.Unpacked(targets) : targets.getFirst();
    }
}
