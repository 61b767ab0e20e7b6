package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Python dict in the order of insertion; `1`, `1.0` and `True` are one key.
final class Dict {
    record Entry(Object key, Object value) {}

    private final LinkedHashMap<Object, Entry> entries = new LinkedHashMap<>();

    void put(Object key, Object value) {
        Object hashed = requireHashable(key);
        Entry old = entries.get(hashed);
        entries.put(hashed, new Entry(old == null ? key : old.key, value));
    }

    @Nullable
    Object get(Object key) {
        Object hashed = hashable(key);
        Entry entry = hashed == null ? null : entries.get(hashed);
        return entry == null ? null : entry.value;
    }

    boolean contains(Object key) {
        return entries.containsKey(requireHashable(key));
    }

    int size() {
        return entries.size();
    }

    List<Entry> entries() {
        return new ArrayList<>(entries.values());
    }

    List<Object> keys() {
        List<Object> keys = new ArrayList<>(entries.size());
        entries.values().forEach(entry -> keys.add(entry.key));
        return keys;
    }

    static Object requireHashable(Object key) {
        Object hashed = hashable(key);
        if (hashed == null) {
            throw TemplateException.runtime("unhashable type: '" + Types.nameOf(key) + "'");
        }
        return hashed;
    }

    /// Returns what equal keys have in common; null for what Python cannot hash.
    static @Nullable Object hashable(Object key) {
        return switch (key) {
            case Markup markup -> markup.text();
            case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
            case Double number
            when !number.isInfinite() && number == Math.rint(number) -> new BigDecimal(number).toBigInteger();
            case Tuple tuple -> {
                List<Object> items = new ArrayList<>();
                for (Object item : tuple.items()) {
                    Object hashed = hashable(item);
                    if (hashed == null) {
                        yield null;
                    }
                    items.add(hashed);
                }
                yield Tuple.of(items);
            }
            case Undefined _ -> Undefined.class;
            case List<?> _, Dict _, DictView _ -> null;
            default -> key;
        };
    }
}
