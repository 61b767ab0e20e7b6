package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An expression of a template.
sealed interface Expression {
    record Constant(Object value) implements Expression {}

    record Name(String name) implements Expression {}

    record TupleOf(List<Expression> items) implements Expression {}

    record ListOf(List<Expression> items) implements Expression {}

    record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

    record Conditional(
            Expression test, Expression then, @Nullable Expression otherwise) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    record Not(Expression operand) implements Expression {}

    record Sign(boolean negative, Expression operand) implements Expression {}

    record Arithmetic(String operator, Expression left, Expression right) implements Expression {}

    record Concatenation(List<Expression> parts) implements Expression {}

    /// A chain of comparisons, `operators.get(i)` between operand `i` and the one after.
    record Comparison(List<Expression> operands, List<String> operators) implements Expression {}

    record Attribute(Expression owner, String name) implements Expression {}

    record Item(Expression owner, Expression key) implements Expression {}

    record Slice(
            Expression owner,
            @Nullable Expression start,
            @Nullable Expression stop,
            @Nullable Expression step) implements Expression {}

    record Call(Expression callee, CallArguments arguments, int line) implements Expression {}

    record Filter(Expression operand, String name, CallArguments arguments, int line) implements Expression {}

    record Test(Expression operand, String name, CallArguments arguments, int line) implements Expression {}

    /// What a filter block or a set block has written.
    record Captured() implements Expression {}

    record CallArguments(
            List<Expression> positional,
            List<String> names,
            List<Expression> values,
            @Nullable Expression more,
            @Nullable Expression moreNamed) {
        static final CallArguments NONE = new CallArguments(List.of(), List.of(), List.of(), null, null);

        boolean isEmpty() {
            return positional.isEmpty() && names.isEmpty() && more == null && moreNamed == null;
        }

        private void addTo(List<@Nullable Expression> parts) {
            parts.addAll(positional);
            parts.addAll(values);
            parts.add(more);
            parts.add(moreNamed);
        }
    }

    /// Returns the expressions directly within this one.
    default List<Expression> parts() {
        List<@Nullable Expression> parts = new ArrayList<>();
        switch (this) {
            case Constant _, Name _, Captured _ -> {}
            case TupleOf tuple -> parts.addAll(tuple.items);
            case ListOf list -> parts.addAll(list.items);
            case DictOf dict -> {
                parts.addAll(dict.keys);
                parts.addAll(dict.values);
            }
            case Conditional c -> {
                parts.add(c.test);
                parts.add(c.then);
                parts.add(c.otherwise);
            }
            case And and -> {
                parts.add(and.left);
                parts.add(and.right);
            }
            case Or or -> {
                parts.add(or.left);
                parts.add(or.right);
            }
            case Not not -> parts.add(not.operand);
            case Sign sign -> parts.add(sign.operand);
            case Arithmetic arithmetic -> {
                parts.add(arithmetic.left);
                parts.add(arithmetic.right);
            }
            case Concatenation concatenation -> parts.addAll(concatenation.parts);
            case Comparison comparison -> parts.addAll(comparison.operands);
            case Attribute attribute -> parts.add(attribute.owner);
            case Item item -> {
                parts.add(item.owner);
                parts.add(item.key);
            }
            case Slice slice -> {
                parts.add(slice.owner);
                parts.add(slice.start);
                parts.add(slice.stop);
                parts.add(slice.step);
            }
            case Call call -> {
                parts.add(call.callee);
                call.arguments.addTo(parts);
            }
            case Filter filter -> {
                parts.add(filter.operand);
                filter.arguments.addTo(parts);
            }
            case Test test -> {
                parts.add(test.operand);
                test.arguments.addTo(parts);
            }
        }
        List<Expression> present = new ArrayList<>(parts.size());
        for (@Nullable Expression part : parts) {
            if (part != null) {
                present.add(part);
            }
        }
        return present;
    }
}
