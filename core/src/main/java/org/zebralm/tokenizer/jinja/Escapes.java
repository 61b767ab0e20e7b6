package org.zebralm.tokenizer.jinja;

/// The escapes of a string in a template: Python's, by way of ASCII.
final class Escapes {
    private Escapes() {}

    static String resolve(String body, int line) {
        var out = new StringBuilder();
        for (int i = 0; i < body.length(); ) {
            char c = body.charAt(i);
            if (c != '\\') {
                out.append(c);
                i++;
                continue;
            }
            int code = body.codePointAt(i + 1);
            i += 1 + Character.charCount(code);
            switch (code) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append((char) code);
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case 'x' -> i = hex(body, i, 2, out, line);
                case 'u' -> i = hex(body, i, 4, out, line);
                case 'U' -> i = hex(body, i, 8, out, line);
                case 'N' -> i = named(body, i, out, line);
                case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                    int value = code - '0';
                    for (int n = 0; n < 2 && i < body.length() && "01234567".indexOf(body.charAt(i)) >= 0; n++) {
                        value = value * 8 + body.charAt(i++) - '0';
                    }
                    out.append((char) value);
                }
                default -> {
                    out.append('\\');
                    if (code < 0x80) {
                        out.append((char) code);
                    } else {
                        // Jinja writes such a character as an escape first, whose backslash the one before then
                        // escapes.
                        int start = out.length();
                        Printing.escape(out, code);
                        out.deleteCharAt(start);
                    }
                }
            }
        }
        return out.toString();
    }

    private static int hex(String body, int i, int digits, StringBuilder out, int line) {
        int end = i + digits;
        long code = 0;
        for (int j = i; j < end; j++) {
            int digit = j < body.length() && body.charAt(j) < 0x80 ? Character.digit(body.charAt(j), 16) : -1;
            if (digit < 0) {
                throw TemplateException.syntax(line, "an escape must have " + digits + " hexadecimal digits");
            }
            code = code * 16 + digit;
        }
        if (code > Character.MAX_CODE_POINT) {
            throw TemplateException.syntax(line, "an escape must be a code point up to 10ffff");
        }
        out.appendCodePoint((int) code);
        return end;
    }

    private static int named(String body, int i, StringBuilder out, int line) {
        int end = body.indexOf('}', i);
        try {
            if (i < body.length() && body.charAt(i) == '{' && end > 0) {
                out.appendCodePoint(Character.codePointOf(body.substring(i + 1, end)));
                return end + 1;
            }
        } catch (IllegalArgumentException _) {
            // no such character: the same error
        }
        throw TemplateException.syntax(line, "\\N must name a character");
    }
}
