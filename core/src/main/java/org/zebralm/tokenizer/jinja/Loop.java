package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The variable `loop`.
final class Loop implements Callable {
    /// Renders the loop's body for other items, one level deeper.
    @FunctionalInterface
    interface Recursion {
        Object render(Object items, int depth);
    }

    private Iterator<Object> items;
    private int length;
    private final int depth;
    private final @Nullable Recursion recursion;
    private final Budget budget;
    private int index0 = -1;
    private @Nullable Object before;
    private @Nullable Object current;
    private @Nullable Object after;
    private @Nullable Object lastChanged;

    /// @param length of the items; -1 if it takes reading them all
    Loop(Iterator<Object> items, int length, int depth, @Nullable Recursion recursion, Budget budget) {
        this.items = items;
        this.length = length;
        this.depth = depth;
        this.recursion = recursion;
        this.budget = budget;
    }

    boolean advance() {
        Object next = peek();
        if (next == null) {
            return false;
        }
        after = null;
        index0++;
        before = current;
        current = next;
        return true;
    }

    Object current() {
        return current == null ? None.NONE : current;
    }

    private @Nullable Object peek() {
        if (after == null && items.hasNext()) {
            after = items.next();
        }
        return after;
    }

    int index() {
        return index0 + 1;
    }

    int length() {
        if (length < 0) {
            List<Object> rest = new ArrayList<>();
            while (items.hasNext()) {
                budget.make(1);
                rest.add(items.next());
            }
            items = rest.iterator();
            length = rest.size() + index() + (after == null ? 0 : 1);
        }
        return length;
    }

    /// Returns an attribute; null if there is none of that name.
    @Nullable
    Object attribute(String name) {
        return switch (name) {
            case "index" -> number(index());
            case "index0" -> number(index0);
            case "revindex" -> number(length() - index0);
            case "revindex0" -> number(length() - index());
            case "length" -> number(length());
            case "depth" -> number(depth + 1);
            case "depth0" -> number(depth);
            case "first" -> index0 == 0;
            case "last" -> peek() == null;
            case "previtem" -> index0 == 0 || before == null ? new Undefined("there is no previous item") : before;
            case "nextitem" -> {
                Object next = peek();
                yield next == null ? new Undefined("there is no next item") : next;
            }
            case "cycle" -> new Function("cycle", this::cycle);
            case "changed" -> new Function("changed", this::changed);
            default -> null;
        };
    }

    private static Object number(int value) {
        return BigInteger.valueOf(value);
    }

    private Object cycle(Arguments arguments) {
        List<Object> values = arguments.positional();
        if (values.isEmpty()) {
            throw TemplateException.runtime("no items for cycling given");
        }
        return values.get(index0 % values.size());
    }

    private Object changed(Arguments arguments) {
        Tuple value = Tuple.of(arguments.positional());
        boolean changed = lastChanged == null || !Comparisons.equal(lastChanged, value, budget);
        lastChanged = value;
        return changed;
    }

    @Override
    public Object call(Arguments arguments) {
        if (recursion == null) {
            throw TemplateException.runtime("a loop must be marked recursive to be called");
        }
        return recursion.render(arguments.bind("loop", 1, "iterable").get(0), depth + 1);
    }
}
