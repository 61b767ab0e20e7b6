package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Python's `str.format`.
final class BraceFormat {
    private final Arguments arguments;
    private final Budget budget;
    private int automatic;
    private boolean numbered;

    private BraceFormat(Arguments arguments, Budget budget) {
        this.arguments = arguments;
        this.budget = budget;
    }

    static String format(String format, Arguments arguments, Budget budget) {
        return new BraceFormat(arguments, budget).run(format, 2);
    }

    static String formatMap(String format, Object mapping, Budget budget) {
        if (!(mapping instanceof Dict dict)) {
            throw TemplateException.runtime("format_map() needs a mapping: got '" + Types.nameOf(mapping) + "'");
        }
        Map<String, Object> named = new java.util.LinkedHashMap<>();
        for (Dict.Entry entry : dict.entries()) {
            named.put(Printing.text(entry.key(), budget), entry.value());
        }
        return format(format, new Arguments(java.util.List.of(), named), budget);
    }

    private String run(String format, int depth) {
        if (depth == 0) {
            throw TemplateException.runtime("a format must not nest deeper than 2");
        }
        budget.make(format.length());
        var out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            boolean doubled = i + 1 < format.length() && format.charAt(i + 1) == c;
            if ((c == '{' || c == '}') && doubled) {
                out.append(c);
                i++;
            } else if (c == '{') {
                int end = end(format, i + 1);
                String part = field(format.substring(i + 1, end), depth);
                budget.make(part.length());
                out.append(part);
                i = end;
            } else if (c == '}') {
                throw TemplateException.runtime("single '}' in a format");
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static int end(String format, int from) {
        int open = 1;
        boolean bracket = false;
        for (int i = from; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c == '[') {
                bracket = true;
            } else if (c == ']') {
                bracket = false;
            } else if (c == '{' && !bracket) {
                open++;
            } else if (c == '}' && !bracket && --open == 0) {
                return i;
            }
        }
        throw TemplateException.runtime("a '{' in a format must be closed");
    }

    private String field(String field, int depth) {
        int colon = -1;
        int bang = -1;
        boolean bracket = false;
        for (int i = 0; i < field.length() && colon < 0; i++) {
            char c = field.charAt(i);
            bracket = c == '[' || (bracket && c != ']');
            if (!bracket && c == ':') {
                colon = i;
            } else if (!bracket && c == '!' && bang < 0) {
                bang = i;
            }
        }
        int end = bang >= 0 ? bang : colon >= 0 ? colon : field.length();
        Object value = value(field.substring(0, end));
        if (bang >= 0) {
            String conversion = field.substring(bang + 1, colon >= 0 ? colon : field.length());
            value = switch (conversion) {
                case "s" -> Printing.text(value, budget);
                case "r" -> Printing.repr(value, budget);
                case "a" -> PercentFormat.ascii(Printing.repr(value, budget));
                default -> throw TemplateException.runtime("a conversion must be s, r or a: got " + conversion);
            };
        }
        String spec = colon < 0 ? "" : run(field.substring(colon + 1), depth - 1);
        return FormatSpec.parse(spec).format(value, budget);
    }

    private Object value(String path) {
        int i = 0;
        while (i < path.length() && path.charAt(i) != '.' && path.charAt(i) != '[') {
            i++;
        }
        Object value = first(path.substring(0, i));
        while (i < path.length()) {
            if (path.charAt(i) == '.') {
                int end = i + 1;
                while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
                    end++;
                }
                value = Attributes.attribute(value, path.substring(i + 1, end), budget);
                i = end;
            } else {
                int end = path.indexOf(']', i);
                if (path.charAt(i) != '[' || end < 0) {
                    throw TemplateException.runtime("a field must be a name, .attributes and [elements]: got " + path);
                }
                String key = path.substring(i + 1, end);
                value = Attributes.item(value, isNumber(key) ? new BigInteger(key) : key, budget);
                i = end + 1;
            }
        }
        return value;
    }

    private static boolean isNumber(String text) {
        return !text.isEmpty() && text.length() < 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private Object first(String name) {
        if (!name.isEmpty() && !isNumber(name)) {
            @Nullable Object value = arguments.named().get(name);
            if (value == null) {
                throw TemplateException.runtime("no argument for the field " + name);
            }
            return value;
        }
        if (name.isEmpty() ? numbered : automatic > 0) {
            throw TemplateException.runtime("fields must be numbered all or none");
        }
        numbered = !name.isEmpty();
        int index = numbered ? Integer.parseInt(name) : automatic++;
        if (index >= arguments.positional().size()) {
            throw TemplateException.runtime("no argument for field " + index);
        }
        return arguments.positional().get(index);
    }
}
