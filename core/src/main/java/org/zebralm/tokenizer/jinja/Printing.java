package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.List;

/// Values as Python's `str` and `repr` print them.
final class Printing {
    private final StringBuilder out = new StringBuilder();
    private final Budget budget;

    private Printing(Budget budget) {
        this.budget = budget;
    }

    /// Python's `str`.
    static String text(Object value, Budget budget) {
        return switch (value) {
            case String text -> text;
            case Markup markup -> markup.text();
            case Undefined _ -> "";
            default -> repr(value, budget);
        };
    }

    /// Python's `repr`.
    static String repr(Object value, Budget budget) {
        var printing = new Printing(budget);
        printing.print(value);
        return printing.out.toString();
    }

    private void print(Object value) {
        budget.enter();
        int start = out.length();
        switch (value) {
            case None _ -> out.append("None");
            case Boolean bool -> out.append(bool ? "True" : "False");
            case BigInteger integer -> out.append(integer);
            case Double number -> out.append(FloatText.of(number));
            case String text -> quote(text);
            case Markup markup -> {
                out.append("Markup(");
                quote(markup.text());
                out.append(')');
            }
            case Undefined _ -> out.append("Undefined");
            case Tuple tuple -> items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
            case List<?> list -> items("[", list, "]");
            case Dict dict -> dict(dict);
            case DictView view -> items(view.kind().type + "([", view.items(), "])");
            case Range range -> range(range);
            case Namespace namespace -> {
                var attributes = new Dict();
                namespace.attributes().forEach(attributes::put);
                out.append("<Namespace ");
                dict(attributes);
                out.append('>');
            }
            case Macro macro -> {
                out.append("<Macro ");
                if (macro.name() == null) {
                    out.append("anonymous");
                } else {
                    quote(macro.name());
                }
                out.append('>');
            }
            case Loop loop ->
                out.append("<LoopContext ")
                        .append(loop.index())
                        .append('/')
                        .append(loop.length())
                        .append('>');
            default -> out.append('<').append(Types.nameOf(value)).append(" object>");
        }
        budget.leave();
        if (!(value instanceof Tuple || value instanceof List || value instanceof Dict || value instanceof DictView)) {
            budget.make(out.length() - start + 1L);
        }
    }

    private void items(String open, List<?> items, String close) {
        out.append(open);
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            print(item);
            separator = ", ";
        }
        out.append(close);
    }

    private void dict(Dict dict) {
        out.append('{');
        String separator = "";
        for (Dict.Entry entry : dict.entries()) {
            out.append(separator);
            print(entry.key());
            out.append(": ");
            print(entry.value());
            separator = ", ";
        }
        out.append('}');
    }

    private void range(Range range) {
        out.append("range(").append(range.start()).append(", ").append(range.stop());
        if (!range.step().equals(BigInteger.ONE)) {
            out.append(", ").append(range.step());
        }
        out.append(')');
    }

    private void quote(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(code -> {
            switch (code) {
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (code == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(code)) {
                        out.appendCodePoint(code);
                    } else {
                        escape(out, code);
                    }
                }
            }
        });
        out.append(quote);
    }

    /// Appends a code point as Python's `backslashreplace` writes it.
    static void escape(StringBuilder out, int code) {
        String hex = Integer.toHexString(code);
        String form = code < 0x100 ? "x" : code < 0x10000 ? "u" : "U";
        int width = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
        out.append('\\').append(form).append("0".repeat(width - hex.length())).append(hex);
    }

    static boolean isPrintable(int code) {
        return switch (Character.getType(code)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> code == ' ';
            default -> true;
        };
    }
}
