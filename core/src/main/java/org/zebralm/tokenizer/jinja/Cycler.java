package org.zebralm.tokenizer.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What `cycler()` makes: values in turn.
final class Cycler {
    private final List<Object> items;
    private int position;

    Cycler(List<Object> items) {
        if (items.isEmpty()) {
            throw TemplateException.runtime("cycler() needs at least one item");
        }
        this.items = items;
    }

    @Nullable
    Object attribute(String name) {
        return switch (name) {
            case "current" -> items.get(position);
            case "items" -> Tuple.of(items);
            case "pos" -> java.math.BigInteger.valueOf(position);
            case "next" ->
                new Callable.Function(name, _ -> {
                    Object item = items.get(position);
                    position = (position + 1) % items.size();
                    return item;
                });
            case "reset" ->
                new Callable.Function(name, _ -> {
                    position = 0;
                    return None.NONE;
                });
            default -> null;
        };
    }
}
