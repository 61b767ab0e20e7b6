package org.zebralm.tokenizer.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A statement of a template.
sealed interface Statement {
    int line();

    record Data(String text, int line) implements Statement {}

    record Print(List<Expression> values, int line) implements Statement {}

    record Branch(Expression test, List<Statement> body) {}

    record If(List<Branch> branches, List<Statement> otherwise, int line) implements Statement {}

    record For(
            Target target,
            Expression items,
            @Nullable Expression test,
            boolean recursive,
            Body body,
            @Nullable Body otherwise,
            int line)
            implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /// Assigns what the body writes, through a filter whose innermost operand is [Expression.Captured].
    record SetBlock(Target target, Expression value, Body body, int line) implements Statement {}

    record FilterBlock(Expression value, Body body, int line) implements Statement {}

    record Parameter(String name, @Nullable Expression standard) {}

    record DefineMacro(
            @Nullable String name, List<Parameter> parameters, Body body, java.util.Set<String> uses, int line)
            implements Statement {}

    record CallBlock(DefineMacro caller, Expression.Call call, int line) implements Statement {}

    record With(List<Target> targets, List<Expression> values, Body body, int line) implements Statement {}

    record NamedBlock(String name, boolean scoped, boolean required, Body body, int line) implements Statement {}

    /// What the assistant says, which `{% generation %}` marks.
    record Generation(Body body, int line) implements Statement {}

    record Break(int line) implements Statement {}

    record Continue(int line) implements Statement {}
}
