package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.zebralm.tokenizer.jinja.Filters.Filter;

/// Filters of sequences and mappings.
final class SequenceFilters {
    private SequenceFilters() {}

    static void addTo(Map<String, Filter> filters) {
        filters.put("length", SequenceFilters::length);
        filters.put("count", SequenceFilters::length);
        filters.put("list", (value, arguments, evaluator) -> {
            arguments.bind("list", 0);
            return Types.list(value, evaluator.budget());
        });
        filters.put("first", SequenceFilters::first);
        filters.put("last", SequenceFilters::last);
        filters.put("join", SequenceFilters::join);
        filters.put("reverse", SequenceFilters::reverse);
        filters.put("items", SequenceFilters::items);
        filters.put("dictsort", SequenceFilters::sortDict);
        filters.put("sort", SequenceFilters::sort);
        filters.put("unique", SequenceFilters::unique);
        filters.put("min", (value, arguments, evaluator) -> extreme(value, arguments, evaluator, -1));
        filters.put("max", (value, arguments, evaluator) -> extreme(value, arguments, evaluator, 1));
        filters.put("sum", SequenceFilters::sum);
        filters.put("batch", SequenceFilters::batch);
        filters.put("slice", SequenceFilters::slice);
        filters.put("groupby", SequenceFilters::groupBy);
        filters.put("attr", SequenceFilters::attribute);
    }

    static Object length(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("length", 0);
        String text = Types.string(value);
        if (text != null) {
            evaluator.budget().work(text.length());
            return BigInteger.valueOf(Text.length(text));
        }
        if (value instanceof Loop loop) {
            return BigInteger.valueOf(loop.length());
        }
        if (value instanceof Dict dict) {
            return BigInteger.valueOf(dict.size());
        }
        if (value instanceof DictView view) {
            return BigInteger.valueOf(view.dict().size());
        }
        List<Object> items = value instanceof Undefined ? List.of() : Types.items(value);
        if (items == null) {
            throw TemplateException.runtime("object of type '" + Types.nameOf(value) + "' has no length");
        }
        return BigInteger.valueOf(items.size());
    }

    private static Object first(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("first", 0);
        Iterator<Object> items = Types.iterate(value, evaluator.budget());
        return items.hasNext() ? items.next() : new Undefined("no first item, the sequence was empty");
    }

    private static Object last(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("last", 0);
        if (value instanceof Undefined undefined) {
            return new Undefined("no last item, the sequence was empty: " + undefined.message());
        }
        if (value instanceof Generator) {
            throw TemplateException.runtime("'generator' object is not reversible");
        }
        List<Object> items = Types.list(value, evaluator.budget());
        return items.isEmpty() ? new Undefined("no last item, the sequence was empty") : items.getLast();
    }

    private static Object reverse(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("reverse", 0);
        String text = Types.string(value);
        if (text != null) {
            evaluator.budget().make(text.length());
            String reversed = new StringBuilder(text).reverse().toString();
            return value instanceof Markup ? new Markup(reversed) : reversed;
        }
        List<Object> items = new ArrayList<>(Types.list(value, evaluator.budget()));
        Collections.reverse(items);
        return value instanceof Generator ? items : new Generator(items.iterator());
    }

    private static Object join(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("join", 0, "d", "attribute");
        String separator = Printing.text(bound.get(0, ""), evaluator.budget());
        Function<Object, Object> getter = bound.hasValue(1) ? getter(bound.get(1), evaluator) : Function.identity();
        var out = new StringBuilder();
        Iterator<Object> items = Types.iterate(value, evaluator.budget());
        for (boolean first = true; items.hasNext(); first = false) {
            String part = Printing.text(getter.apply(items.next()), evaluator.budget());
            evaluator.budget().make((long) part.length() + separator.length() + 1);
            out.append(first ? "" : separator).append(part);
        }
        return out.toString();
    }

    private static Object items(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("items", 0);
        if (value instanceof Dict dict) {
            return new Generator(new DictView(dict, DictView.Kind.ITEMS).items().iterator());
        }
        // Jinja complains only once the items are asked for.
        return new Generator(Filters.lazily(List.<Object>of(value).iterator(), only -> {
            if (!(only instanceof Undefined)) {
                throw TemplateException.runtime("items needs a mapping: got '" + Types.nameOf(only) + "'");
            }
            return null;
        }));
    }

    private static Object sortDict(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = bound.text(1, "key");
        if (!by.equals("key") && !by.equals("value")) {
            throw TemplateException.runtime("dictsort must be by key or value: got " + by);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!(value instanceof Dict dict)) {
            throw TemplateException.runtime("dictsort needs a mapping: got '" + Types.nameOf(value) + "'");
        }
        List<Object> pairs = new DictView(dict, DictView.Kind.ITEMS).items();
        int position = by.equals("key") ? 0 : 1;
        return sorted(
                pairs, pair -> fold(((Tuple) pair).items().get(position), bound.truth(0)), bound.truth(2), evaluator);
    }

    private static Object fold(Object value, boolean caseSensitive) {
        String text = caseSensitive ? null : Types.string(value);
        return text == null ? value : Casing.lower(text);
    }

    private record Keyed(Object key, Object item) {}

    private static List<Object> sorted(
            List<Object> items, Function<Object, Object> key, boolean reverse, Evaluator evaluator) {
        evaluator.budget().make(items.size());
        List<Keyed> keyed = new ArrayList<>(items.size());
        items.forEach(item -> keyed.add(new Keyed(key.apply(item), item)));
        Comparator<Object> order = Comparisons.order(evaluator.budget());
        try {
            keyed.sort((a, b) -> reverse ? order.compare(b.key, a.key) : order.compare(a.key, b.key));
        } catch (TemplateException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw TemplateException.runtime("values to be sorted must have an order");
        }
        List<Object> sorted = new ArrayList<>(items.size());
        keyed.forEach(pair -> sorted.add(pair.item));
        return sorted;
    }

    private static Object sort(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        boolean caseSensitive = bound.truth(1);
        String attributes = Types.string(bound.get(2));
        List<Function<Object, Object>> getters = new ArrayList<>();
        if (attributes == null) {
            getters.add(getter(bound.get(2), evaluator));
        } else {
            for (String attribute : attributes.split(",", -1)) {
                getters.add(getter(attribute, evaluator));
            }
        }
        return sorted(
                Types.list(value, evaluator.budget()),
                item -> {
                    List<Object> keys = new ArrayList<>();
                    getters.forEach(getter -> keys.add(fold(getter.apply(item), caseSensitive)));
                    return keys;
                },
                bound.truth(0),
                evaluator);
    }

    private static Object unique(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
        Function<Object, Object> getter = getter(bound.get(1), evaluator);
        Set<Object> seen = new HashSet<>();
        return new Generator(Filters.lazily(Types.iterate(value, evaluator.budget()), item -> {
            evaluator.budget().make(1);
            return seen.add(Dict.requireHashable(fold(getter.apply(item), bound.truth(0)))) ? item : null;
        }));
    }

    private static Object extreme(Object value, Arguments arguments, Evaluator evaluator, int sign) {
        var bound = arguments.bind(sign < 0 ? "min" : "max", 0, "case_sensitive", "attribute");
        Function<Object, Object> getter = getter(bound.get(1), evaluator);
        Comparator<Object> order = Comparisons.order(evaluator.budget());
        Iterator<Object> items = Types.iterate(value, evaluator.budget());
        if (!items.hasNext()) {
            return new Undefined("no item, the sequence was empty");
        }
        Object best = items.next();
        Object bestKey = fold(getter.apply(best), bound.truth(0));
        while (items.hasNext()) {
            Object item = items.next();
            Object key = fold(getter.apply(item), bound.truth(0));
            int comparison = order.compare(key, bestKey);
            if (sign < 0 ? comparison < 0 : comparison > 0) {
                best = item;
                bestKey = key;
            }
        }
        return best;
    }

    private static Object sum(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("sum", 0, "attribute", "start");
        Function<Object, Object> getter = getter(bound.get(0), evaluator);
        Object sum = bound.get(1, BigInteger.ZERO);
        if (Types.string(sum) != null) {
            throw TemplateException.runtime("sum() can't sum strings");
        }
        Iterator<Object> items = Types.iterate(value, evaluator.budget());
        while (items.hasNext()) {
            sum = Operators.apply("+", sum, getter.apply(items.next()), evaluator.budget());
        }
        return sum;
    }

    private static Object batch(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("batch", 1, "linecount", "fill_with");
        int size = bound.number(0, 0);
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Types.list(value, evaluator.budget())) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            if (bound.hasValue(1) && batch.size() < size) {
                evaluator.budget().make(size);
                while (batch.size() < size) {
                    batch.add(bound.get(1));
                }
            }
            batches.add(batch);
        }
        return new Generator(batches.iterator());
    }

    private static Object slice(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("slice", 1, "slices", "fill_with");
        List<Object> items = Types.list(value, evaluator.budget());
        int slices = bound.number(0, 0);
        if (slices == 0) {
            throw TemplateException.runtime("division by zero");
        }
        evaluator.budget().make(Math.max(0, slices) + (long) items.size());
        List<Object> sliced = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < slices; i++) {
            boolean extra = i < items.size() % slices;
            int to = from + items.size() / slices + (extra ? 1 : 0);
            List<Object> slice = new ArrayList<>(items.subList(from, to));
            if (bound.hasValue(1) && !extra) {
                slice.add(bound.get(1));
            }
            sliced.add(slice);
            from = to;
        }
        return new Generator(sliced.iterator());
    }

    private static Object groupBy(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
        Object standard = bound.get(1);
        Function<Object, Object> plain = getter(bound.get(0), standard, evaluator);
        Function<Object, Object> key = item -> fold(plain.apply(item), bound.truth(2));
        List<Object> groups = new ArrayList<>();
        List<Object> group = new ArrayList<>();
        Object groupKey = None.NONE;
        for (Object item : sorted(Types.list(value, evaluator.budget()), key, false, evaluator)) {
            Object itemKey = key.apply(item);
            if (group.isEmpty() || !Comparisons.equal(groupKey, itemKey, evaluator.budget())) {
                group = new ArrayList<>();
                groups.add(new Tuple(List.of(plain.apply(item), group), List.of("grouper", "list")));
                groupKey = itemKey;
            }
            group.add(item);
        }
        return groups;
    }

    private static Object attribute(Object value, Arguments arguments, Evaluator evaluator) {
        String name = arguments.bind("attr", 1, "name").text(0);
        Object attribute = Attributes.find(value, name, evaluator.budget());
        return attribute == null ? Undefined.element(value, name) : attribute;
    }

    static Function<Object, Object> getter(Object attribute, Evaluator evaluator) {
        return getter(attribute, None.NONE, evaluator);
    }

    /// Returns what gets the element at a path such as `address.city` or `list.0`; the item itself by None.
    static Function<Object, Object> getter(Object attribute, Object standard, Evaluator evaluator) {
        if (attribute == None.NONE) {
            return Function.identity();
        }
        List<Object> parts = new ArrayList<>();
        if (attribute instanceof String path) {
            for (String part : path.split("\\.", -1)) {
                boolean isNumber =
                        !part.isEmpty() && part.length() < 10 && part.chars().allMatch(Casing::isDigit);
                parts.add(isNumber ? new BigInteger(part) : part);
            }
        } else {
            parts.add(attribute);
        }
        return item -> {
            Object value = item;
            for (Object part : parts) {
                value = Attributes.item(value, part, evaluator.budget());
                if (value instanceof Undefined && standard != None.NONE) {
                    value = standard;
                }
            }
            return value;
        };
    }
}
