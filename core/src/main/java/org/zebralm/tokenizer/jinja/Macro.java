package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A macro, or the body of a call block, with the variables around its definition.
final class Macro implements Callable {
    private final Statement.DefineMacro definition;
    private final Frame around;
    private final Renderer renderer;

    Macro(Statement.DefineMacro definition, Frame around, Renderer renderer) {
        this.definition = definition;
        this.around = around;
        this.renderer = renderer;
    }

    @Nullable
    String name() {
        return definition.name();
    }

    List<Object> parameterNames() {
        List<Object> names = new ArrayList<>();
        definition.parameters().forEach(parameter -> names.add(parameter.name()));
        return names;
    }

    boolean uses(String name) {
        return definition.uses().contains(name);
    }

    @Override
    public Object call(Arguments arguments) {
        Frame frame = around.inner(definition.body());
        List<Statement.Parameter> parameters = definition.parameters();
        Map<String, Object> named = new LinkedHashMap<>(arguments.named());
        int given = Math.min(arguments.positional().size(), parameters.size());
        boolean callerIsParameter = false;
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i).name();
            frame.unset(name);
            callerIsParameter |= name.equals("caller");
            if (i < given) {
                frame.set(name, arguments.positional().get(i));
            } else if (named.containsKey(name)) {
                frame.set(name, named.remove(name));
            }
        }
        if (uses("caller") && !callerIsParameter) {
            Object caller = named.remove("caller");
            frame.set("caller", caller == null || caller == None.NONE ? new Undefined("no caller defined") : caller);
        }
        if (uses("kwargs") && !hasParameter("kwargs")) {
            var rest = new Dict();
            named.forEach(rest::put);
            frame.set("kwargs", rest);
        } else if (!named.isEmpty()) {
            throw TemplateException.runtime("macro " + name() + " takes no argument named '"
                    + named.keySet().iterator().next() + "'");
        }
        if (uses("varargs") && !hasParameter("varargs")) {
            frame.set(
                    "varargs",
                    Tuple.of(arguments
                            .positional()
                            .subList(given, arguments.positional().size())));
        } else if (arguments.positional().size() > parameters.size()) {
            throw TemplateException.runtime("macro " + name() + " takes at most " + parameters.size()
                    + " arguments: got " + arguments.positional().size());
        }
        return renderer.renderMacro(definition, frame);
    }

    private boolean hasParameter(String name) {
        return definition.parameters().stream()
                .anyMatch(parameter -> parameter.name().equals(name));
    }
}
