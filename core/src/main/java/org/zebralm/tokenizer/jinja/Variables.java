package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decides before anything is rendered which variables of a body are undefined until set, and that filters exist.
///
/// Jinja compiles a template to functions whose local variables it settles beforehand. A name first set and then read
/// in a body never means a variable given to the template, even where a loop or macro within the body reads it
/// before; a name set in a branch may.
final class Variables {
    /// How a variable begins.
    private enum Start {
        PARAMETER,
        OUTER,
        UNSET
    }

    private final @Nullable Variables parent;
    private Map<String, Start> starts = new LinkedHashMap<>();
    private Set<String> stores = new HashSet<>();
    private final List<Runnable> inner;

    private Variables(@Nullable Variables parent) {
        this.parent = parent;
        this.inner = new ArrayList<>();
    }

    static void resolve(Body template) {
        Names.check(template.statements());
        new Variables(null).body(template);
    }

    private void body(Body body) {
        statements(body.statements());
        body.setUnset(starts.entrySet().stream()
                .filter(start -> start.getValue() == Start.UNSET)
                .map(Map.Entry::getKey)
                .toList());
        // What lies within is settled by all names of what lies around it, the later ones too.
        inner.forEach(Runnable::run);
    }

    private void statements(List<Statement> statements) {
        statements.forEach(this::statement);
    }

    private void within(Body body, Consumer<Variables> declare) {
        inner.add(() -> {
            var variables = new Variables(this);
            declare.accept(variables);
            variables.body(body);
        });
    }

    private void statement(Statement statement) {
        switch (statement) {
            case Statement.Data _, Statement.Break _, Statement.Continue _ -> {}
            case Statement.Print print -> print.values().forEach(this::load);
            case Statement.Set set -> {
                load(set.value());
                store(set.target());
            }
            case Statement.SetBlock set -> {
                store(set.target());
                within(set.body(), _ -> {});
            }
            case Statement.FilterBlock filter -> {
                load(filter.value());
                within(filter.body(), _ -> {});
            }
            case Statement.If branch -> branch(branch);
            case Statement.For loop -> {
                load(loop.items());
                within(loop.body(), variables -> {
                    variables.declare("loop");
                    variables.declare(loop.target());
                });
                if (loop.otherwise() != null) {
                    within(loop.otherwise(), _ -> {});
                }
            }
            case Statement.With with -> {
                with.values().forEach(this::load);
                within(with.body(), variables -> with.targets().forEach(variables::declare));
            }
            case Statement.DefineMacro macro -> {
                if (macro.name() != null) {
                    store(macro.name());
                }
                macro(macro);
            }
            case Statement.CallBlock call -> {
                load(call.call());
                macro(call.caller());
            }
            case Statement.Generation generation -> within(generation.body(), _ -> {});
            // A block sees the template's variables, not those around it.
            case Statement.NamedBlock block -> new Variables(null).body(block.body());
        }
    }

    private void macro(Statement.DefineMacro macro) {
        within(macro.body(), variables -> {
            for (Statement.Parameter parameter : macro.parameters()) {
                variables.declare(parameter.name());
            }
            macro.uses().forEach(variables::declare);
            for (Statement.Parameter parameter : macro.parameters()) {
                if (parameter.standard() != null) {
                    variables.load(parameter.standard());
                }
            }
        });
    }

    private void branch(Statement.If branch) {
        // An elif is an if within the else, whose test counts as part of it.
        Set<String> storesBefore = stores;
        Map<String, Start> added = new LinkedHashMap<>();
        Set<String> stored = new TreeSet<>();
        load(branch.branches().getFirst().test());
        Map<String, Start> before = starts;
        for (int i = 0; i <= branch.branches().size(); i++) {
            starts = new LinkedHashMap<>(before);
            stores = new HashSet<>(storesBefore);
            if (i < branch.branches().size()) {
                load(branch.branches().get(i).test());
                statements(branch.branches().get(i).body());
            } else {
                statements(branch.otherwise());
            }
            starts.keySet().removeAll(before.keySet());
            added.putAll(starts);
            stored.addAll(stores);
        }
        starts = before;
        stores = storesBefore;
        starts.putAll(added);
        stored.removeAll(stores);
        for (String name : stored) {
            stores.add(name);
            starts.put(name, Start.OUTER);
        }
    }

    private void load(Expression expression) {
        names(expression, name -> {
            if (!isKnown(name)) {
                starts.put(name, Start.OUTER);
            }
        });
    }

    private void store(Target target) {
        switch (target) {
            case Target.Variable variable -> store(variable.name());
            case Target.Attribute attribute -> load(new Expression.Name(attribute.namespace()));
            case Target.Unpacked unpacked -> unpacked.targets().forEach(this::store);
        }
    }

    private void store(String name) {
        stores.add(name);
        if (!starts.containsKey(name)) {
            starts.put(name, parent != null && parent.isKnown(name) ? Start.OUTER : Start.UNSET);
        }
    }

    private void declare(Target target) {
        switch (target) {
            case Target.Variable variable -> declare(variable.name());
            case Target.Attribute _ -> {}
            case Target.Unpacked unpacked -> unpacked.targets().forEach(this::declare);
        }
    }

    private void declare(String name) {
        stores.add(name);
        starts.put(name, Start.PARAMETER);
    }

    private boolean isKnown(String name) {
        return starts.containsKey(name) || (parent != null && parent.isKnown(name));
    }

    private static void names(Expression expression, Consumer<String> consumer) {
        if (expression instanceof Expression.Name name) {
            consumer.accept(name.name());
        }
        expression.parts().forEach(part -> names(part, consumer));
    }

    /// Returns which of the names a body reads before it sets them, those within it included.
    static Set<String> undeclared(Body body, Set<String> names) {
        Map<String, Boolean> found = new HashMap<>();
        Names.visit(
                body.statements(),
                name -> {
                    if (names.contains(name)) {
                        found.putIfAbsent(name, true);
                    }
                },
                name -> found.putIfAbsent(name, false));
        Set<String> undeclared = new TreeSet<>();
        found.forEach((name, read) -> {
            if (read) {
                undeclared.add(name);
            }
        });
        return undeclared;
    }
}
