package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The arguments of a call.
record Arguments(List<Object> positional, Map<String, Object> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    static Arguments of(Object... positional) {
        return new Arguments(List.of(positional), Map.of());
    }

    Arguments without(int count) {
        return new Arguments(positional.subList(count, positional.size()), named);
    }

    /// Binds to parameters, of which the first `required` must be given.
    Bound bind(String function, int required, String... parameters) {
        @Nullable Object[] values = new @Nullable Object[parameters.length];
        if (positional.size() > parameters.length) {
            throw TemplateException.runtime(
                    function + "() takes at most " + parameters.length + " arguments: got " + positional.size());
        }
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        for (Map.Entry<String, Object> argument : named.entrySet()) {
            int index = Arrays.asList(parameters).indexOf(argument.getKey());
            if (index < 0) {
                throw TemplateException.runtime(function + "() takes no argument named '" + argument.getKey() + "'");
            }
            if (values[index] != null) {
                throw TemplateException.runtime(function + "() got '" + argument.getKey() + "' twice");
            }
            values[index] = argument.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw TemplateException.runtime(function + "() needs the argument '" + parameters[i] + "'");
            }
        }
        return new Bound(function, parameters, values);
    }

    /// Binds by position alone, as most methods of Python's strings do.
    Bound bindPositions(String function, int required, int most) {
        if (!named.isEmpty()) {
            throw TemplateException.runtime(function + "() takes no keyword arguments");
        }
        String[] parameters = new String[most];
        Arrays.setAll(parameters, i -> String.valueOf(i + 1));
        return bind(function, required, parameters);
    }

    /// Arguments by the position of their parameter.
    static final class Bound {
        private final String function;
        private final String[] parameters;
        private final @Nullable Object[] values;

        private Bound(String function, String[] parameters, @Nullable Object[] values) {
            this.function = function;
            this.parameters = parameters;
            this.values = values;
        }

        boolean has(int index) {
            return values[index] != null;
        }

        /// Whether the argument is given and not None.
        boolean hasValue(int index) {
            return values[index] != null && values[index] != None.NONE;
        }

        Object get(int index, Object otherwise) {
            Object value = values[index];
            return value == null ? otherwise : value;
        }

        Object get(int index) {
            return get(index, None.NONE);
        }

        boolean truth(int index) {
            Object value = values[index];
            return value != null && Types.isTrue(value);
        }

        String text(int index) {
            return switch (get(index)) {
                case String text -> text;
                case Markup markup -> markup.text();
                case Undefined undefined -> throw undefined.error();
                case Object other -> throw wrong(index, "a string", other);
            };
        }

        String text(int index, String otherwise) {
            return has(index) ? text(index) : otherwise;
        }

        BigInteger integer(int index) {
            Object value = get(index);
            if (value instanceof Undefined undefined) {
                throw undefined.error();
            }
            BigInteger integer = Types.integer(value);
            if (integer == null) {
                throw wrong(index, "an integer", value);
            }
            return integer;
        }

        /// An integer, brought within those of Java.
        int number(int index, int otherwise) {
            return has(index) ? Types.clamp(integer(index)) : otherwise;
        }

        private TemplateException wrong(int index, String expected, Object got) {
            return TemplateException.runtime(function + "() needs " + expected + " as argument " + parameters[index]
                    + ": got '" + Types.nameOf(got) + "'");
        }
    }
}
