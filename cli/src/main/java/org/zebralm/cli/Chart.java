package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/// A chart of a page, drawn run by run: axes, lines, points, and what the page's script needs to tell the values
/// under the pointer.
final class Chart {
    private static final int WIDTH = 480;
    private static final int HEIGHT = 300;
    private static final int LEFT = 54;
    private static final int RIGHT = 20;
    private static final int TOP = 12;
    private static final int BOTTOM = 46;
    /// Room for a label of the x axis.
    private static final double LABEL_SHARE = 0.085;

    private final Svg svg;
    private final Scale x;
    private final Scale y;

    /// @param classes of the element, besides `chart`
    /// @param name for those who hear the page
    /// @param xUnit what stands before a value of the x axis
    Chart(String classes, String name, Scale x, Scale y, String xTitle, String xUnit) {
        this.x = x;
        this.y = y;
        this.svg = Svg.within(WIDTH, HEIGHT, """
                class="chart %s" role="img" aria-label="%s" data-frame="%d %d %d %d" data-x="%s" data-y="%s" \
                data-unit="%s\"""".formatted(
                classes, Svg.escape(name), LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM, describe(x), describe(y), xUnit));
        svg.append("<g class=\"grid\">\n");
        y.ticks().forEach(tick -> svg.line(LEFT, y(tick), WIDTH - RIGHT, y(tick)));
        x.ticks().forEach(tick -> svg.line(x(tick), TOP, x(tick), HEIGHT - BOTTOM));
        svg.append("</g>\n<g class=\"axis\">\n");
        svg.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        svg.line(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        svg.append("</g>\n");
        for (double tick : labelled()) {
            svg.text(x(tick), HEIGHT - BOTTOM + 18, "middle", "", x.label(tick));
        }
        y.ticks().forEach(tick -> svg.text(LEFT - 7, y(tick) + 4.5, "end", "", y.label(tick)));
        svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "", xTitle);
    }

    /// Draws a noisy series: all it covers pale, a smooth line over that. `xs` must not decrease.
    void smoothed(int run, double[] xs, double[] ys) {
        Columns columns = columns(xs, ys);
        begin(run);
        path("raw", columns.rawShares, columns.rawValues);
        path("line", columns.shares, columns.smooth);
        svg.append("</g>\n");
    }

    /// Draws a series as it is. `xs` must not decrease.
    void exact(int run, double[] xs, double[] ys) {
        Columns columns = columns(xs, ys);
        begin(run);
        path("line", columns.rawShares, columns.rawValues);
        svg.append("</g>\n");
    }

    /// Draws a few values as joined points.
    ///
    /// @param classes of the line and its points: `held-out`, `earlier`
    void points(int run, String classes, double[] xs, double[] ys) {
        begin(run);
        path("joint " + classes, DoubleStream.of(xs).map(x::share).toArray(), ys);
        for (int i = 0; i < xs.length; i++) {
            if (Double.isFinite(ys[i]) && Double.isFinite(x.share(xs[i]))) {
                svg.append("<circle class=\"dot %s\" cx=\"%s\" cy=\"%s\" r=\"3.6\" data-x=\"%s\" data-y=\"%s\"/>\n"
                        .formatted(classes, Svg.number(x(xs[i])), Svg.number(y(ys[i])), xs[i], ys[i]));
            }
        }
        svg.append("</g>\n");
    }

    /// Marks places on the x axis.
    void marks(int run, double... xs) {
        begin(run);
        double before = Double.NEGATIVE_INFINITY;
        for (double at : xs) {
            // Marks closer than a pixel are one.
            if (x(at) - before >= 1) {
                before = x(at);
                svg.append("<path class=\"mark\" d=\"M%s %sv-9\"/>\n".formatted(Svg.number(before), HEIGHT - BOTTOM));
            }
        }
        svg.append("</g>\n");
    }

    @Override
    public String toString() {
        return svg.toString();
    }

    private Columns columns(double[] xs, double[] ys) {
        return Columns.of(xs, ys, x, WIDTH - LEFT - RIGHT);
    }

    private void begin(int run) {
        svg.append("<g class=\"run\" data-run=\"%d\">\n".formatted(run));
    }

    private void path(String classes, double[] shares, double[] ys) {
        svg.path(
                DoubleStream.of(shares).map(Chart::atShare).toArray(),
                DoubleStream.of(ys).map(this::y).toArray(),
                "class=\"%s\"".formatted(classes));
    }

    /// Those ticks whose labels do not run into each other.
    private List<Double> labelled() {
        List<Double> far = new ArrayList<>();
        for (double tick : x.ticks()) {
            if (far.isEmpty() || x.share(tick) - x.share(far.getLast()) > LABEL_SHARE) {
                far.add(tick);
            }
        }
        return far;
    }

    private static String describe(Scale scale) {
        return "%s %s %s".formatted(scale.low(), scale.high(), scale instanceof LogScale ? "log" : "linear");
    }

    private double x(double value) {
        return atShare(x.share(value));
    }

    private static double atShare(double share) {
        return LEFT + share * (WIDTH - RIGHT - LEFT);
    }

    private double y(double value) {
        return HEIGHT - BOTTOM - y.share(value) * (HEIGHT - BOTTOM - TOP);
    }
}
