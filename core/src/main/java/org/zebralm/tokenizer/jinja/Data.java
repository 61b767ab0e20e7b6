package org.zebralm.tokenizer.jinja;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Java's values as a template's, copied.
final class Data {
    private static final int DEPTH = 200;

    private long characters;
    private int depth;

    /// The size of what was copied.
    long characters() {
        return characters;
    }

    Object of(@Nullable Object value) {
        characters++;
        return switch (value) {
            case null -> None.NONE;
            case String text -> text(text);
            case CharSequence text -> text(text.toString());
            case Boolean bool -> bool;
            case BigInteger integer -> integer(integer);
            case Byte _, Short _, Integer _, Long _ -> BigInteger.valueOf(((Number) value).longValue());
            case Float _, Double _, BigDecimal _ -> ((Number) value).doubleValue();
            case JsonNode node -> node(node);
            case Map<?, ?> map -> {
                enter();
                var dict = new Dict();
                map.forEach((key, item) -> dict.put(of(key), of(item)));
                depth--;
                yield dict;
            }
            case Iterable<?> items -> {
                enter();
                List<Object> list = new ArrayList<>();
                items.forEach(item -> list.add(of(item)));
                depth--;
                yield list;
            }
            default ->
                throw new IllegalArgumentException(
                        "a template's variables must be null, booleans, numbers, strings, lists or maps: got "
                                + value.getClass().getName());
        };
    }

    private String text(String text) {
        characters += text.length();
        return text;
    }

    private static BigInteger integer(BigInteger integer) {
        if (integer.bitLength() > Limits.INTEGER_BITS) {
            throw TemplateException.limit("an integer must have at most " + Limits.INTEGER_BITS + " bits");
        }
        return integer;
    }

    private Object node(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> text(node.textValue());
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> node.isIntegralNumber() ? integer(node.bigIntegerValue()) : (Object) node.doubleValue();
            case ARRAY -> {
                enter();
                List<Object> list = new ArrayList<>();
                node.forEach(item -> list.add(of(item)));
                depth--;
                yield list;
            }
            case OBJECT -> {
                enter();
                var dict = new Dict();
                node.properties().forEach(entry -> dict.put(text(entry.getKey()), of(entry.getValue())));
                depth--;
                yield dict;
            }
            case NULL, MISSING -> None.NONE;
            case BINARY, POJO ->
                throw new IllegalArgumentException("a template's variables must be JSON: got " + node.getNodeType());
        };
    }

    private void enter() {
        if (++depth > DEPTH) {
            throw TemplateException.limit("a template's variables must not nest deeper than " + DEPTH);
        }
    }
}
