package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.util.AbstractList;
import java.util.List;

/// A Python range of at most [Limits#RANGE] items.
record Range(BigInteger start, BigInteger stop, BigInteger step) {
    Range {
        if (step.signum() == 0) {
            throw TemplateException.runtime("range() arg 3 must not be zero");
        }
        BigInteger span = step.signum() > 0 ? stop.subtract(start) : start.subtract(stop);
        BigInteger count = span.signum() <= 0
                ? BigInteger.ZERO
                : span.subtract(BigInteger.ONE).divide(step.abs()).add(BigInteger.ONE);
        if (count.compareTo(BigInteger.valueOf(Limits.RANGE)) > 0) {
            throw TemplateException.limit("a range must have at most " + Limits.RANGE + " items");
        }
    }

    List<Object> items() {
        BigInteger span = step.signum() > 0 ? stop.subtract(start) : start.subtract(stop);
        int count = span.signum() <= 0
                ? 0
                : span.subtract(BigInteger.ONE).divide(step.abs()).intValue() + 1;
        return new AbstractList<>() {
            @Override
            public Object get(int index) {
                return start.add(step.multiply(BigInteger.valueOf(index)));
            }

            @Override
            public int size() {
                return count;
            }
        };
    }
}
