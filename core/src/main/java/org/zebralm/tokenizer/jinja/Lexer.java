package org.zebralm.tokenizer.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Cuts a template into tokens, as Jinja does with `trim_blocks` and `lstrip_blocks` on.
final class Lexer {
    private static final List<String> OPERATORS = List.of(
            "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
            "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Character> open = new ArrayDeque<>();
    private int position;
    private int line = 1;
    private int counted;

    private Lexer(String source) {
        this.source = source;
    }

    /// Returns the tokens of a template, the last of which is [Token.Type#END].
    static List<Token> tokenize(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        var lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int begin = nextTag();
            if (begin < 0) {
                add(Token.Type.DATA, source.substring(position));
                position = source.length();
                break;
            }
            int raw = rawBegin(begin);
            char sign = begin + 2 < source.length() ? source.charAt(begin + 2) : ' ';
            char kind = source.charAt(begin + 1);
            addData(begin, sign, kind != '{');
            position = begin + (sign == '-' || sign == '+' ? 3 : 2);
            if (raw >= 0) {
                position = raw;
                readRaw();
            } else if (kind == '#') {
                skipComment();
            } else {
                add(kind == '{' ? Token.Type.VARIABLE_BEGIN : Token.Type.BLOCK_BEGIN, "");
                readTag(kind == '{');
            }
        }
        add(Token.Type.END, "");
    }

    private int nextTag() {
        for (int i = source.indexOf('{', position); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    /// Adds the text up to a tag, less the blanks that the tag takes away.
    private void addData(int end, char sign, boolean block) {
        String text = source.substring(position, end);
        if (sign == '-') {
            text = Text.stripEnd(text);
        } else if (sign != '+' && block) {
            int start = text.lastIndexOf('\n') + 1;
            boolean startsLine = start > 0 || position == 0 || source.charAt(position - 1) == '\n';
            if (startsLine && Text.strip(text.substring(start)).isEmpty()) {
                text = text.substring(0, start);
            }
        }
        if (!text.isEmpty()) {
            add(Token.Type.DATA, text);
        }
    }

    private int rawBegin(int begin) {
        if (source.charAt(begin + 1) != '%') {
            return -1;
        }
        int i = begin + 2;
        if (i < source.length() && (source.charAt(i) == '-' || source.charAt(i) == '+')) {
            i++;
        }
        i = skipSpace(i);
        if (!source.startsWith("raw", i)) {
            return -1;
        }
        i = skipSpace(i + 3);
        return source.startsWith("-%}", i) ? skipSpace(i + 3) : source.startsWith("%}", i) ? i + 2 : -1;
    }

    private void readRaw() {
        for (int i = source.indexOf("{%", position); i >= 0; i = source.indexOf("{%", i + 1)) {
            int j = i + 2;
            char sign = j < source.length() ? source.charAt(j) : ' ';
            j = skipSpace(sign == '-' || sign == '+' ? j + 1 : j);
            if (!source.startsWith("endraw", j)) {
                continue;
            }
            int end = blockEnd(skipSpace(j + 6));
            if (end >= 0) {
                addData(i, sign, true);
                position = end;
                return;
            }
        }
        throw syntax("{% raw %} must be closed by {% endraw %}");
    }

    private void skipComment() {
        int i = source.indexOf("#}", position);
        if (i < 0) {
            throw syntax("a comment must be closed by #}");
        }
        char sign = i > position ? source.charAt(i - 1) : ' ';
        position = sign == '-' ? skipSpace(i + 2) : i + 2;
        if (sign != '-' && sign != '+' && source.startsWith("\n", position)) {
            position++;
        }
    }

    /// Returns where a block's end ends; -1 if there is none here.
    private int blockEnd(int i) {
        if (source.startsWith("+%}", i)) {
            return i + 3;
        }
        if (source.startsWith("-%}", i)) {
            return skipSpace(i + 3);
        }
        return source.startsWith("%}", i) ? i + (source.startsWith("\n", i + 2) ? 3 : 2) : -1;
    }

    private int variableEnd(int i) {
        return source.startsWith("-}}", i) ? skipSpace(i + 3) : source.startsWith("}}", i) ? i + 2 : -1;
    }

    private int skipSpace(int i) {
        while (i < source.length() && Text.isSpace(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private void readTag(boolean variable) {
        open.clear();
        while (position < source.length()) {
            int end = !open.isEmpty() ? -1 : variable ? variableEnd(position) : blockEnd(position);
            if (end >= 0) {
                add(variable ? Token.Type.VARIABLE_END : Token.Type.BLOCK_END, "");
                position = end;
                return;
            }
            int code = source.codePointAt(position);
            if (Text.isSpace(code)) {
                position++;
            } else if (code >= '0' && code <= '9') {
                readNumber();
            } else if (isNamePart(code)) {
                readName();
            } else if (code == '\'' || code == '"') {
                readString((char) code);
            } else {
                readOperator();
            }
        }
    }

    private void readNumber() {
        boolean afterDot = position > 0 && source.charAt(position - 1) == '.';
        int end = afterDot ? -1 : floatEnd();
        if (end > 0) {
            add(Token.Type.FLOAT, source.substring(position, end).replace("_", ""));
            position = end;
            return;
        }
        int i = position;
        char second = i + 1 < source.length() ? Character.toLowerCase(source.charAt(i + 1)) : ' ';
        int radix = source.charAt(i) != '0' ? 10 : second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 10;
        int digits = radix == 10 ? i : i + 2;
        end = digitsEnd(digits, radix, radix != 10, radix == 10 && source.charAt(i) == '0');
        if (end == digits) {
            radix = 10;
            end = i + 1;
            digits = i;
        }
        String text = source.substring(digits, end).replace("_", "");
        if (text.length() > 4300) {
            throw syntax("an integer must have at most 4300 digits");
        }
        add(Token.Type.INTEGER, new java.math.BigInteger(text, radix).toString());
        position = end;
    }

    /// Returns where a float ends that begins here; -1 if it is none.
    private int floatEnd() {
        int i = digitsEnd(position, 10, false, false);
        boolean isFloat = false;
        if (i + 1 < source.length() && source.charAt(i) == '.' && isDigit(i + 1)) {
            i = digitsEnd(i + 1, 10, false, false);
            isFloat = true;
        }
        if (i < source.length() && Character.toLowerCase(source.charAt(i)) == 'e') {
            int j = i + 1;
            j += j < source.length() && (source.charAt(j) == '+' || source.charAt(j) == '-') ? 1 : 0;
            if (isDigit(j)) {
                i = digitsEnd(j, 10, false, false);
                isFloat = true;
            }
        }
        return isFloat ? i : -1;
    }

    private boolean isDigit(int i) {
        return i < source.length() && source.charAt(i) >= '0' && source.charAt(i) <= '9';
    }

    /// Digits with single underscores between them.
    private int digitsEnd(int i, int radix, boolean leadingUnderscore, boolean zeros) {
        int end = i;
        while (true) {
            boolean underscore = end < source.length() && source.charAt(end) == '_' && (end > i || leadingUnderscore);
            int digit = underscore ? end + 1 : end;
            if (digit >= source.length() || source.charAt(digit) > 'f') {
                return end;
            }
            int value = Character.digit(source.charAt(digit), radix);
            if (value < 0 || (zeros && value != 0)) {
                return end;
            }
            end = digit + 1;
        }
    }

    private static boolean isNamePart(int code) {
        return code == '_' || (Character.isUnicodeIdentifierPart(code) && !Character.isIdentifierIgnorable(code));
    }

    private void readName() {
        int i = position;
        while (i < source.length() && isNamePart(source.codePointAt(i))) {
            i += Character.charCount(source.codePointAt(i));
        }
        int first = source.codePointAt(position);
        if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
            throw syntax("a name must begin with a letter: got " + source.substring(position, i));
        }
        add(Token.Type.NAME, source.substring(position, i));
        position = i;
    }

    private void readString(char quote) {
        int i = position + 1;
        while (i < source.length() && source.charAt(i) != quote) {
            i += source.charAt(i) == '\\' ? 2 : 1;
        }
        if (i >= source.length()) {
            throw syntax("a string must be closed by " + quote);
        }
        String body = source.substring(position + 1, i);
        add(Token.Type.STRING, body.indexOf('\\') < 0 ? body : Escapes.resolve(body, line));
        position = i + 1;
    }

    private void readOperator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                char c = operator.charAt(0);
                switch (c) {
                    case '(' -> open.push(')');
                    case '[' -> open.push(']');
                    case '{' -> open.push('}');
                    case ')', ']', '}' -> {
                        if (open.isEmpty() || open.pop() != c) {
                            throw syntax("unexpected " + c);
                        }
                    }
                    default -> {}
                }
                add(Token.Type.OPERATOR, operator);
                position += operator.length();
                return;
            }
        }
        throw syntax("unexpected character " + Character.toString(source.codePointAt(position)));
    }

    private void add(Token.Type type, String text) {
        countLines();
        tokens.add(new Token(type, text, line));
    }

    private void countLines() {
        for (; counted < Math.min(position, source.length()); counted++) {
            line += source.charAt(counted) == '\n' ? 1 : 0;
        }
    }

    private TemplateException syntax(String reason) {
        countLines();
        return TemplateException.syntax(line, reason);
    }
}
