package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The methods of lists, tuples and dicts that change nothing.
final class CollectionMethods {
    private CollectionMethods() {}

    static @Nullable Object find(Dict dict, String name, Budget budget) {
        return switch (name) {
            case "keys" -> view(name, dict, DictView.Kind.KEYS);
            case "values" -> view(name, dict, DictView.Kind.VALUES);
            case "items" -> view(name, dict, DictView.Kind.ITEMS);
            case "get" ->
                new Callable.Function(name, arguments -> {
                    var bound = arguments.bindPositions("get", 1, 2);
                    Dict.requireHashable(bound.get(0));
                    Object value = dict.get(bound.get(0));
                    return value == null ? bound.get(1) : value;
                });
            case "copy" ->
                new Callable.Function(name, _ -> {
                    budget.make(dict.size());
                    var copy = new Dict();
                    dict.entries().forEach(entry -> copy.put(entry.key(), entry.value()));
                    return copy;
                });
            case "fromkeys" ->
                new Callable.Function(name, _ -> {
                    throw TemplateException.runtime("dict.fromkeys is not implemented");
                });
            default -> null;
        };
    }

    private static Callable.Function view(String name, Dict dict, DictView.Kind kind) {
        return new Callable.Function(name, arguments -> {
            arguments.bindPositions(name, 0, 0);
            return new DictView(dict, kind);
        });
    }

    static @Nullable Object find(List<?> items, String name, Budget budget, boolean isList) {
        return switch (name) {
            case "index" ->
                new Callable.Function(name, arguments -> {
                    var bound = arguments.bindPositions("index", 1, 3);
                    int size = items.size();
                    budget.work(size);
                    int from = position(bound.number(1, 0), size);
                    int to = position(bound.number(2, size), size);
                    for (int i = from; i < to; i++) {
                        if (Comparisons.equal(items.get(i), bound.get(0), budget)) {
                            return BigInteger.valueOf(i);
                        }
                    }
                    throw TemplateException.runtime("the value to find the index of is not in the list");
                });
            case "count" ->
                new Callable.Function(name, arguments -> {
                    Object value = arguments.bindPositions("count", 1, 1).get(0);
                    budget.work(items.size());
                    int count = 0;
                    for (Object item : items) {
                        count += Comparisons.equal(item, value, budget) ? 1 : 0;
                    }
                    return BigInteger.valueOf(count);
                });
            case "copy" ->
                isList
                        ? new Callable.Function(name, _ -> {
                            budget.make(items.size());
                            return new ArrayList<Object>(items);
                        })
                        : null;
            default -> null;
        };
    }

    private static int position(int index, int size) {
        return Math.clamp(index < 0 ? (long) index + size : index, 0, size);
    }
}
