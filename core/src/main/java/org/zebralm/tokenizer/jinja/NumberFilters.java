package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.jinja.Filters.Filter;

/// Filters that make numbers.
final class NumberFilters {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(?:\\d++(?:_\\d++)*+(?:\\.(?:\\d++(?:_\\d++)*+)?)?"
            + "|\\.\\d++(?:_\\d++)*+)(?:[eE][+-]?\\d++(?:_\\d++)*+)?");
    private static final Pattern SPECIAL = Pattern.compile("[+-]?(?:inf(?:inity)?|nan)", Pattern.CASE_INSENSITIVE);

    private NumberFilters() {}

    static void addTo(Map<String, Filter> filters) {
        filters.put("int", NumberFilters::toInteger);
        filters.put("float", NumberFilters::toFloat);
        filters.put("abs", NumberFilters::abs);
        filters.put("round", NumberFilters::round);
        filters.put("filesizeformat", NumberFilters::fileSize);
    }

    private static Object abs(Object value, Arguments arguments, Evaluator evaluator) {
        arguments.bind("abs", 0);
        if (value instanceof Double number) {
            return Math.abs(number);
        }
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        return Types.requireInteger(value).abs();
    }

    private static Object toInteger(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("int", 0, "default", "base");
        Object otherwise = bound.get(0, BigInteger.ZERO);
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        String text = Types.string(value);
        if (text != null) {
            evaluator.budget().work(text.length());
            BigInteger integer = parse(Text.strip(text), bound.number(1, 10));
            Double number = integer == null ? parseDouble(text) : null;
            return integer != null
                    ? integer
                    : number == null || number.isNaN() || number.isInfinite() ? otherwise : Types.integerOf(number);
        }
        if (value instanceof Double number) {
            return number.isNaN() ? otherwise : Types.integerOf(number);
        }
        BigInteger integer = Types.integer(value);
        return integer == null ? otherwise : integer;
    }

    private static @Nullable BigInteger parse(String text, int radix) {
        boolean negative = text.startsWith("-");
        String digits = negative || text.startsWith("+") ? text.substring(1) : text;
        String prefix = digits.length() > 1 ? Casing.lower(digits.substring(0, 2)) : "";
        int base = radix;
        int prefixed = prefix.equals("0x") ? 16 : prefix.equals("0o") ? 8 : prefix.equals("0b") ? 2 : 0;
        if (prefixed != 0 && (base == prefixed || base == 0)) {
            base = prefixed;
            digits = digits.substring(digits.startsWith("_", 2) ? 3 : 2);
        } else if (base == 0) {
            base = 10;
            if (digits.startsWith("0")
                    && !digits.replace("0", "").replace("_", "").isEmpty()) {
                return null;
            }
        }
        if (base < 2
                || base > 36
                || digits.isEmpty()
                || digits.length() > 4300
                || digits.startsWith("_")
                || digits.endsWith("_")
                || digits.contains("__")) {
            return null;
        }
        var plain = new StringBuilder();
        for (int code : digits.codePoints().toArray()) {
            if (code != '_') {
                int digit = code < 0x80 || Character.isDigit(code) ? Character.digit(code, base) : -1;
                if (digit < 0) {
                    return null;
                }
                plain.append(Character.forDigit(digit, base));
            }
        }
        BigInteger integer = new BigInteger(plain.toString(), base);
        return negative ? integer.negate() : integer;
    }

    private static @Nullable Double parseDouble(String text) {
        String number = Text.strip(text);
        if (number.length() > 5000) {
            return null;
        }
        if (SPECIAL.matcher(number).matches()) {
            boolean negative = number.startsWith("-");
            double special = Casing.lower(number).endsWith("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
            return negative ? -special : special;
        }
        return DECIMAL.matcher(number).matches() ? Double.valueOf(number.replace("_", "")) : null;
    }

    private static Object toFloat(Object value, Arguments arguments, Evaluator evaluator) {
        Object otherwise = arguments.bind("float", 0, "default").get(0, 0.0);
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        String text = Types.string(value);
        if (text != null) {
            evaluator.budget().work(text.length());
            Double number = parseDouble(text);
            return number == null ? otherwise : number;
        }
        return Types.isNumber(value) ? Types.toDouble(value) : otherwise;
    }

    private static Object round(Object value, Arguments arguments, Evaluator evaluator) {
        var bound = arguments.bind("round", 0, "precision", "method");
        String method = bound.text(1, "common");
        int precision = bound.number(0, 0);
        if (value instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (!method.equals("common") && !method.equals("ceil") && !method.equals("floor")) {
            throw TemplateException.runtime("a method to round by must be common, ceil or floor: got " + method);
        }
        if (Math.abs((long) precision) > 1000) {
            throw TemplateException.limit("a precision must lie between -1000 and 1000: got " + precision);
        }
        if (method.equals("common")) {
            BigInteger integer = Types.integer(value);
            if (integer != null) {
                return precision >= 0
                        ? integer
                        : new BigDecimal(integer)
                                .setScale(precision, RoundingMode.HALF_EVEN)
                                .toBigInteger();
            }
            return round(Types.toDouble(value), precision);
        }
        Object scale = Operators.apply("**", BigInteger.TEN, BigInteger.valueOf(precision), evaluator.budget());
        Object scaled = Operators.apply("*", value, scale, evaluator.budget());
        BigInteger whole = Types.integer(scaled);
        if (whole == null) {
            double number = Types.toDouble(scaled);
            whole = Types.integerOf(method.equals("ceil") ? Math.ceil(number) : Math.floor(number));
        }
        return Operators.apply("/", whole, scale, evaluator.budget());
    }

    private static double round(double number, int precision) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return number;
        }
        double rounded = new BigDecimal(number)
                .setScale(precision, RoundingMode.HALF_EVEN)
                .doubleValue();
        return Math.copySign(rounded, number);
    }

    private static Object fileSize(Object value, Arguments arguments, Evaluator evaluator) {
        boolean binary = arguments.bind("filesizeformat", 0, "binary").truth(0);
        String text = Types.string(value);
        Double parsed = text == null ? null : parseDouble(text);
        double bytes = parsed != null ? parsed : Types.toDouble(value);
        double base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return Types.integerOf(bytes) + " Bytes";
        }
        String prefixes = "kMGTPEZY";
        double unit = base;
        for (int i = 0; i < prefixes.length(); i++) {
            unit *= base;
            if (bytes < unit || i == prefixes.length() - 1) {
                String prefix = binary ? Casing.upper(prefixes.substring(i, i + 1)) + "iB" : prefixes.charAt(i) + "B";
                return NumberText.of(base * bytes / unit, 'f', 1, false) + " " + prefix;
            }
        }
        throw new AssertionError();
    }
}
