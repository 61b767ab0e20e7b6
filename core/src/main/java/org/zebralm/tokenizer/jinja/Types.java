package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Python's types, as values of a template have them.
///
/// Strings are `String`, integers `BigInteger`, floats `Double`, booleans `Boolean`, lists `List`; the others have
/// classes of their own.
final class Types {
    private Types() {}

    /// Returns the name of a value's type, as Python gives it.
    static String nameOf(Object value) {
        return switch (value) {
            case None _ -> "NoneType";
            case String _ -> "str";
            case Markup _ -> "Markup";
            case BigInteger _ -> "int";
            case Double _ -> "float";
            case Boolean _ -> "bool";
            case Tuple _ -> "tuple";
            case List<?> _ -> "list";
            case Dict _ -> "dict";
            case DictView view -> view.kind().type;
            case Range _ -> "range";
            case Generator _ -> "generator";
            case Undefined _ -> "Undefined";
            case Namespace _ -> "Namespace";
            case Macro _ -> "Macro";
            case Loop _ -> "LoopContext";
            case Callable _ -> "builtin_function_or_method";
            default -> value.getClass().getSimpleName();
        };
    }

    static boolean isTrue(Object value) {
        return switch (value) {
            case None _, Undefined _ -> false;
            case Boolean bool -> bool;
            case String text -> !text.isEmpty();
            case Markup markup -> !markup.text().isEmpty();
            case BigInteger integer -> integer.signum() != 0;
            case Double number -> number != 0;
            case Loop loop -> loop.length() != 0;
            case Dict dict -> dict.size() != 0;
            case DictView view -> view.dict().size() != 0;
            case Object other -> {
                List<Object> items = items(other);
                yield items == null || !items.isEmpty();
            }
        };
    }

    /// Returns the items of what has a length and is neither text nor a loop; null for anything else.
    @SuppressWarnings("unchecked")
    static @Nullable List<Object> items(Object value) {
        return switch (value) {
            case List<?> list -> (List<Object>) list;
            case Tuple tuple -> tuple.items();
            case Range range -> range.items();
            case DictView view -> view.items();
            case Dict dict -> dict.keys();
            default -> null;
        };
    }

    /// Returns the items of what can be indexed by position, text excepted; null for anything else.
    static @Nullable List<Object> sequence(Object value) {
        return value instanceof Dict || value instanceof DictView ? null : items(value);
    }

    /// Returns the text of a string; null for anything else.
    static @Nullable String string(Object value) {
        return switch (value) {
            case String text -> text;
            case Markup markup -> markup.text();
            default -> null;
        };
    }

    /// Returns an integer or boolean as an integer; null for anything else.
    static @Nullable BigInteger integer(Object value) {
        return switch (value) {
            case BigInteger integer -> integer;
            case Boolean bool -> bool ? BigInteger.ONE : BigInteger.ZERO;
            default -> null;
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof BigInteger || value instanceof Boolean || value instanceof Double;
    }

    static double toDouble(Object number) {
        if (number instanceof Double d) {
            return d;
        }
        BigInteger integer = integer(number);
        if (integer == null) {
            throw TemplateException.runtime("must be a number: got '" + nameOf(number) + "'");
        }
        double d = integer.doubleValue();
        if (Double.isInfinite(d)) {
            throw TemplateException.runtime("an integer is too large for a float");
        }
        return d;
    }

    static BigInteger requireInteger(Object number) {
        BigInteger integer = integer(number);
        if (integer == null) {
            throw TemplateException.runtime("must be an integer: got '" + nameOf(number) + "'");
        }
        return integer;
    }

    /// Whether two values are one object, which Python asks before it compares.
    @SuppressWarnings("ReferenceEquality") // identity is the question
    static boolean isSame(Object one, Object other) {
        return one == other;
    }

    static int clamp(BigInteger integer) {
        return integer.bitLength() < 32
                ? integer.intValue()
                : integer.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
    }

    static BigInteger integerOf(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            throw TemplateException.runtime("cannot convert float " + FloatText.of(number) + " to integer");
        }
        return new BigDecimal(number).toBigInteger();
    }

    /// Returns the items of a value one by one.
    static Iterator<Object> iterate(Object value, Budget budget) {
        String text = string(value);
        if (text != null) {
            budget.work(text.length());
            return Text.characters(text).iterator();
        }
        if (value instanceof Generator generator) {
            return generator.items();
        }
        if (value instanceof Undefined) {
            return List.of().iterator();
        }
        List<Object> items = items(value);
        if (items == null) {
            throw TemplateException.runtime("'" + nameOf(value) + "' object is not iterable");
        }
        budget.work(items.size());
        return items.iterator();
    }

    /// Returns all items of a value.
    static List<Object> list(Object value, Budget budget) {
        Iterator<Object> items = iterate(value, budget);
        List<Object> list = new java.util.ArrayList<>();
        while (items.hasNext()) {
            budget.make(1);
            list.add(items.next());
        }
        return list;
    }
}
