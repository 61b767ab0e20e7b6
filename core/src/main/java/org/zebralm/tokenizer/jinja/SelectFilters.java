package org.zebralm.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.zebralm.tokenizer.jinja.Filters.Filter;

/// The filters `map`, `select`, `reject`, `selectattr` and `rejectattr`, whose items come one by one.
final class SelectFilters {
    private SelectFilters() {}

    static void addTo(Map<String, Filter> filters) {
        filters.put("map", SelectFilters::map);
        filters.put("select", (value, arguments, evaluator) -> select(value, arguments, evaluator, false, true));
        filters.put("reject", (value, arguments, evaluator) -> select(value, arguments, evaluator, false, false));
        filters.put("selectattr", (value, arguments, evaluator) -> select(value, arguments, evaluator, true, true));
        filters.put("rejectattr", (value, arguments, evaluator) -> select(value, arguments, evaluator, true, false));
    }

    private static Object map(Object value, Arguments arguments, Evaluator evaluator) {
        if (!Types.isTrue(value) && !(value instanceof Generator)) {
            return new Generator(List.of().iterator());
        }
        Function<Object, Object> step;
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            var named = new LinkedHashMap<>(arguments.named());
            Object attribute = named.remove("attribute");
            Object standard = named.getOrDefault("default", None.NONE);
            named.remove("default");
            if (!named.isEmpty()) {
                throw TemplateException.runtime(
                        "map takes no argument named '" + named.firstEntry().getKey() + "'");
            }
            step = SequenceFilters.getter(attribute == null ? None.NONE : attribute, standard, evaluator);
        } else {
            if (arguments.positional().isEmpty()) {
                throw TemplateException.runtime("map needs a filter or an attribute");
            }
            String name = Printing.text(arguments.positional().getFirst(), evaluator.budget());
            step = item -> Filters.apply(name, item, arguments.without(1), evaluator);
        }
        return new Generator(Filters.lazily(Types.iterate(value, evaluator.budget()), item -> {
            evaluator.budget().step();
            return step.apply(item);
        }));
    }

    private static Object select(
            Object value, Arguments arguments, Evaluator evaluator, boolean byAttribute, boolean keep) {
        if (!Types.isTrue(value) && !(value instanceof Generator)) {
            return new Generator(List.of().iterator());
        }
        Arguments rest = arguments;
        Function<Object, Object> getter = Function.identity();
        if (byAttribute) {
            if (arguments.positional().isEmpty()) {
                throw TemplateException.runtime("selectattr and rejectattr need the name of an attribute");
            }
            getter = SequenceFilters.getter(arguments.positional().getFirst(), evaluator);
            rest = arguments.without(1);
        }
        Function<Object, Object> get = getter;
        Function<Object, Object> test = Function.identity();
        if (!rest.positional().isEmpty()) {
            String name = Printing.text(rest.positional().getFirst(), evaluator.budget());
            Arguments testArguments = rest.without(1);
            test = item -> Tests.apply(name, item, testArguments, evaluator);
        }
        Function<Object, Object> holds = test;
        return new Generator(Filters.lazily(Types.iterate(value, evaluator.budget()), item -> {
            evaluator.budget().step();
            return Types.isTrue(holds.apply(get.apply(item))) == keep ? item : null;
        }));
    }
}
