package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// The methods of Python's strings.
final class StringMethods {
    private final String text;
    private final String name;
    private final Arguments arguments;
    private final Budget budget;

    private StringMethods(String text, String name, Arguments arguments, Budget budget) {
        this.text = text;
        this.name = name;
        this.arguments = arguments;
        this.budget = budget;
    }

    /// Returns a method; null if strings have none of that name.
    static Callable.@Nullable Function find(String text, String name, Budget budget) {
        return switch (name) {
            case "capitalize",
                    "casefold",
                    "center",
                    "count",
                    "encode",
                    "endswith",
                    "expandtabs",
                    "find",
                    "format",
                    "format_map",
                    "index",
                    "isalnum",
                    "isalpha",
                    "isascii",
                    "isdecimal",
                    "isdigit",
                    "isidentifier",
                    "islower",
                    "isnumeric",
                    "isprintable",
                    "isspace",
                    "istitle",
                    "isupper",
                    "join",
                    "ljust",
                    "lower",
                    "lstrip",
                    "maketrans",
                    "partition",
                    "removeprefix",
                    "removesuffix",
                    "replace",
                    "rfind",
                    "rindex",
                    "rjust",
                    "rpartition",
                    "rsplit",
                    "rstrip",
                    "split",
                    "splitlines",
                    "startswith",
                    "strip",
                    "swapcase",
                    "title",
                    "translate",
                    "upper",
                    "zfill" ->
                new Callable.Function(name, arguments -> new StringMethods(text, name, arguments, budget).call());
            default -> null;
        };
    }

    private Object call() {
        budget.make(text.length());
        return switch (name) {
            case "upper" -> unary(Casing.upper(text));
            case "lower" -> unary(Casing.lower(text));
            case "casefold" -> unary(Casing.lower(Casing.upper(text)));
            case "capitalize" -> unary(Casing.capitalize(text));
            case "title" -> unary(Casing.title(text));
            case "swapcase" -> unary(Casing.swap(text));
            case "isalnum" -> unary(Casing.all(text, Casing::isAlphanumeric));
            case "isalpha" -> unary(Casing.all(text, Character::isLetter));
            case "isascii" -> unary(text.chars().allMatch(c -> c < 0x80));
            case "isdecimal" -> unary(Casing.all(text, Character::isDigit));
            case "isdigit" -> unary(Casing.all(text, Casing::isDigit));
            case "isnumeric" -> unary(Casing.all(text, Casing::isNumeric));
            case "isspace" -> unary(Casing.all(text, Text::isSpace));
            case "isprintable" -> unary(text.isEmpty() || Casing.all(text, Printing::isPrintable));
            case "islower" -> unary(Casing.isLower(text));
            case "isupper" -> unary(Casing.isUpper(text));
            case "istitle" -> unary(Casing.isTitle(text));
            case "isidentifier" -> unary(isIdentifier());
            case "strip" -> strip(true, true);
            case "lstrip" -> strip(true, false);
            case "rstrip" -> strip(false, true);
            case "startswith" -> affix((whole, part) -> whole.startsWith(part));
            case "endswith" -> affix((whole, part) -> whole.endsWith(part));
            case "removeprefix" -> removePrefix();
            case "removesuffix" -> removeSuffix();
            case "find" -> BigInteger.valueOf(locate(false));
            case "rfind" -> BigInteger.valueOf(locate(true));
            case "index" -> found(locate(false));
            case "rindex" -> found(locate(true));
            case "count" -> count();
            case "replace" -> {
                var bound = arguments.bindPositions(name, 2, 3);
                yield replace(text, bound.text(0), bound.text(1), bound.number(2, -1), budget);
            }
            case "split" -> new Splitting(text, budget).split(arguments.bind(name, 0, "sep", "maxsplit"));
            case "rsplit" -> new Splitting(text, budget).splitFromEnd(arguments.bind(name, 0, "sep", "maxsplit"));
            case "splitlines" ->
                Splitting.lines(text, arguments.bind(name, 0, "keepends").truth(0), budget);
            case "partition" -> new Splitting(text, budget).partition(arguments.bindPositions(name, 1, 1), false);
            case "rpartition" -> new Splitting(text, budget).partition(arguments.bindPositions(name, 1, 1), true);
            case "join" -> join();
            case "center" -> pad(1);
            case "ljust" -> pad(0);
            case "rjust" -> pad(2);
            case "zfill" -> zeroFill();
            case "expandtabs" -> expandTabs();
            case "format" -> BraceFormat.format(text, arguments, budget);
            case "format_map" ->
                BraceFormat.formatMap(text, arguments.bindPositions(name, 1, 1).get(0), budget);
            default -> throw TemplateException.runtime("the string method " + name + " is not implemented");
        };
    }

    private Object unary(Object result) {
        arguments.bindPositions(name, 0, 0);
        return result;
    }

    private boolean isIdentifier() {
        return !text.isEmpty()
                && (text.charAt(0) == '_' || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
                && text.codePoints().allMatch(Character::isUnicodeIdentifierPart);
    }

    private Object strip(boolean start, boolean end) {
        var bound = arguments.bindPositions(name, 0, 1);
        return strip(text, bound.hasValue(0) ? bound.text(0) : null, start, end, budget);
    }

    static String strip(String text, @Nullable String characters, boolean start, boolean end, Budget budget) {
        if (characters == null) {
            String stripped = start ? Text.stripStart(text) : text;
            return end ? Text.stripEnd(stripped) : stripped;
        }
        var set = new java.util.BitSet();
        budget.work(characters.length());
        characters.codePoints().forEach(set::set);
        int from = 0;
        int to = text.length();
        while (start && from < to && set.get(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (end && to > from && set.get(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    /// Returns the part from arguments `first` and `first + 1`; null where the first lies beyond the end.
    private @Nullable String part(Arguments.Bound bound, int first) {
        int size = Text.length(text);
        int from = bound.hasValue(first) ? bound.number(first, 0) : 0;
        int to = bound.hasValue(first + 1) ? bound.number(first + 1, 0) : size;
        from = from < 0 ? Math.max(0, from + size) : from;
        to = Math.min(size, to < 0 ? Math.max(0, to + size) : to);
        if (from > size || from > to) {
            return null;
        }
        return Text.slice(text, from, to);
    }

    private Object affix(BiPredicate<String, String> test) {
        var bound = arguments.bindPositions(name, 1, 3);
        String part = part(bound, 1);
        if (bound.get(0) instanceof Tuple tuple) {
            for (Object affix : tuple.items()) {
                String text = Arguments.of(affix).bindPositions(name, 1, 1).text(0);
                budget.work(text.length());
                if (part != null && test.test(part, text)) {
                    return true;
                }
            }
            return false;
        }
        String affix = bound.text(0);
        return part != null && test.test(part, affix);
    }

    private Object removePrefix() {
        String prefix = arguments.bindPositions(name, 1, 1).text(0);
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    private Object removeSuffix() {
        String suffix = arguments.bindPositions(name, 1, 1).text(0);
        return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
    }

    private long locate(boolean last) {
        var bound = arguments.bindPositions(name, 1, 3);
        String sought = bound.text(0);
        String part = part(bound, 1);
        if (part == null) {
            return -1;
        }
        int at = last ? Splitting.findLast(part, sought, budget) : Text.find(part, sought, 0, budget);
        int size = Text.length(text);
        int from = bound.hasValue(1) ? bound.number(1, 0) : 0;
        return at < 0 ? -1 : part.codePointCount(0, at) + (long) (from < 0 ? Math.max(0, from + size) : from);
    }

    private static Object found(long at) {
        if (at < 0) {
            throw TemplateException.runtime("substring not found");
        }
        return BigInteger.valueOf(at);
    }

    private Object count() {
        var bound = arguments.bindPositions(name, 1, 3);
        String part = part(bound, 1);
        String sought = bound.text(0);
        if (part == null) {
            return BigInteger.ZERO;
        }
        return BigInteger.valueOf(sought.isEmpty() ? Text.length(part) + 1L : count(part, sought, -1, budget));
    }

    private static int count(String text, String sought, int most, Budget budget) {
        int count = 0;
        for (int at = Text.find(text, sought, 0, budget);
                at >= 0 && count != most;
                at = Text.find(text, sought, at + sought.length(), budget)) {
            count++;
        }
        return count;
    }

    static String replace(String text, String old, String replacement, int most, Budget budget) {
        if (most == 0) {
            return text;
        }
        if (old.isEmpty()) {
            return replaceNothing(text, replacement, most, budget);
        }
        int count = count(text, old, most, budget);
        budget.make(text.length() + (long) count * (replacement.length() - (long) old.length()));
        var out = new StringBuilder();
        int from = 0;
        for (int i = 0; i < count; i++) {
            int at = Text.find(text, old, from, budget);
            out.append(text, from, at).append(replacement);
            from = at + old.length();
        }
        return out.append(text, from, text.length()).toString();
    }

    private static String replaceNothing(String text, String replacement, int most, Budget budget) {
        int[] codes = text.codePoints().toArray();
        budget.make(text.length() + (codes.length + 1L) * replacement.length());
        var out = new StringBuilder();
        for (int i = 0; i <= codes.length; i++) {
            if (most < 0 || i < most) {
                out.append(replacement);
            }
            if (i < codes.length) {
                out.appendCodePoint(codes[i]);
            }
        }
        return out.toString();
    }

    private Object join() {
        var out = new StringBuilder();
        String separator = "";
        for (Object item : Types.list(arguments.bindPositions(name, 1, 1).get(0), budget)) {
            String part = Types.string(item);
            if (part == null) {
                throw TemplateException.runtime("join() needs strings: got '" + Types.nameOf(item) + "'");
            }
            budget.make((long) separator.length() + part.length());
            out.append(separator).append(part);
            separator = text;
        }
        return out.toString();
    }

    private Object pad(int side) {
        var bound = arguments.bindPositions(name, 1, 2);
        String fill = bound.text(1, " ");
        if (Text.length(fill) != 1) {
            throw TemplateException.runtime("the fill character must be one character");
        }
        return pad(text, bound.number(0, 0), fill, side, budget);
    }

    /// Pads to a width; side 0 puts the text left, 1 in the middle, 2 right.
    static String pad(String text, int width, String fill, int side, Budget budget) {
        int missing = Math.max(0, width - Text.length(text));
        budget.make(text.length() + (long) missing * fill.length());
        // Python's str.center puts an odd blank left where the width is odd.
        int left = side == 0 ? 0 : side == 2 ? missing : missing / 2 + (missing & width & 1);
        return fill.repeat(left) + text + fill.repeat(missing - left);
    }

    private Object zeroFill() {
        int missing = arguments.bindPositions(name, 1, 1).number(0, 0) - Text.length(text);
        String zeros = Operators.repeat("0", Math.max(0, missing), budget);
        boolean signed = text.startsWith("-") || text.startsWith("+");
        return signed ? text.charAt(0) + zeros + text.substring(1) : zeros + text;
    }

    private Object expandTabs() {
        int size = Math.max(0, arguments.bind(name, 0, "tabsize").number(0, 8));
        var out = new StringBuilder();
        int column = 0;
        for (int code : text.codePoints().toArray()) {
            if (code == '\t') {
                int blanks = size == 0 ? 0 : size - column % size;
                budget.make(blanks);
                out.repeat(' ', blanks);
                column += blanks;
            } else {
                out.appendCodePoint(code);
                column = code == '\n' || code == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }
}
