package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Renders statements.
final class Renderer {
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Evaluator evaluator;
    private final Budget budget;
    private final Frame root;
    private final Output text;
    private final List<Generated> generated = new ArrayList<>();

    /// What a generation block wrote, how much stood before it, and whether that is where it came to stand.
    record Generated(int start, int length, boolean isLocated) {}

    Renderer(Evaluator evaluator, Frame root) {
        this.evaluator = evaluator;
        this.budget = evaluator.budget();
        this.root = root;
        this.text = new Output(budget);
    }

    String render(Body template) {
        run(template, root, text);
        return text.toString();
    }

    List<Generated> generated() {
        return generated;
    }

    private Flow run(Body body, Frame frame, Output out) {
        return run(body.statements(), frame, out);
    }

    private Flow run(List<Statement> statements, Frame frame, Output out) {
        budget.enter();
        Flow flow = Flow.NEXT;
        for (Statement statement : statements) {
            flow = run(statement, frame, out);
            if (flow != Flow.NEXT) {
                break;
            }
        }
        budget.leave();
        return flow;
    }

    private Flow run(Statement statement, Frame frame, Output out) {
        budget.step();
        evaluator.setLine(statement.line());
        switch (statement) {
            case Statement.Data data -> out.write(data.text());
            case Statement.Print print -> {
                for (Expression value : print.values()) {
                    out.write(Printing.text(evaluator.evaluate(value, frame), budget));
                }
            }
            case Statement.Set set -> {
                requireNamespaces(set.target(), frame);
                assign(set.target(), evaluator.evaluate(set.value(), frame), frame);
            }
            case Statement.SetBlock set -> {
                requireNamespaces(set.target(), frame);
                var inner = frame.inner(set.body());
                Flow flow = capture(set.body(), inner);
                if (flow != Flow.NEXT) {
                    return flow;
                }
                assign(set.target(), evaluator.evaluate(set.value(), inner), frame);
            }
            case Statement.FilterBlock filter -> {
                var inner = frame.inner(filter.body());
                Flow flow = capture(filter.body(), inner);
                if (flow != Flow.NEXT) {
                    return flow;
                }
                out.write(requireText(evaluator.evaluate(filter.value(), inner), "filter"));
            }
            case Statement.If branch -> {
                return branch(branch, frame, out);
            }
            case Statement.For loop -> {
                return loop(loop, frame, out);
            }
            case Statement.With with -> {
                Frame inner = frame.inner(with.body());
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(
                            with.targets().get(i),
                            evaluator.evaluate(with.values().get(i), frame),
                            inner);
                }
                return run(with.body(), inner, out);
            }
            case Statement.DefineMacro macro -> frame.set(String.valueOf(macro.name()), new Macro(macro, frame, this));
            case Statement.CallBlock call ->
                out.write(
                        requireText(evaluator.call(call.call(), frame, new Macro(call.caller(), frame, this)), "call"));
            case Statement.NamedBlock block -> {
                if (block.required()) {
                    throw TemplateException.runtime(
                            "a required block must be given by another template: " + block.name());
                }
                Frame inner = block.scoped() ? new Frame(frame) : root.copy();
                inner.begin(block.body());
                run(block.body(), inner, out);
            }
            case Statement.Generation generation -> {
                var captured = new Output(budget);
                run(generation.body(), frame.inner(generation.body()), captured);
                String written = captured.toString();
                generated.add(new Generated(text.length(), written.length(), out == text));
                out.write(written);
            }
            case Statement.Break _ -> {
                return Flow.BREAK;
            }
            case Statement.Continue _ -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private static String requireText(Object value, String tag) {
        String text = Types.string(value);
        if (text == null) {
            throw TemplateException.runtime(
                    "a {% " + tag + " %} block must make text: got '" + Types.nameOf(value) + "'");
        }
        return text;
    }

    private Flow branch(Statement.If branch, Frame frame, Output out) {
        for (Statement.Branch part : branch.branches()) {
            if (Types.isTrue(evaluator.evaluate(part.test(), frame))) {
                return run(part.body(), frame, out);
            }
        }
        return run(branch.otherwise(), frame, out);
    }

    private Flow loop(Statement.For loop, Frame frame, Output out) {
        Object items = evaluator.evaluate(loop.items(), frame);
        if (loop.recursive()) {
            out.write(recurse(loop, frame, items, 0));
            return Flow.NEXT;
        }
        return iterate(loop, frame, items, 0, out);
    }

    /// Runs a body whose text goes to the frame instead of the output, unless a loop is left on the way.
    private Flow capture(Body body, Frame inner) {
        var captured = new Output(budget);
        Flow flow = run(body, inner, captured);
        if (flow == Flow.NEXT) {
            inner.capture(captured.toString());
        }
        return flow;
    }

    private String recurse(Statement.For loop, Frame frame, Object items, int depth) {
        var out = new Output(budget);
        iterate(loop, frame, items, depth, out);
        return out.toString();
    }

    private Flow iterate(Statement.For loop, Frame frame, Object items, int depth, Output out) {
        Iterator<Object> iterator = Types.iterate(items, budget);
        int length = -1;
        if (loop.test() != null) {
            iterator = filtered(iterator, loop, frame);
        } else if (!(items instanceof Generator)) {
            String characters = Types.string(items);
            List<Object> all = Types.items(items);
            length = characters != null ? Text.length(characters) : all == null ? 0 : all.size();
        }
        Loop.Recursion recursion = loop.recursive() ? (inner, level) -> recurse(loop, frame, inner, level) : null;
        var state = new Loop(iterator, length, depth, recursion, budget);
        // As Jinja has it: an iteration that is left early does not keep the else part from being rendered.
        boolean completed = false;
        while (state.advance()) {
            budget.step();
            Frame inner = frame.inner(loop.body());
            inner.set("loop", state);
            assign(loop.target(), state.current(), inner);
            Flow flow = run(loop.body(), inner, out);
            if (flow == Flow.BREAK) {
                break;
            }
            completed |= flow == Flow.NEXT;
        }
        return completed || loop.otherwise() == null
                ? Flow.NEXT
                : run(loop.otherwise(), frame.inner(loop.otherwise()), out);
    }

    private Iterator<Object> filtered(Iterator<Object> items, Statement.For loop, Frame frame) {
        return Filters.lazily(items, item -> {
            budget.step();
            Frame inner = new Frame(frame);
            assign(loop.target(), item, inner);
            return loop.test() != null && Types.isTrue(evaluator.evaluate(loop.test(), inner)) ? item : null;
        });
    }

    private void requireNamespaces(Target target, Frame frame) {
        switch (target) {
            case Target.Attribute attribute -> {
                if (!(frame.get(attribute.namespace()) instanceof Namespace)) {
                    throw TemplateException.runtime(
                            "only a namespace's attributes can be set: " + attribute.namespace() + " is none");
                }
            }
            case Target.Variable _ -> {}
            case Target.Unpacked unpacked -> unpacked.targets().forEach(part -> requireNamespaces(part, frame));
        }
    }

    private void assign(Target target, Object value, Frame frame) {
        switch (target) {
            case Target.Variable variable -> frame.set(variable.name(), value);
            case Target.Attribute attribute -> {
                if (frame.get(attribute.namespace()) instanceof Namespace namespace) {
                    namespace.attributes().put(attribute.name(), value);
                }
            }
            case Target.Unpacked unpacked -> {
                List<Object> values = Types.list(value, budget);
                if (values.size() != unpacked.targets().size()) {
                    throw TemplateException.runtime("must unpack as many values as there are targets: got "
                            + values.size() + " for " + unpacked.targets().size());
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(unpacked.targets().get(i), values.get(i), frame);
                }
            }
        }
    }

    /// Renders a macro whose arguments are in `frame`; those left out take their defaults.
    String renderMacro(Statement.DefineMacro macro, Frame frame) {
        budget.enter();
        int line = evaluator.line();
        for (Statement.Parameter parameter : macro.parameters()) {
            if (frame.isUnset(parameter.name())) {
                @Nullable Expression standard = parameter.standard();
                frame.set(
                        parameter.name(),
                        standard == null
                                ? new Undefined("parameter '" + parameter.name() + "' was not provided")
                                : evaluator.evaluate(standard, frame));
            }
        }
        var out = new Output(budget);
        run(macro.body(), frame, out);
        evaluator.setLine(line);
        budget.leave();
        return out.toString();
    }
}
