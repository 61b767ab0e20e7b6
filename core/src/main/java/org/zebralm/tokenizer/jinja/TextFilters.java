package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.zebralm.tokenizer.jinja.Filters.Filter;

/// Filters that make text of text.
final class TextFilters {
    private TextFilters() {}

    static void addTo(Map<String, Filter> filters) {
        filters.put("upper", method("upper"));
        filters.put("lower", method("lower"));
        filters.put("capitalize", method("capitalize"));
        filters.put("title", TextFilters::title);
        filters.put("trim", TextFilters::trim);
        filters.put("center", (value, arguments, evaluator) -> {
            int width = arguments.bind("center", 0, "width").number(0, 80);
            return StringMethods.pad(text(value, evaluator), width, " ", 1, evaluator.budget());
        });
        filters.put("replace", TextFilters::replace);
        filters.put("format", TextFilters::format);
        filters.put("indent", TextFilters::indent);
        filters.put("truncate", TextFilters::truncate);
        filters.put("wordcount", TextFilters::countWords);
        filters.put("urlencode", TextFilters::encodeUrl);
        filters.put("string", (value, _, evaluator) -> value instanceof Markup ? value : text(value, evaluator));
        filters.put("safe", (value, _, evaluator) -> new Markup(text(value, evaluator)));
        filters.put("escape", (value, _, evaluator) -> Markup.escape(value, evaluator.budget()));
        filters.put("e", (value, _, evaluator) -> Markup.escape(value, evaluator.budget()));
        filters.put("forceescape", (value, _, evaluator) -> Markup.escape(text(value, evaluator), evaluator.budget()));
    }

    static String text(Object value, Evaluator evaluator) {
        return Printing.text(value, evaluator.budget());
    }

    private static Filter method(String name) {
        return (value, arguments, evaluator) -> {
            Callable.Function method = StringMethods.find(text(value, evaluator), name, evaluator.budget());
            if (method == null) {
                throw new AssertionError(name);
            }
            Object result = method.call(arguments);
            return value instanceof Markup && result instanceof String text ? new Markup(text) : result;
        };
    }

    private static Object title(Object value, Arguments arguments, Evaluator evaluator) {
        String text = text(value, evaluator);
        evaluator.budget().make(text.length());
        var out = new StringBuilder();
        boolean first = true;
        for (int i = 0; i < text.length(); ) {
            int code = text.codePointAt(i);
            String character = Character.toString(code);
            boolean separates = "-({[<".indexOf(code) >= 0 || Text.isSpace(code);
            out.append(first ? Casing.upper(character) : Casing.lower(character));
            first = separates;
            i += Character.charCount(code);
        }
        return out.toString();
    }

    private static Object trim(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("trim", 0, "chars");
        String text = text(value, evaluator);
        evaluator.budget().make(text.length());
        String trimmed =
                StringMethods.strip(text, bound.hasValue(0) ? bound.text(0) : null, true, true, evaluator.budget());
        return value instanceof Markup ? new Markup(trimmed) : trimmed;
    }

    private static Object replace(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("replace", 2, "old", "new", "count");
        int most = bound.hasValue(2) ? bound.number(2, -1) : -1;
        return StringMethods.replace(
                text(value, evaluator),
                text(bound.get(0), evaluator),
                text(bound.get(1), evaluator),
                most,
                evaluator.budget());
    }

    private static Object format(Object value, Arguments arguments, Evaluator evaluator) {
        if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
            throw TemplateException.runtime("format takes arguments by position or by name, not both");
        }
        Object operand = Tuple.of(arguments.positional());
        if (!arguments.named().isEmpty()) {
            var dict = new Dict();
            arguments.named().forEach(dict::put);
            operand = dict;
        }
        return PercentFormat.format(text(value, evaluator), operand, evaluator.budget());
    }

    private static Object indent(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("indent", 0, "width", "first", "blank");
        String text = Arguments.of(value).bindPositions("indent", 1, 1).text(0);
        String width = bound.has(0) ? Types.string(bound.get(0)) : null;
        String indent =
                width != null ? width : Operators.repeat(" ", Math.max(0, bound.number(0, 4)), evaluator.budget());
        boolean blank = bound.truth(2);
        List<Object> lines = Splitting.lines(text + "\n", false, evaluator.budget());
        var out = new StringBuilder(bound.truth(1) ? indent : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            evaluator.budget().make(line.length() + 1L + indent.length());
            if (i > 0) {
                out.append('\n').append(blank || !line.isEmpty() ? indent : "");
            }
            out.append(line);
        }
        return out.toString();
    }

    private static Object truncate(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
        int length = bound.number(0, 255);
        String end = bound.text(2, "...");
        int leeway = bound.hasValue(3) ? bound.number(3, 5) : 5;
        int kept = length - Text.length(end);
        if (kept < 0 || leeway < 0) {
            throw TemplateException.runtime(
                    "truncate needs a length of at least its end's, and a leeway of at least 0");
        }
        Object size = SequenceFilters.length(value, Arguments.NONE, evaluator);
        if (size instanceof BigInteger count && Types.clamp(count) <= (long) length + leeway) {
            return value;
        }
        String text = Arguments.of(value).bindPositions("truncate", 1, 1).text(0);
        String cut = Text.slice(text, 0, kept);
        int blank = bound.truth(1) ? -1 : cut.lastIndexOf(' ');
        return (blank < 0 ? cut : cut.substring(0, blank)) + end;
    }

    private static Object countWords(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("wordcount", 0);
        evaluator.budget().make(text(value, evaluator).length());
        int words = 0;
        boolean within = false;
        for (int code : text(value, evaluator).codePoints().toArray()) {
            boolean isWord = code == '_' || Casing.isAlphanumeric(code);
            words += isWord && !within ? 1 : 0;
            within = isWord;
        }
        return BigInteger.valueOf(words);
    }

    private static Object encodeUrl(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("urlencode", 0);
        boolean isText = Types.string(value) != null;
        if (isText || (Types.items(value) == null && !(value instanceof Generator))) {
            return quoteUrl(text(value, evaluator), "/", evaluator);
        }
        Object pairs = value instanceof Dict dict ? new DictView(dict, DictView.Kind.ITEMS) : value;
        List<String> parts = new ArrayList<>();
        for (Object pair : Types.list(pairs, evaluator.budget())) {
            List<Object> both = Types.list(pair, evaluator.budget());
            if (both.size() != 2) {
                throw TemplateException.runtime("urlencode needs pairs");
            }
            parts.add(quoteUrl(text(both.get(0), evaluator), "", evaluator).replace("%20", "+") + "="
                    + quoteUrl(text(both.get(1), evaluator), "", evaluator).replace("%20", "+"));
        }
        return String.join("&", parts);
    }

    private static String quoteUrl(String text, String safe, Evaluator evaluator) {
        evaluator.budget().make(text.length() * 9L);
        var out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (plain || "_.-~".indexOf(c) >= 0 || safe.indexOf(c) >= 0) {
                out.append(c);
            } else {
                out.append('%')
                        .append(Casing.upper(Integer.toHexString(c | 0x100).substring(1)));
            }
        }
        return out.toString();
    }
}
