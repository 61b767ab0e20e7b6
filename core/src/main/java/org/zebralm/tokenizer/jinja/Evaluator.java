package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Computes expressions.
final class Evaluator {
    private final Budget budget;
    private int line;

    Evaluator(Budget budget) {
        this.budget = budget;
    }

    Budget budget() {
        return budget;
    }

    /// The line that is being rendered.
    int line() {
        return line;
    }

    void setLine(int line) {
        this.line = line;
    }

    Object evaluate(Expression expression, Frame frame) {
        budget.step();
        budget.enter();
        Object value = switch (expression) {
            case Expression.Constant constant -> constant.value();
            case Expression.Name name -> frame.get(name.name());
            case Expression.Captured _ -> frame.captured();
            case Expression.TupleOf tuple -> Tuple.of(all(tuple.items(), frame));
            case Expression.ListOf list -> all(list.items(), frame);
            case Expression.DictOf dict -> dict(dict, frame);
            case Expression.Conditional conditional -> conditional(conditional, frame);
            case Expression.And and -> {
                Object left = evaluate(and.left(), frame);
                yield Types.isTrue(left) ? evaluate(and.right(), frame) : left;
            }
            case Expression.Or or -> {
                Object left = evaluate(or.left(), frame);
                yield Types.isTrue(left) ? left : evaluate(or.right(), frame);
            }
            case Expression.Not not -> !Types.isTrue(evaluate(not.operand(), frame));
            case Expression.Sign sign -> Operators.sign(sign.negative(), evaluate(sign.operand(), frame));
            case Expression.Arithmetic arithmetic ->
                Operators.apply(
                        arithmetic.operator(),
                        evaluate(arithmetic.left(), frame),
                        evaluate(arithmetic.right(), frame),
                        budget);
            case Expression.Concatenation concatenation -> concatenate(concatenation, frame);
            case Expression.Comparison comparison -> compare(comparison, frame);
            case Expression.Attribute attribute ->
                Attributes.attribute(evaluate(attribute.owner(), frame), attribute.name(), budget);
            case Expression.Item item ->
                Attributes.item(evaluate(item.owner(), frame), evaluate(item.key(), frame), budget);
            case Expression.Slice slice -> slice(slice, frame);
            case Expression.Call call -> call(call, frame, null);
            case Expression.Filter filter -> {
                Object operand = evaluate(filter.operand(), frame);
                Arguments arguments = arguments(filter.arguments(), frame);
                line = filter.line();
                yield Filters.apply(filter.name(), operand, arguments, this);
            }
            case Expression.Test test -> {
                Object operand = evaluate(test.operand(), frame);
                Arguments arguments = arguments(test.arguments(), frame);
                line = test.line();
                yield Tests.apply(test.name(), operand, arguments, this);
            }
        };
        budget.leave();
        return value;
    }

    private List<Object> all(List<Expression> expressions, Frame frame) {
        budget.make(expressions.size());
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, frame));
        }
        return values;
    }

    private Dict dict(Expression.DictOf expression, Frame frame) {
        budget.make(expression.keys().size());
        var dict = new Dict();
        for (int i = 0; i < expression.keys().size(); i++) {
            Object key = evaluate(expression.keys().get(i), frame);
            dict.put(key, evaluate(expression.values().get(i), frame));
        }
        return dict;
    }

    private Object conditional(Expression.Conditional conditional, Frame frame) {
        if (Types.isTrue(evaluate(conditional.test(), frame))) {
            return evaluate(conditional.then(), frame);
        }
        return conditional.otherwise() == null
                ? new Undefined("an inline if was false and has no else")
                : evaluate(conditional.otherwise(), frame);
    }

    private Object concatenate(Expression.Concatenation concatenation, Frame frame) {
        var text = new StringBuilder();
        for (Expression part : concatenation.parts()) {
            String piece = Printing.text(evaluate(part, frame), budget);
            budget.make(piece.length());
            text.append(piece);
        }
        return text.toString();
    }

    private Object compare(Expression.Comparison comparison, Frame frame) {
        Object left = evaluate(comparison.operands().getFirst(), frame);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Object right = evaluate(comparison.operands().get(i + 1), frame);
            if (!Comparisons.compare(comparison.operators().get(i), left, right, budget)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private Object slice(Expression.Slice slice, Frame frame) {
        Object owner = evaluate(slice.owner(), frame);
        return Attributes.slice(
                owner, bound(slice.start(), frame), bound(slice.stop(), frame), bound(slice.step(), frame), budget);
    }

    private @Nullable BigInteger bound(@Nullable Expression expression, Frame frame) {
        Object value = expression == null ? None.NONE : evaluate(expression, frame);
        BigInteger bound = Types.integer(value);
        if (bound == null && value != None.NONE) {
            throw TemplateException.runtime(
                    "slice indices must be integers or none: got '" + Types.nameOf(value) + "'");
        }
        return bound;
    }

    /// @param caller passed on to a macro by a call block
    Object call(Expression.Call call, Frame frame, @Nullable Macro caller) {
        Object callee = evaluate(call.callee(), frame);
        Arguments arguments = arguments(call.arguments(), frame);
        if (caller != null) {
            Map<String, Object> named = new LinkedHashMap<>(arguments.named());
            named.put("caller", caller);
            arguments = new Arguments(arguments.positional(), named);
        }
        line = call.line();
        return switch (callee) {
            case Callable callable -> callable.call(arguments);
            case Undefined undefined -> throw undefined.error();
            default -> throw TemplateException.runtime("'" + Types.nameOf(callee) + "' object is not callable");
        };
    }

    private Arguments arguments(Expression.CallArguments expressions, Frame frame) {
        if (expressions.isEmpty()) {
            return Arguments.NONE;
        }
        List<Object> positional = all(expressions.positional(), frame);
        Map<String, Object> named = new LinkedHashMap<>();
        for (int i = 0; i < expressions.names().size(); i++) {
            named.put(expressions.names().get(i), evaluate(expressions.values().get(i), frame));
        }
        if (expressions.more() != null) {
            positional.addAll(Types.list(evaluate(expressions.more(), frame), budget));
        }
        if (expressions.moreNamed() != null) {
            if (!(evaluate(expressions.moreNamed(), frame) instanceof Dict dict)) {
                throw TemplateException.runtime("** must be followed by a mapping");
            }
            budget.make(dict.size());
            for (Dict.Entry entry : dict.entries()) {
                String name = Types.string(entry.key());
                if (name == null || named.put(name, entry.value()) != null) {
                    throw TemplateException.runtime("arguments must have names, each once");
                }
            }
        }
        return new Arguments(positional, named);
    }
}
