package org.zebralm.cli;

import java.util.List;
import java.util.stream.IntStream;

/// An axis with a place for each range of positions, all equally wide.
///
/// @param starts where the ranges begin, ascending, at least one
record PositionScale(List<Integer> starts) implements Scale {
    private static final int KILO = 1024;

    @Override
    public double low() {
        return starts.getFirst();
    }

    @Override
    public double high() {
        return starts.getLast();
    }

    @Override
    public double share(double value) {
        int place = starts.indexOf((int) value);
        return place < 0 ? Double.NaN : (place + 0.5) / starts.size();
    }

    @Override
    public List<Double> ticks() {
        return IntStream.range(0, starts.size())
                .mapToObj(i -> (double) starts.get(i))
                .toList();
    }

    @Override
    public String label(double tick) {
        int start = (int) tick;
        return start > 0 && start % KILO == 0 ? start / KILO + "k" : Integer.toString(start);
    }
}
