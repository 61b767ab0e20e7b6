package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/// Equality, order and membership as Python has them.
final class Comparisons {
    private Comparisons() {}

    static boolean compare(String operator, Object left, Object right, Budget budget) {
        return switch (operator) {
            case "==" -> equal(left, right, budget);
            case "!=" -> !equal(left, right, budget);
            case "in" -> contains(right, left, budget);
            case "not in" -> !contains(right, left, budget);
            default -> ordered(operator, left, right, budget);
        };
    }

    private static boolean ordered(String operator, Object left, Object right, Budget budget) {
        if (isNaN(left) || isNaN(right)) {
            order(operator, left, right, budget);
            return false;
        }
        int order = order(operator, left, right, budget);
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            default -> order >= 0;
        };
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && number.isNaN();
    }

    static boolean equal(Object left, Object right, Budget budget) {
        if (Types.isNumber(left) && Types.isNumber(right)) {
            return !isNaN(left) && !isNaN(right) && compareNumbers(left, right) == 0;
        }
        if (Types.isSame(left, right)) {
            return true;
        }
        String one = Types.string(left);
        String other = Types.string(right);
        if (one != null || other != null) {
            if (one == null || other == null || one.length() != other.length()) {
                return false;
            }
            budget.work(one.length());
            return one.equals(other);
        }
        budget.enter();
        boolean equal = switch (left) {
            case Undefined _ -> right instanceof Undefined;
            case Tuple tuple -> right instanceof Tuple peer && equalItems(tuple.items(), peer.items(), budget);
            case List<?> list -> right instanceof List<?> peer && equalItems(list, peer, budget);
            case Range range -> right instanceof Range peer && equalItems(range.items(), peer.items(), budget);
            case Dict dict -> right instanceof Dict peer && equalDicts(dict, peer, budget);
            case DictView view -> right instanceof DictView peer && equalViews(view, peer, budget);
            default -> false;
        };
        budget.leave();
        return equal;
    }

    private static boolean equalItems(List<?> left, List<?> right, Budget budget) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            budget.step();
            if (!Types.isSame(left.get(i), right.get(i)) && !equal(left.get(i), right.get(i), budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalDicts(Dict left, Dict right, Budget budget) {
        if (left.size() != right.size()) {
            return false;
        }
        budget.work(left.size());
        for (Dict.Entry entry : left.entries()) {
            budget.step();
            Object value = right.get(entry.key());
            if (value == null || !equal(entry.value(), value, budget)) {
                return false;
            }
        }
        return true;
    }

    private static boolean equalViews(DictView left, DictView right, Budget budget) {
        if (left.kind() == DictView.Kind.VALUES || right.kind() == DictView.Kind.VALUES) {
            return false;
        }
        List<Object> items = right.items();
        return left.dict().size() == items.size() && items.stream().allMatch(item -> contains(left, item, budget));
    }

    static boolean contains(Object container, Object item, Budget budget) {
        String text = Types.string(container);
        if (text != null) {
            String part = Types.string(item);
            if (part == null) {
                if (item instanceof Undefined undefined) {
                    throw TemplateException.runtime("in a string must stand a string: " + undefined.message());
                }
                throw TemplateException.runtime("in a string must stand a string: got '" + Types.nameOf(item) + "'");
            }
            return Text.find(text, part, 0, budget) >= 0;
        }
        if (container instanceof Dict dict) {
            return dict.contains(item);
        }
        if (container instanceof DictView view && view.kind() == DictView.Kind.KEYS) {
            return view.dict().contains(item);
        }
        if (container instanceof Namespace || container instanceof Callable) {
            throw TemplateException.runtime("argument of type '" + Types.nameOf(container) + "' is not iterable");
        }
        Iterator<Object> items = Types.iterate(container, budget);
        while (items.hasNext()) {
            budget.step();
            Object candidate = items.next();
            if (Types.isSame(candidate, item) || equal(candidate, item, budget)) {
                return true;
            }
        }
        return false;
    }

    /// Orders values as Python's `sorted` does.
    static Comparator<Object> order(Budget budget) {
        return (left, right) -> {
            budget.step();
            return isNaN(left) || isNaN(right) ? 0 : order("<", left, right, budget);
        };
    }

    private static int order(String operator, Object left, Object right, Budget budget) {
        if (Types.isNumber(left) && Types.isNumber(right)) {
            return isNaN(left) || isNaN(right) ? 0 : compareNumbers(left, right);
        }
        String one = Types.string(left);
        String other = Types.string(right);
        if (one != null && other != null) {
            budget.work(Math.min(one.length(), other.length()));
            return Text.compare(one, other);
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return orderItems(operator, a.items(), b.items(), budget);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return orderItems(operator, a, b, budget);
        }
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.error();
        }
        throw TemplateException.runtime("'" + operator + "' is not supported between '" + Types.nameOf(left) + "' and '"
                + Types.nameOf(right) + "'");
    }

    private static int orderItems(String operator, List<?> left, List<?> right, Budget budget) {
        budget.enter();
        int n = Math.min(left.size(), right.size());
        for (int i = 0; i < n; i++) {
            budget.step();
            if (!Types.isSame(left.get(i), right.get(i)) && !equal(left.get(i), right.get(i), budget)) {
                int order = order(operator, left.get(i), right.get(i), budget);
                budget.leave();
                return order;
            }
        }
        budget.leave();
        return Integer.compare(left.size(), right.size());
    }

    static int compareNumbers(Object left, Object right) {
        BigInteger one = Types.integer(left);
        BigInteger other = Types.integer(right);
        if (one != null && other != null) {
            return one.compareTo(other);
        }
        double a = one == null ? (Double) left : one.doubleValue();
        double b = other == null ? (Double) right : other.doubleValue();
        if ((one == null && other == null) || Double.isInfinite(a) || Double.isInfinite(b)) {
            return a < b ? -1 : a > b ? 1 : 0;
        }
        return decimal(left).compareTo(decimal(right));
    }

    private static BigDecimal decimal(Object number) {
        return number instanceof Double d ? new BigDecimal(d) : new BigDecimal(Types.requireInteger(number));
    }
}
