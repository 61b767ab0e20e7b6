package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.jinja.Expression.CallArguments;

/// Parses expressions, with Jinja's precedences.
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final Tokens tokens;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
    }

    Expression parse() {
        tokens.enter();
        Expression value = parseOr();
        while (tokens.skipName("if")) {
            Expression test = parseOr();
            value = new Expression.Conditional(test, value, tokens.skipName("else") ? parse() : null);
        }
        tokens.leave();
        return value;
    }

    /// Parses what may be a tuple without parentheses; `end` is a name that ends it.
    Expression parseTuple(boolean conditional, String end, boolean parentheses) {
        List<Expression> items = new ArrayList<>();
        boolean isTuple = false;
        while (true) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (endsTuple(end)) {
                break;
            }
            items.add(conditional ? parse() : parseOr());
            if (!tokens.current().isOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (isTuple || (items.isEmpty() && parentheses)) {
            return new Expression.TupleOf(items);
        }
        if (items.isEmpty()) {
            throw tokens.fail("expected an expression: got " + tokens.current().description());
        }
        return items.getFirst();
    }

    private boolean endsTuple(String end) {
        Token token = tokens.current();
        return token.type() == Token.Type.VARIABLE_END
                || token.type() == Token.Type.BLOCK_END
                || token.isOperator(")")
                || token.isName(end);
    }

    Expression parseOr() {
        Expression left = parseAnd();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, parseAnd());
        }
        return left;
    }

    private Expression parseAnd() {
        Expression left = parseNot();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, parseNot());
        }
        return left;
    }

    private Expression parseNot() {
        if (!tokens.skipName("not")) {
            return parseComparison();
        }
        tokens.enter();
        Expression operand = parseNot();
        tokens.leave();
        return new Expression.Not(operand);
    }

    private Expression parseComparison() {
        List<Expression> operands = new ArrayList<>(List.of(parseSum()));
        List<String> operators = new ArrayList<>();
        while (true) {
            Token token = tokens.current();
            if (token.type() == Token.Type.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.next().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (token.isName("not") && tokens.ahead().isName("in")) {
                tokens.next();
                tokens.next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? operands.getFirst() : new Expression.Comparison(operands, operators);
            }
            operands.add(parseSum());
        }
    }

    private Expression parseSum() {
        Expression left = parseConcatenation();
        while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
            left = new Expression.Arithmetic(tokens.next().text(), left, parseConcatenation());
        }
        return left;
    }

    private Expression parseConcatenation() {
        List<Expression> parts = new ArrayList<>(List.of(parseProduct()));
        while (tokens.skipOperator("~")) {
            parts.add(parseProduct());
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.Concatenation(parts);
    }

    private Expression parseProduct() {
        Expression left = parsePower();
        while (tokens.current().type() == Token.Type.OPERATOR
                && Set.of("*", "/", "//", "%").contains(tokens.current().text())) {
            left = new Expression.Arithmetic(tokens.next().text(), left, parsePower());
        }
        return left;
    }

    private Expression parsePower() {
        Expression left = parseUnary(true);
        while (tokens.skipOperator("**")) {
            left = new Expression.Arithmetic("**", left, parseUnary(true));
        }
        return left;
    }

    private Expression parseUnary(boolean withFilters) {
        tokens.enter();
        Expression value;
        if (tokens.skipOperator("-")) {
            value = new Expression.Sign(true, parseUnary(false));
        } else if (tokens.skipOperator("+")) {
            value = new Expression.Sign(false, parseUnary(false));
        } else {
            value = parsePrimary();
        }
        value = parsePostfix(value);
        tokens.leave();
        return withFilters ? parseFilters(value) : value;
    }

    private Expression parsePrimary() {
        Token token = tokens.current();
        switch (token.type()) {
            case NAME -> {
                tokens.next();
                return switch (token.text()) {
                    case "self" -> throw tokens.fail("self is refused: a chat template's blocks stand where they are");
                    case "true", "True" -> new Expression.Constant(true);
                    case "false", "False" -> new Expression.Constant(false);
                    case "none", "None" -> new Expression.Constant(None.NONE);
                    default -> new Expression.Name(token.text());
                };
            }
            case STRING -> {
                var text = new StringBuilder();
                while (tokens.current().type() == Token.Type.STRING) {
                    text.append(tokens.next().text());
                }
                return new Expression.Constant(text.toString());
            }
            case INTEGER -> {
                return new Expression.Constant(new BigInteger(tokens.next().text()));
            }
            case FLOAT -> {
                return new Expression.Constant(Double.valueOf(tokens.next().text()));
            }
            default -> {}
        }
        if (tokens.skipOperator("(")) {
            Expression value = parseTuple(true, "", true);
            tokens.expectOperator(")");
            return value;
        }
        if (tokens.skipOperator("[")) {
            return parseList();
        }
        if (tokens.skipOperator("{")) {
            return parseDict();
        }
        throw tokens.fail("expected an expression: got " + token.description());
    }

    private Expression parseList() {
        List<Expression> items = new ArrayList<>();
        parseUntil("]", () -> items.add(parse()));
        return new Expression.ListOf(items);
    }

    private Expression parseDict() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        parseUntil("}", () -> {
            keys.add(parse());
            tokens.expectOperator(":");
            values.add(parse());
        });
        return new Expression.DictOf(keys, values);
    }

    /// Parses items with commas between them, and perhaps one behind the last, up to and with what closes them.
    private void parseUntil(String closing, Runnable item) {
        for (boolean first = true; !tokens.skipOperator(closing); first = false) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(closing)) {
                    return;
                }
            }
            item.run();
        }
    }

    private Expression parsePostfix(Expression operand) {
        Expression value = operand;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token name = tokens.next();
                if (name.type() == Token.Type.NAME) {
                    value = new Expression.Attribute(value, name.text());
                } else if (name.type() == Token.Type.INTEGER) {
                    value = new Expression.Item(value, new Expression.Constant(new BigInteger(name.text())));
                } else {
                    throw tokens.fail("expected a name or a number: got " + name.description());
                }
            } else if (tokens.skipOperator("[")) {
                value = parseSubscript(value);
            } else if (tokens.current().isOperator("(")) {
                value = parseCall(value);
            } else {
                return value;
            }
        }
    }

    private Expression parseSubscript(Expression owner) {
        List<Expression> keys = new ArrayList<>();
        while (!tokens.current().isOperator("]")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
            }
            Expression start = tokens.current().isOperator(":") ? null : parse();
            if (start != null && !tokens.current().isOperator(":")) {
                keys.add(start);
                continue;
            }
            tokens.expectOperator(":");
            Expression stop = endsSlice() || tokens.current().isOperator(":") ? null : parse();
            Expression step = tokens.skipOperator(":") && !endsSlice() ? parse() : null;
            if (!keys.isEmpty() || !tokens.current().isOperator("]")) {
                throw tokens.fail("a slice must stand alone between brackets");
            }
            tokens.next();
            return new Expression.Slice(owner, start, stop, step);
        }
        tokens.next();
        return new Expression.Item(owner, keys.size() == 1 ? keys.getFirst() : new Expression.TupleOf(keys));
    }

    private boolean endsSlice() {
        return tokens.current().isOperator("]") || tokens.current().isOperator(",");
    }

    private Expression parseFilters(Expression operand) {
        Expression value = operand;
        while (true) {
            if (tokens.current().isOperator("|")) {
                value = parseFilter(value, false);
            } else if (tokens.current().isName("is")) {
                value = parseTest(value);
            } else if (tokens.current().isOperator("(")) {
                value = parseCall(value);
            } else {
                return value;
            }
        }
    }

    /// Parses filters one after the other; the first may come without its bar, as in a filter block.
    Expression parseFilter(Expression operand, boolean withoutBar) {
        Expression value = operand;
        boolean inline = withoutBar;
        while (inline || tokens.skipOperator("|")) {
            inline = false;
            int line = tokens.current().line();
            String name = parseDottedName();
            value = new Expression.Filter(
                    value, name, tokens.current().isOperator("(") ? parseArguments() : CallArguments.NONE, line);
        }
        return value;
    }

    private String parseDottedName() {
        var name = new StringBuilder(tokens.expectName());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expectName());
        }
        return name.toString();
    }

    private Expression parseTest(Expression operand) {
        int line = tokens.next().line();
        boolean negated = tokens.skipName("not");
        String name = parseDottedName();
        CallArguments arguments = CallArguments.NONE;
        if (tokens.current().isOperator("(")) {
            arguments = parseArguments();
        } else if (beginsArgument()) {
            if (tokens.current().isName("is")) {
                throw tokens.fail("tests must not be chained with is");
            }
            arguments = new CallArguments(List.of(parsePostfix(parsePrimary())), List.of(), List.of(), null, null);
        }
        Expression test = new Expression.Test(operand, name, arguments, line);
        return negated ? new Expression.Not(test) : test;
    }

    private boolean beginsArgument() {
        Token token = tokens.current();
        return switch (token.type()) {
            case NAME -> !Set.of("else", "or", "and").contains(token.text());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }

    private Expression parseCall(Expression callee) {
        int line = tokens.current().line();
        return new Expression.Call(callee, parseArguments(), line);
    }

    private CallArguments parseArguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        @Nullable Expression more = null;
        @Nullable Expression moreNamed = null;
        boolean first = true;
        while (!tokens.current().isOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.current().isOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.skipOperator("*")) {
                require(more == null && moreNamed == null);
                more = parse();
            } else if (tokens.skipOperator("**")) {
                require(moreNamed == null);
                moreNamed = parse();
            } else if (tokens.current().type() == Token.Type.NAME
                    && tokens.ahead().isOperator("=")) {
                require(moreNamed == null && !names.contains(tokens.current().text()));
                names.add(tokens.next().text());
                tokens.next();
                values.add(parse());
            } else {
                require(more == null && moreNamed == null && names.isEmpty());
                positional.add(parse());
            }
        }
        tokens.expectOperator(")");
        return new CallArguments(positional, names, values, more, moreNamed);
    }

    private void require(boolean holds) {
        if (!holds) {
            throw tokens.fail("arguments must come in the order: by position, by name (once), *, **");
        }
    }
}
