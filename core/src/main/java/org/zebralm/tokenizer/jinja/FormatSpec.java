package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;

/// The part of a `str.format` field after the colon.
///
/// @param align one of `< > = ^`; `0` for zeros before a number or after text; or none, which is NUL
/// @param precision -1 where none is given
/// @param type 0 where none is given
record FormatSpec(
        String fill, char align, char sign, boolean alternate, int width, char grouping, int precision, char type) {

    static FormatSpec parse(String spec) {
        int[] codes = spec.codePoints().toArray();
        int i = 0;
        String fill = " ";
        char align = 0;
        if (codes.length > 1 && "<>=^".indexOf(codes[1]) >= 0) {
            fill = Character.toString(codes[0]);
            align = (char) codes[1];
            i = 2;
        } else if (codes.length > 0 && "<>=^".indexOf(codes[0]) >= 0) {
            align = (char) codes[0];
            i = 1;
        }
        char sign = '-';
        if (i < codes.length && "+- ".indexOf(codes[i]) >= 0) {
            sign = (char) codes[i++];
        }
        boolean alternate = i < codes.length && codes[i] == '#';
        i += alternate ? 1 : 0;
        if (i < codes.length && codes[i] == '0') {
            i++;
            if (align == 0) {
                fill = "0";
                align = '0';
            }
        }
        long width = 0;
        for (; i < codes.length && codes[i] >= '0' && codes[i] <= '9'; i++) {
            width = Math.min(Integer.MAX_VALUE, width * 10 + codes[i] - '0');
        }
        char grouping = 0;
        if (i < codes.length && (codes[i] == ',' || codes[i] == '_')) {
            grouping = (char) codes[i++];
        }
        long precision = -1;
        if (i < codes.length && codes[i] == '.') {
            precision = 0;
            int start = ++i;
            for (; i < codes.length && codes[i] >= '0' && codes[i] <= '9'; i++) {
                precision = Math.min(Integer.MAX_VALUE, precision * 10 + codes[i] - '0');
            }
            require(i > start, spec);
        }
        char type = i < codes.length && codes[i] < 0x80 ? (char) codes[i++] : 0;
        require(i == codes.length, spec);
        return new FormatSpec(fill, align, sign, alternate, (int) width, grouping, (int) precision, type);
    }

    private static void require(boolean holds, String spec) {
        if (!holds) {
            throw TemplateException.runtime("invalid format specifier: " + spec);
        }
    }

    String format(Object value, Budget budget) {
        if (value instanceof Double number) {
            return number(number, budget);
        }
        BigInteger integer = Types.integer(value);
        boolean plain = equals(parse(""));
        if (integer != null && !(plain && value instanceof Boolean)) {
            return "eEfFgG%".indexOf(type) >= 0 && type != 0
                    ? number(Types.toDouble(integer), budget)
                    : integer(integer, budget);
        }
        String text = Printing.text(value, budget);
        if (plain) {
            return text;
        }
        require(
                Types.string(value) != null && (type == 0 || type == 's') && align != '=' && grouping == 0,
                "for " + Types.nameOf(value));
        require(sign == '-' && !alternate, "for a string");
        String cut = precision >= 0 && Text.length(text) > precision ? Text.slice(text, 0, precision) : text;
        return place("", cut, '<', budget);
    }

    private String integer(BigInteger integer, Budget budget) {
        require(precision < 0, "with a precision for an integer");
        int radix = switch (type) {
            case 0, 'd', 'n' -> 10;
            case 'b' -> 2;
            case 'o' -> 8;
            case 'x', 'X' -> 16;
            case 'c' -> 0;
            default -> throw TemplateException.runtime("unknown format code '" + type + "' for an integer");
        };
        if (radix == 0) {
            int code = Types.clamp(integer);
            require(Character.isValidCodePoint(code), "c for " + integer);
            return place("", Character.toString(code), '<', budget);
        }
        String digits = integer.abs().toString(radix);
        digits = type == 'X' ? Casing.upper(digits) : digits;
        String prefix = alternate && radix != 10 ? "0" + type : "";
        return place(signOf(integer.signum() < 0) + prefix, group(digits, radix == 10 ? 3 : 4), '>', budget);
    }

    private String number(double number, Budget budget) {
        char kind = type == 0 && precision >= 0 ? 'g' : type;
        String digits = switch (kind) {
            case 0 -> FloatText.of(Math.abs(number));
            case '%' -> NumberText.of(number * 100, 'f', precision < 0 ? 6 : precision, alternate) + "%";
            case 'e', 'E', 'f', 'F', 'g', 'G' -> NumberText.of(number, kind, precision < 0 ? 6 : precision, alternate);
            case 'n' -> NumberText.of(number, 'g', precision < 0 ? 6 : precision, alternate);
            default -> throw TemplateException.runtime("unknown format code '" + type + "' for a float");
        };
        if (type == 0 && precision >= 0) {
            digits = withoutType(digits, number);
        }
        int point = 0;
        while (point < digits.length() && Character.isDigit(digits.charAt(point))) {
            point++;
        }
        return place(
                signOf(NumberText.isNegative(number)),
                group(digits.substring(0, point), 3) + digits.substring(point),
                '>',
                budget);
    }

    /// Without a type a float keeps a digit after the point, and takes an exponent one digit earlier than by `g`.
    private String withoutType(String general, double number) {
        if (general.indexOf('e') >= 0 || general.indexOf('n') >= 0) {
            return general;
        }
        int point = general.indexOf('.');
        if (point >= 0) {
            return general;
        }
        if ((general.length() >= precision && precision > 0) || precision == 0) {
            return NumberText.of(number, 'e', Math.max(0, general.length() - 1), false)
                    .replaceFirst("\\.?0*e", "e");
        }
        return general + ".0";
    }

    private String signOf(boolean negative) {
        return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
    }

    private String group(String digits, int size) {
        if (grouping == 0) {
            return digits;
        }
        var out = new StringBuilder(digits);
        for (int i = digits.length() - size; i > 0; i -= size) {
            out.insert(i, grouping);
        }
        return out.toString();
    }

    private String place(String lead, String body, char standard, Budget budget) {
        char side = align == 0 ? standard : align != '0' ? align : standard == '<' ? '<' : '=';
        int missing = Math.max(0, width - lead.length() - Text.length(body));
        budget.make((long) missing + body.length());
        String blanks = fill.repeat(side == '^' ? missing / 2 : missing);
        return switch (side) {
            case '<' -> lead + body + blanks;
            case '=' -> lead + (grouping != 0 && fill.equals("0") ? grouped(lead, body) : blanks + body);
            case '^' -> blanks + lead + body + fill.repeat(missing - missing / 2);
            default -> blanks + lead + body;
        };
    }

    /// Zeros before a grouped number are grouped as well.
    private String grouped(String lead, String body) {
        int end = 0;
        while (end < body.length() && (Character.isDigit(body.charAt(end)) || body.charAt(end) == grouping)) {
            end++;
        }
        String digits = body.substring(0, end).replace(String.valueOf(grouping), "");
        String rest = body.substring(end);
        while (true) {
            String text = group(digits, 3) + rest;
            if (lead.length() + text.length() >= width || digits.length() > width) {
                return text;
            }
            digits = "0" + digits;
        }
    }
}
