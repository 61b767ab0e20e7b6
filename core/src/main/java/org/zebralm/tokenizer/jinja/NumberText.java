package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/// Floats with a given number of digits, as C prints them.
final class NumberText {
    private static final int MAX_PRECISION = 10_000;

    private NumberText() {}

    /// Prints the absolute value of a number by one of `e f g E F G`.
    static String of(double number, char type, int precision, boolean alternate) {
        if (precision > MAX_PRECISION) {
            throw TemplateException.limit("a number must be printed with at most " + MAX_PRECISION + " digits");
        }
        boolean upper = Character.isUpperCase(type);
        String text;
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            text = Double.isNaN(number) ? "nan" : "inf";
        } else {
            BigDecimal value = new BigDecimal(Math.abs(number));
            text = switch (Character.toLowerCase(type)) {
                case 'f' -> fixed(value, precision, alternate);
                case 'e' -> scientific(value, precision, alternate);
                default -> general(value, Math.max(1, precision), alternate);
            };
        }
        return upper ? Casing.upper(text) : text;
    }

    private static String fixed(BigDecimal value, int precision, boolean alternate) {
        return value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString()
                + (precision == 0 && alternate ? "." : "");
    }

    private static String scientific(BigDecimal value, int precision, boolean alternate) {
        BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
        String digits = rounded.unscaledValue().toString();
        int exponent = value.signum() == 0 ? 0 : digits.length() - rounded.scale() - 1;
        digits = digits + "0".repeat(Math.max(0, precision + 1 - digits.length()));
        digits = digits.substring(0, precision + 1);
        String point = precision > 0 || alternate ? "." : "";
        return digits.charAt(0) + point + digits.substring(1) + exponent(exponent);
    }

    /// Prints a power of ten: its sign, and two digits at least.
    static String exponent(int exponent) {
        return (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private static String general(BigDecimal value, int precision, boolean alternate) {
        BigDecimal rounded = value.round(new MathContext(precision, RoundingMode.HALF_EVEN));
        int exponent = value.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (exponent < -4 || exponent >= precision) {
            String text = scientific(value, precision - 1, alternate);
            int at = text.indexOf('e');
            return (alternate ? text.substring(0, at) : trim(text.substring(0, at))) + text.substring(at);
        }
        String text = fixed(value, precision - 1 - exponent, alternate);
        return alternate ? text : trim(text);
    }

    private static String trim(String text) {
        if (text.indexOf('.') < 0) {
            return text;
        }
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    static boolean isNegative(double number) {
        return number < 0 || (number == 0 && 1 / number < 0);
    }
}
