package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The operator `%` of strings.
final class PercentFormat {
    private final String format;
    private final Object value;
    private final Budget budget;
    private final @Nullable List<Object> tuple;
    private int used;
    private int position;

    private PercentFormat(String format, Object value, Budget budget) {
        this.format = format;
        this.value = value;
        this.budget = budget;
        this.tuple = value instanceof Tuple items ? items.items() : null;
    }

    static String format(String format, Object value, Budget budget) {
        return new PercentFormat(format, value, budget).run();
    }

    private String run() {
        var out = new StringBuilder();
        budget.make(format.length());
        while (position < format.length()) {
            char c = format.charAt(position++);
            if (c != '%') {
                out.append(c);
                continue;
            }
            String part = directive();
            budget.make(part.length());
            out.append(part);
        }
        boolean isMapping =
                value instanceof Dict || value instanceof List || value instanceof Range || value instanceof Undefined;
        int given = tuple == null ? 1 : tuple.size();
        if (used < given && (tuple != null || (!isMapping && used == 0))) {
            throw TemplateException.runtime("not all arguments were converted by the format");
        }
        return out.toString();
    }

    private char at() {
        if (position >= format.length()) {
            throw TemplateException.runtime("incomplete format");
        }
        return format.charAt(position);
    }

    private Object next() {
        if (tuple == null ? used > 0 : used >= tuple.size()) {
            throw TemplateException.runtime("not enough arguments for the format");
        }
        return tuple == null ? valueOnce() : tuple.get(used++);
    }

    private Object valueOnce() {
        used++;
        return value;
    }

    private String directive() {
        @Nullable Object keyed = null;
        if (at() == '(') {
            int end = format.indexOf(')', position);
            if (end < 0 || !(value instanceof Dict dict)) {
                throw TemplateException.runtime("a format with names must be given a mapping");
            }
            keyed = dict.get(format.substring(position + 1, end));
            if (keyed == null) {
                throw TemplateException.runtime("no value for " + format.substring(position + 1, end));
            }
            used = 1;
            position = end + 1;
        }
        var flags = new StringBuilder();
        while ("-+ #0".indexOf(at()) >= 0) {
            flags.append(at());
            position++;
        }
        int width = size();
        if (width < 0) {
            flags.append('-');
            width = -width;
        }
        int precision = -1;
        if (at() == '.') {
            position++;
            precision = Math.max(0, size());
        }
        while ("hlL".indexOf(at()) >= 0) {
            position++;
        }
        char type = at();
        position++;
        if (type == '%') {
            return "%";
        }
        return new Directive(flags.toString(), width, precision, type).format(keyed == null ? next() : keyed);
    }

    private int size() {
        if (at() == '*') {
            position++;
            BigInteger size = Types.integer(next());
            if (size == null) {
                throw TemplateException.runtime("* must be given an integer");
            }
            return Math.max(Types.clamp(size), -Integer.MAX_VALUE);
        }
        long size = 0;
        while (at() >= '0' && at() <= '9') {
            size = Math.min(Integer.MAX_VALUE, size * 10 + at() - '0');
            position++;
        }
        return (int) size;
    }

    private final class Directive {
        private final String flags;
        private final int width;
        private final int precision;
        private final char type;

        Directive(String flags, int width, int precision, char type) {
            this.flags = flags;
            this.width = width;
            this.precision = precision;
            this.type = type;
        }

        private boolean has(char flag) {
            return flags.indexOf(flag) >= 0;
        }

        String format(Object argument) {
            return switch (type) {
                case 's' -> text(Printing.text(argument, budget));
                case 'r' -> text(Printing.repr(argument, budget));
                case 'a' -> text(ascii(Printing.repr(argument, budget)));
                case 'c' -> text(character(argument));
                case 'd', 'i', 'u', 'x', 'X', 'o' -> integer(argument);
                case 'e', 'E', 'f', 'F', 'g', 'G' -> {
                    if (argument instanceof Undefined undefined) {
                        throw undefined.error();
                    }
                    double number = Types.toDouble(argument);
                    String digits = NumberText.of(number, type, precision < 0 ? 6 : precision, has('#'));
                    yield number(NumberText.isNegative(number), "", digits, has('0'));
                }
                default -> throw TemplateException.runtime("unsupported format character " + type);
            };
        }

        private String text(String text) {
            String cut = precision >= 0 && Text.length(text) > precision ? Text.slice(text, 0, precision) : text;
            return StringMethods.pad(cut, width, " ", has('-') ? 0 : 2, budget);
        }

        private String character(Object argument) {
            BigInteger code = Types.integer(argument);
            if (code != null && Character.isValidCodePoint(Types.clamp(code))) {
                return Character.toString(Types.clamp(code));
            }
            String text = Types.string(argument);
            if (text != null && Text.length(text) == 1) {
                return text;
            }
            throw TemplateException.runtime("%c needs an integer or a character");
        }

        private String integer(Object argument) {
            if (argument instanceof Undefined undefined) {
                throw undefined.error();
            }
            boolean decimal = "diu".indexOf(type) >= 0;
            BigInteger integer =
                    decimal && argument instanceof Double number ? Types.integerOf(number) : Types.integer(argument);
            if (integer == null) {
                throw TemplateException.runtime("%" + type + " needs a number: got '" + Types.nameOf(argument) + "'");
            }
            String digits = integer.abs().toString(decimal ? 10 : type == 'o' ? 8 : 16);
            String prefix = !has('#') || decimal ? "" : "0" + type;
            int zeros = Math.max(0, precision - digits.length());
            digits = Operators.repeat("0", zeros, budget) + digits;
            return number(integer.signum() < 0, prefix, type == 'X' ? Casing.upper(digits) : digits, has('0'));
        }

        private String number(boolean negative, String prefix, String digits, boolean zeros) {
            String sign = (negative ? "-" : has('+') ? "+" : has(' ') ? " " : "") + prefix;
            int missing = width - sign.length() - digits.length();
            boolean finite = digits.chars().anyMatch(Character::isDigit) || type == 'x' || type == 'X';
            if (zeros && !has('-') && finite && missing > 0) {
                return sign + Operators.repeat("0", missing, budget) + digits;
            }
            return StringMethods.pad(sign + digits, width, " ", has('-') ? 0 : 2, budget);
        }
    }

    static String ascii(String text) {
        var out = new StringBuilder();
        text.codePoints().forEach(code -> {
            if (code < 0x80) {
                out.append((char) code);
            } else {
                Printing.escape(out, code);
            }
        });
        return out.toString();
    }
}
