package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.Map;
import java.util.Set;

/// The tests that `is` names.
final class Tests {
    private static final Map<String, String> OPERATORS = Map.ofEntries(
            Map.entry("==", "=="),
            Map.entry("eq", "=="),
            Map.entry("equalto", "=="),
            Map.entry("!=", "!="),
            Map.entry("ne", "!="),
            Map.entry(">", ">"),
            Map.entry("gt", ">"),
            Map.entry("greaterthan", ">"),
            Map.entry(">=", ">="),
            Map.entry("ge", ">="),
            Map.entry("<", "<"),
            Map.entry("lt", "<"),
            Map.entry("lessthan", "<"),
            Map.entry("<=", "<="),
            Map.entry("le", "<="),
            Map.entry("in", "in"));
    private static final Set<String> UNARY = Set.of(
            "odd",
            "even",
            "defined",
            "undefined",
            "filter",
            "test",
            "none",
            "boolean",
            "false",
            "true",
            "integer",
            "float",
            "lower",
            "upper",
            "string",
            "mapping",
            "number",
            "sequence",
            "iterable",
            "callable",
            "escaped");

    private Tests() {}

    static boolean isKnown(String name) {
        return UNARY.contains(name)
                || OPERATORS.containsKey(name)
                || name.equals("divisibleby")
                || name.equals("sameas");
    }

    static Object apply(String name, Object value, Arguments arguments, Evaluator evaluator) {
        Budget budget = evaluator.budget();
        String operator = OPERATORS.get(name);
        if (operator != null) {
            Object other = arguments.bind(name, 1, "other").get(0);
            return Comparisons.compare(operator, value, other, budget);
        }
        if (name.equals("divisibleby") || name.equals("sameas")) {
            Object other = arguments
                    .bind(name, 1, name.equals("sameas") ? "other" : "num")
                    .get(0);
            return name.equals("sameas") ? isSame(value, other) : isMultiple(value, other, budget);
        }
        arguments.bind(name, 0);
        return switch (name) {
            case "odd" -> !isMultiple(value, BigInteger.TWO, budget) && isOdd(value, budget);
            case "even" -> isMultiple(value, BigInteger.TWO, budget);
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "filter" -> Filters.isKnown(Printing.text(Dict.requireHashable(value), budget));
            case "test" -> isKnown(Printing.text(Dict.requireHashable(value), budget));
            case "none" -> value == None.NONE;
            case "boolean" -> value instanceof Boolean;
            case "false" -> value.equals(false);
            case "true" -> value.equals(true);
            case "integer" -> value instanceof BigInteger;
            case "float" -> value instanceof Double;
            case "lower" -> Casing.isLower(text(value, budget));
            case "upper" -> Casing.isUpper(text(value, budget));
            case "string" -> Types.string(value) != null;
            case "mapping" -> value instanceof Dict;
            case "number" -> Types.isNumber(value);
            case "sequence" ->
                Types.string(value) != null
                        || Types.sequence(value) != null
                        || value instanceof Dict
                        || value instanceof Undefined;
            case "iterable" ->
                Types.string(value) != null
                        || Types.sequence(value) != null
                        || value instanceof Dict
                        || value instanceof DictView
                        || value instanceof Undefined
                        || value instanceof Generator
                        || value instanceof Loop;
            case "callable" -> value instanceof Callable || value instanceof Undefined;
            case "escaped" -> value instanceof Markup;
            default -> throw TemplateException.runtime("no test named '" + name + "'");
        };
    }

    private static String text(Object value, Budget budget) {
        String text = Printing.text(value, budget);
        budget.work(text.length());
        return text;
    }

    private static boolean isOdd(Object value, Budget budget) {
        return Comparisons.equal(Operators.apply("%", value, BigInteger.TWO, budget), BigInteger.ONE, budget);
    }

    private static boolean isMultiple(Object value, Object divisor, Budget budget) {
        return Comparisons.equal(Operators.apply("%", value, divisor, budget), BigInteger.ZERO, budget);
    }

    private static boolean isSame(Object value, Object other) {
        return Types.isSame(value, other)
                || ((value instanceof Boolean || value instanceof String) && value.equals(other))
                || (value instanceof BigInteger small && small.bitLength() < 8 && value.equals(other));
    }
}
