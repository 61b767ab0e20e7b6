package org.zebralm.tokenizer.jinja;

import java.util.List;
import java.util.function.Consumer;

/// Walks a template for the names that it uses.
final class Names {
    private static final int DEPTH = 300;

    private Names() {}

    /// Tells of every variable read and set, in Jinja's order; blocks are not looked into.
    static void visit(List<Statement> statements, Consumer<String> read, Consumer<String> set) {
        for (Statement statement : statements) {
            switch (statement) {
                case Statement.Data _, Statement.Break _, Statement.Continue _, Statement.NamedBlock _ -> {}
                case Statement.Print print -> print.values().forEach(value -> visit(value, read));
                case Statement.Set assign -> {
                    visit(assign.target(), set);
                    visit(assign.value(), read);
                }
                case Statement.SetBlock assign -> {
                    visit(assign.target(), set);
                    visit(assign.value(), read);
                    visit(assign.body().statements(), read, set);
                }
                case Statement.FilterBlock filter -> {
                    visit(filter.body().statements(), read, set);
                    visit(filter.value(), read);
                }
                case Statement.If branch -> {
                    for (Statement.Branch part : branch.branches()) {
                        visit(part.test(), read);
                        visit(part.body(), read, set);
                    }
                    visit(branch.otherwise(), read, set);
                }
                case Statement.For loop -> {
                    visit(loop.target(), set);
                    visit(loop.items(), read);
                    visit(loop.body().statements(), read, set);
                    if (loop.otherwise() != null) {
                        visit(loop.otherwise().statements(), read, set);
                    }
                    if (loop.test() != null) {
                        visit(loop.test(), read);
                    }
                }
                case Statement.With with -> {
                    with.targets().forEach(target -> visit(target, set));
                    with.values().forEach(value -> visit(value, read));
                    visit(with.body().statements(), read, set);
                }
                case Statement.DefineMacro macro -> visit(macro, read, set);
                case Statement.CallBlock call -> {
                    visit(call.call(), read);
                    visit(call.caller(), read, set);
                }
                case Statement.Generation generation -> visit(generation.body().statements(), read, set);
            }
        }
    }

    private static void visit(Statement.DefineMacro macro, Consumer<String> read, Consumer<String> set) {
        for (Statement.Parameter parameter : macro.parameters()) {
            set.accept(parameter.name());
            if (parameter.standard() != null) {
                visit(parameter.standard(), read);
            }
        }
        visit(macro.body().statements(), read, set);
    }

    private static void visit(Target target, Consumer<String> set) {
        switch (target) {
            case Target.Variable variable -> set.accept(variable.name());
            case Target.Attribute _ -> {}
            case Target.Unpacked unpacked -> unpacked.targets().forEach(part -> visit(part, set));
        }
    }

    private static void visit(Expression expression, Consumer<String> read) {
        visit(expression, read, 0);
    }

    private static void visit(Expression expression, Consumer<String> read, int depth) {
        if (depth > DEPTH) {
            throw TemplateException.syntax(0, "an expression must not nest deeper than " + DEPTH);
        }
        if (expression instanceof Expression.Name name) {
            read.accept(name.name());
        }
        for (Expression part : expression.parts()) {
            visit(part, read, depth + 1);
        }
    }

    /// Refuses filters and tests that do not exist, except where an `if` may keep them from being reached.
    static void check(List<Statement> statements) {
        check(statements, false);
    }

    private static void check(List<Statement> statements, boolean soft) {
        for (Statement statement : statements) {
            switch (statement) {
                case Statement.Data _, Statement.Break _, Statement.Continue _ -> {}
                case Statement.Print print -> print.values().forEach(value -> check(value, soft, 0));
                case Statement.Set set -> check(set.value(), soft, 0);
                case Statement.SetBlock set -> {
                    check(set.value(), false, 0);
                    check(set.body().statements(), false);
                }
                case Statement.FilterBlock filter -> {
                    check(filter.value(), false, 0);
                    check(filter.body().statements(), false);
                }
                case Statement.If branch -> {
                    for (Statement.Branch part : branch.branches()) {
                        check(part.test(), true, 0);
                        check(part.body(), true);
                    }
                    check(branch.otherwise(), true);
                }
                case Statement.For loop -> {
                    check(loop.items(), soft, 0);
                    if (loop.test() != null) {
                        check(loop.test(), false, 0);
                    }
                    check(loop.body().statements(), false);
                    if (loop.otherwise() != null) {
                        check(loop.otherwise().statements(), false);
                    }
                }
                case Statement.With with -> {
                    with.values().forEach(value -> check(value, soft, 0));
                    check(with.body().statements(), false);
                }
                case Statement.DefineMacro macro -> check(macro);
                case Statement.CallBlock call -> {
                    check(call.call(), soft, 0);
                    check(call.caller());
                }
                case Statement.Generation generation -> check(generation.body().statements(), false);
                case Statement.NamedBlock block -> check(block.body().statements(), false);
            }
        }
    }

    private static void check(Statement.DefineMacro macro) {
        for (Statement.Parameter parameter : macro.parameters()) {
            if (parameter.standard() != null) {
                check(parameter.standard(), false, 0);
            }
        }
        check(macro.body().statements(), false);
    }

    private static void check(Expression expression, boolean soft, int depth) {
        if (depth > DEPTH) {
            throw TemplateException.syntax(0, "an expression must not nest deeper than " + DEPTH);
        }
        boolean within = soft || expression instanceof Expression.Conditional;
        if (!soft && expression instanceof Expression.Filter filter && !Filters.isKnown(filter.name())) {
            throw TemplateException.syntax(filter.line(), "no filter named '" + filter.name() + "'");
        }
        if (!soft && expression instanceof Expression.Test test && !Tests.isKnown(test.name())) {
            throw TemplateException.syntax(test.line(), "no test named '" + test.name() + "'");
        }
        for (Expression part : expression.parts()) {
            check(part, within, depth + 1);
        }
    }
}
