package org.zebralm.tokenizer.jinja;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The filters by name.
final class Filters {
    /// A filter of a value.
    @FunctionalInterface
    interface Filter {
        Object apply(Object value, Arguments arguments, Evaluator evaluator);
    }

    private static final Map<String, Filter> FILTERS = new HashMap<>();

    static {
        TextFilters.addTo(FILTERS);
        NumberFilters.addTo(FILTERS);
        SequenceFilters.addTo(FILTERS);
        SelectFilters.addTo(FILTERS);
        FILTERS.put("tojson", (value, arguments, evaluator) -> Json.filter(value, arguments, evaluator.budget()));
        FILTERS.put("default", Filters::orDefault);
        FILTERS.put("d", Filters::orDefault);
        for (String name : List.of("random", "urlize", "pprint", "xmlattr", "striptags", "wordwrap")) {
            FILTERS.put(name, (_, _, _) -> {
                throw TemplateException.runtime("the filter " + name + " is not implemented");
            });
        }
    }

    private Filters() {}

    static boolean isKnown(String name) {
        return FILTERS.containsKey(name);
    }

    static Object apply(String name, Object value, Arguments arguments, Evaluator evaluator) {
        Filter filter = FILTERS.get(name);
        if (filter == null) {
            throw TemplateException.runtime("no filter named '" + name + "'");
        }
        return filter.apply(value, arguments, evaluator);
    }

    private static Object orDefault(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("default", 0, "default_value", "boolean");
        return value instanceof Undefined || (bound.truth(1) && !Types.isTrue(value)) ? bound.get(0, "") : value;
    }

    /// Returns what `step` makes of items, one by one, less those of which it makes nothing.
    static Iterator<Object> lazily(Iterator<Object> items, Function<Object, @Nullable Object> step) {
        return new Iterator<>() {
            private @Nullable Object ahead;

            @Override
            public boolean hasNext() {
                while (ahead == null && items.hasNext()) {
                    ahead = step.apply(items.next());
                }
                return ahead != null;
            }

            @Override
            public Object next() {
                if (!hasNext() || ahead == null) {
                    throw new NoSuchElementException();
                }
                Object item = ahead;
                ahead = null;
                return item;
            }
        };
    }
}
