package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The filter `tojson`: Python's `json.dumps`, which transformers puts in place of Jinja's own.
final class Json {
    private final StringBuilder out = new StringBuilder();
    private final Budget budget;
    private final boolean ascii;
    private final @Nullable String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean sorted;
    private int level;
    private int charged;

    private Json(Arguments.Bound arguments, Budget budget) {
        this.budget = budget;
        this.ascii = arguments.truth(0);
        this.indent = indent(arguments);
        this.sorted = arguments.truth(3);
        if (arguments.hasValue(2)) {
            List<Object> separators = Types.sequence(arguments.get(2));
            if (separators == null || separators.size() != 2) {
                throw TemplateException.runtime("separators must be two strings");
            }
            this.itemSeparator = Printing.text(separators.get(0), budget);
            this.keySeparator = Printing.text(separators.get(1), budget);
        } else {
            this.itemSeparator = indent == null ? ", " : ",";
            this.keySeparator = ": ";
        }
    }

    static Object filter(Object value, Arguments arguments, Budget budget) {
        var json = new Json(arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys"), budget);
        json.write(value);
        json.charge();
        return json.out.toString();
    }

    private @Nullable String indent(Arguments.Bound arguments) {
        if (!arguments.hasValue(1)) {
            return null;
        }
        String text = Types.string(arguments.get(1));
        return text != null ? text : Operators.repeat(" ", Math.max(0, arguments.number(1, 0)), budget);
    }

    private void charge() {
        budget.make(out.length() - (long) charged);
        charged = out.length();
    }

    private void write(Object value) {
        budget.enter();
        charge();
        switch (value) {
            case None _ -> out.append("null");
            case Boolean bool -> out.append(bool);
            case BigInteger integer -> out.append(integer);
            case Double number -> out.append(number(number));
            case String text -> quote(text);
            case Markup markup -> quote(markup.text());
            case Tuple tuple -> writeItems(tuple.items());
            case List<?> list -> writeItems(list);
            case Dict dict -> writeDict(dict);
            default ->
                throw TemplateException.runtime("object of type " + Types.nameOf(value) + " is not JSON serializable");
        }
        budget.leave();
    }

    private static String number(double number) {
        return Double.isNaN(number)
                ? "NaN"
                : Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : FloatText.of(number);
    }

    private void writeItems(List<?> items) {
        out.append('[');
        level++;
        for (int i = 0; i < items.size(); i++) {
            separate(i);
            write(items.get(i));
        }
        level--;
        close(items.isEmpty(), ']');
    }

    private void writeDict(Dict dict) {
        List<Dict.Entry> entries = dict.entries();
        if (sorted) {
            var order = Comparisons.order(budget);
            entries.sort((a, b) -> order.compare(a.key(), b.key()));
        }
        out.append('{');
        level++;
        for (int i = 0; i < entries.size(); i++) {
            separate(i);
            quote(
                    switch (entries.get(i).key()) {
                        case String text -> text;
                        case Markup markup -> markup.text();
                        case None _ -> "null";
                        case Boolean bool -> bool.toString();
                        case BigInteger integer -> integer.toString();
                        case Double number -> number(number);
                        case Object key ->
                            throw TemplateException.runtime(
                                    "a key must be text, a number or none: got '" + Types.nameOf(key) + "'");
                    });
            out.append(keySeparator);
            write(entries.get(i).value());
        }
        level--;
        close(entries.isEmpty(), '}');
    }

    private void separate(int i) {
        if (i > 0) {
            out.append(itemSeparator);
        }
        newLine();
    }

    private void newLine() {
        if (indent != null) {
            budget.work((long) indent.length() * level);
            out.append('\n').append(Operators.repeat(indent, level, budget));
        }
    }

    private void close(boolean empty, char bracket) {
        if (!empty) {
            newLine();
        }
        out.append(bracket);
    }

    private void quote(String text) {
        budget.make(text.length());
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < 0x20 || (ascii && c > 0x7e)) {
                        if (c == 0x7f) {
                            out.append(c);
                        } else {
                            out.append("\\u")
                                    .append(Integer.toHexString(c | 0x10000).substring(1));
                        }
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
