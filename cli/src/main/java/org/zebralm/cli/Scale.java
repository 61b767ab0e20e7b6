package org.zebralm.cli;

import java.util.List;

/// How an axis lays values out from its low end to its high one.
sealed interface Scale permits Axis, LogScale, PositionScale {
    double low();

    double high();

    /// Where `value` lies between the ends: 0 at the low one, 1 at the high one.
    double share(double value);

    List<Double> ticks();

    String label(double tick);
}
