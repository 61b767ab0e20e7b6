package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Attributes, elements and slices of values; what Python's objects have beyond is not there.
final class Attributes {
    private static final Set<String> CHANGES_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> CHANGES_LIST =
            Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");

    private Attributes() {}

    /// `owner.name`: an attribute before an element.
    static Object attribute(Object owner, String name, Budget budget) {
        Object attribute = find(owner, name, budget);
        if (attribute != null) {
            return attribute;
        }
        Object element = element(owner, name, budget);
        return element == null ? Undefined.element(owner, name) : element;
    }

    /// `owner[key]`: an element before an attribute.
    static Object item(Object owner, Object key, Budget budget) {
        Object element = element(owner, key, budget);
        String name = Types.string(key);
        if (element == null && name != null) {
            element = find(owner, name, budget);
        }
        return element == null ? Undefined.element(owner, key) : element;
    }

    /// Returns a true attribute, never an element; null if there is none.
    static @Nullable Object find(Object owner, String name, Budget budget) {
        if (owner instanceof Undefined undefined) {
            if (name.equals("__class__")) {
                return Undefined.unsafe(owner, name);
            }
            throw undefined.error();
        }
        boolean hidden = name.startsWith("_");
        if (hidden && !(owner instanceof Namespace)) {
            return name.startsWith("__") && name.endsWith("__") && !(owner instanceof Dict)
                    ? Undefined.unsafe(owner, name)
                    : null;
        }
        Set<String> changes = owner instanceof Dict ? CHANGES_DICT : owner instanceof List ? CHANGES_LIST : Set.of();
        if (changes.contains(name)) {
            return Undefined.unsafe(owner, name);
        }
        return switch (owner) {
            case Namespace namespace -> {
                Object value = namespace.attributes().get(name);
                yield value == null ? null : hidden ? Undefined.unsafe(owner, name) : value;
            }
            case String text -> StringMethods.find(text, name, budget);
            case Markup markup -> markupMethod(markup, name, budget);
            case Dict dict -> CollectionMethods.find(dict, name, budget);
            case Tuple tuple -> {
                int index = tuple.names().indexOf(name);
                yield index >= 0
                        ? tuple.items().get(index)
                        : CollectionMethods.find(tuple.items(), name, budget, false);
            }
            case List<?> list -> CollectionMethods.find(list, name, budget, true);
            case Range range ->
                switch (name) {
                    case "start" -> range.start();
                    case "stop" -> range.stop();
                    case "step" -> range.step();
                    default -> CollectionMethods.find(range.items(), name, budget, false);
                };
            case Loop loop -> loop.attribute(name);
            case Macro macro ->
                switch (name) {
                    case "name" -> macro.name() == null ? None.NONE : macro.name();
                    case "arguments" -> Tuple.of(macro.parameterNames());
                    case "caller" -> macro.uses("caller");
                    case "catch_kwargs" -> macro.uses("kwargs");
                    case "catch_varargs" -> macro.uses("varargs");
                    default -> null;
                };
            case Cycler cycler -> cycler.attribute(name);
            case Double number
            when name.equals("is_integer") ->
                new Callable.Function(name, _ -> !number.isInfinite() && number == Math.rint(number));
            case BigInteger integer
            when name.equals("bit_length") ->
                new Callable.Function(
                        name, _ -> BigInteger.valueOf(integer.abs().bitLength()));
            default -> null;
        };
    }

    private static @Nullable Object markupMethod(Markup markup, String name, Budget budget) {
        Callable.Function method = StringMethods.find(markup.text(), name, budget);
        return method == null
                ? null
                : new Callable.Function(name, arguments -> {
                    if (!arguments.positional().isEmpty() || !arguments.named().isEmpty()) {
                        throw TemplateException.runtime("a method of safe text must have no arguments here: " + name);
                    }
                    Object result = method.call(arguments);
                    return switch (result) {
                        case String text -> new Markup(text);
                        case List<?> parts ->
                            parts.stream()
                                    .<Object>map(part -> new Markup(String.valueOf(part)))
                                    .toList();
                        default -> result;
                    };
                });
    }

    private static @Nullable Object element(Object owner, Object key, Budget budget) {
        if (owner instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (owner instanceof Dict dict) {
            return dict.get(key);
        }
        BigInteger index = Types.integer(key);
        if (index == null) {
            return null;
        }
        String text = Types.string(owner);
        List<Object> items = text == null ? Types.sequence(owner) : Text.characters(text);
        if (items == null) {
            return null;
        }
        if (text != null) {
            budget.work(text.length());
        }
        int position = Types.clamp(index);
        position = position < 0 ? position + items.size() : position;
        if (position < 0 || position >= items.size()) {
            return null;
        }
        Object item = items.get(position);
        return owner instanceof Markup && item instanceof String character ? new Markup(character) : item;
    }

    /// `owner[start:stop:step]`, each of which may be left out.
    static Object slice(
            Object owner,
            @Nullable BigInteger start,
            @Nullable BigInteger stop,
            @Nullable BigInteger step,
            Budget budget) {
        if (owner instanceof Undefined undefined) {
            throw undefined.error();
        }
        String text = Types.string(owner);
        List<Object> items = text == null ? Types.sequence(owner) : Text.characters(text);
        if (items == null) {
            throw TemplateException.runtime("'" + Types.nameOf(owner) + "' object cannot be sliced");
        }
        if (text != null) {
            budget.make(text.length());
        }
        int stride = step == null ? 1 : Types.clamp(step);
        if (stride == 0) {
            throw TemplateException.runtime("slice step cannot be zero");
        }
        int size = items.size();
        long from = start == null ? (stride > 0 ? 0 : size - 1) : bound(start, size, stride);
        long to = stop == null ? (stride > 0 ? size : -1) : bound(stop, size, stride);
        List<Object> slice = new ArrayList<>();
        for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
            budget.make(1);
            slice.add(items.get((int) i));
        }
        if (text != null) {
            var joined = new StringBuilder();
            slice.forEach(joined::append);
            return owner instanceof Markup ? new Markup(joined.toString()) : joined.toString();
        }
        if (owner instanceof Range range) {
            BigInteger by = range.step();
            return new Range(
                    range.start().add(by.multiply(BigInteger.valueOf(from))),
                    range.start().add(by.multiply(BigInteger.valueOf(to))),
                    by.multiply(BigInteger.valueOf(stride)));
        }
        return owner instanceof Tuple ? Tuple.of(slice) : slice;
    }

    private static long bound(BigInteger bound, int size, int stride) {
        long at = Types.clamp(bound);
        at = at < 0 ? at + size : at;
        return stride > 0 ? Math.clamp(at, 0, size) : Math.clamp(at, -1, size - 1);
    }
}
