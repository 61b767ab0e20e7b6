package org.zebralm.tokenizer.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Arithmetic as Python does it.
final class Operators {
    private static final int EXACT_BITS = 53;

    private Operators() {}

    static Object apply(String operator, Object left, Object right, Budget budget) {
        if (operator.equals("%") && left instanceof String format) {
            return PercentFormat.format(format, right, budget);
        }
        if (left instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (Types.isNumber(left) && Types.isNumber(right)) {
            BigInteger one = Types.integer(left);
            BigInteger other = Types.integer(right);
            return one != null && other != null
                    ? integers(operator, one, other, budget)
                    : floats(operator, Types.toDouble(left), Types.toDouble(right));
        }
        Object result = switch (operator) {
            case "+" -> add(left, right, budget);
            case "*" -> repeat(left, right, budget);
            default -> null;
        };
        if (result == null) {
            throw TemplateException.runtime("'" + operator + "' is not supported between '" + Types.nameOf(left)
                    + "' and '" + Types.nameOf(right) + "'");
        }
        return result;
    }

    private static @Nullable Object add(Object left, Object right, Budget budget) {
        String one = Types.string(left);
        String other = Types.string(right);
        if (one != null && other != null) {
            if (left instanceof Markup || right instanceof Markup) {
                String sum = Markup.escape(left, budget).text()
                        + Markup.escape(right, budget).text();
                budget.make(sum.length());
                return new Markup(sum);
            }
            budget.make((long) one.length() + other.length());
            return one + other;
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return Tuple.of(join(a.items(), b.items(), budget));
        }
        return left instanceof List<?> a && right instanceof List<?> b ? join(a, b, budget) : null;
    }

    private static List<Object> join(List<?> left, List<?> right, Budget budget) {
        budget.make((long) left.size() + right.size());
        List<Object> joined = new ArrayList<>(left);
        joined.addAll(right);
        return joined;
    }

    private static @Nullable Object repeat(Object left, Object right, Budget budget) {
        BigInteger times = Types.integer(right);
        if (times == null) {
            return Types.integer(left) == null || Types.isNumber(right) ? null : repeat(right, left, budget);
        }
        if (times.bitLength() > 63) {
            throw TemplateException.runtime("a number to repeat by must fit 64 bits");
        }
        int count = Math.max(0, Types.clamp(times));
        return switch (left) {
            case String text -> repeat(text, count, budget);
            case Markup markup -> new Markup(repeat(markup.text(), count, budget));
            case Tuple tuple -> Tuple.of(repeat(tuple.items(), count, budget));
            case List<?> list -> repeat(list, count, budget);
            default -> null;
        };
    }

    static String repeat(String text, int count, Budget budget) {
        budget.make((long) text.length() * count);
        return text.repeat(count);
    }

    private static List<Object> repeat(List<?> items, int count, Budget budget) {
        budget.make((long) items.size() * count);
        List<Object> repeated = new ArrayList<>();
        for (int i = 0; i < count && !items.isEmpty(); i++) {
            repeated.addAll(items);
        }
        return repeated;
    }

    private static Object integers(String operator, BigInteger left, BigInteger right, Budget budget) {
        budget.work((left.bitLength() / 64 + 1L) * (right.bitLength() / 64 + 1L));
        return switch (operator) {
            case "+" -> bounded(left.add(right));
            case "-" -> bounded(left.subtract(right));
            case "*" -> bounded(left.multiply(right));
            case "/" -> divide(left, right);
            case "//" -> floorDivide(left, right);
            case "%" -> left.subtract(floorDivide(left, right).multiply(right));
            default -> power(left, right, budget);
        };
    }

    private static BigInteger bounded(BigInteger integer) {
        if (integer.bitLength() > Limits.INTEGER_BITS) {
            throw TemplateException.limit("an integer must have at most " + Limits.INTEGER_BITS + " bits");
        }
        return integer;
    }

    private static BigInteger floorDivide(BigInteger left, BigInteger right) {
        requireNonZero(right.signum() != 0);
        BigInteger[] parts = left.divideAndRemainder(right);
        return parts[1].signum() != 0 && parts[1].signum() != right.signum()
                ? parts[0].subtract(BigInteger.ONE)
                : parts[0];
    }

    private static void requireNonZero(boolean holds) {
        if (!holds) {
            throw TemplateException.runtime("division by zero");
        }
    }

    private static Object divide(BigInteger left, BigInteger right) {
        requireNonZero(right.signum() != 0);
        if (left.bitLength() <= EXACT_BITS && right.bitLength() <= EXACT_BITS) {
            return left.doubleValue() / right.doubleValue();
        }
        double quotient = new BigDecimal(left)
                .divide(new BigDecimal(right), new MathContext(60))
                .doubleValue();
        if (Double.isInfinite(quotient)) {
            throw TemplateException.runtime("integer division result too large for a float");
        }
        return quotient;
    }

    private static Object power(BigInteger base, BigInteger exponent, Budget budget) {
        if (exponent.signum() < 0) {
            requireNonZero(base.signum() != 0);
            return floats("**", Types.toDouble(base), Types.toDouble(exponent));
        }
        if (base.abs().compareTo(BigInteger.ONE) <= 0) {
            return (base.signum() < 0 && !exponent.testBit(0)) || exponent.signum() == 0 ? BigInteger.ONE : base;
        }
        if (exponent.bitLength() > 31 || (base.abs().bitLength() - 1L) * exponent.longValue() > Limits.INTEGER_BITS) {
            throw TemplateException.limit("an integer must have at most " + Limits.INTEGER_BITS + " bits");
        }
        budget.work(Limits.INTEGER_BITS);
        return bounded(base.pow(exponent.intValue()));
    }

    private static Object floats(String operator, double left, double right) {
        return switch (operator) {
            case "+" -> left + right;
            case "-" -> left - right;
            case "*" -> left * right;
            case "/" -> {
                requireNonZero(right != 0);
                yield left / right;
            }
            case "//" -> floorDivide(left, right);
            case "%" -> modulo(left, right);
            default -> power(left, right);
        };
    }

    private static double modulo(double left, double right) {
        requireNonZero(right != 0);
        double rest = left % right;
        if (rest == 0) {
            return Math.copySign(0, right);
        }
        return rest < 0 != right < 0 ? rest + right : rest;
    }

    private static double floorDivide(double left, double right) {
        double quotient = (left - modulo(left, right)) / right;
        if (quotient == 0) {
            return Math.copySign(0, left / right);
        }
        double floor = Math.floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double power(double base, double exponent) {
        requireNonZero(base != 0 || exponent >= 0);
        if (base == 1 || exponent == 0) {
            return 1;
        }
        if (base < 0 && exponent != Math.rint(exponent) && !Double.isInfinite(base)) {
            throw TemplateException.runtime("a negative number must not be raised to a fraction");
        }
        double power = StrictMath.pow(base, exponent);
        if (Double.isInfinite(power) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
            throw TemplateException.runtime("a power is too large for a float");
        }
        return power;
    }

    static Object sign(boolean negative, Object operand) {
        if (operand instanceof Undefined undefined) {
            throw undefined.error();
        }
        if (operand instanceof Double number) {
            return negative ? -number : number;
        }
        BigInteger integer = Types.integer(operand);
        if (integer == null) {
            throw TemplateException.runtime("a sign must stand before a number: got '" + Types.nameOf(operand) + "'");
        }
        return negative ? integer.negate() : integer;
    }
}
