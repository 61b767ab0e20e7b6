package org.zebralm.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.zebralm.checkpoint.AtomicFile;

/// A plot of losses over training, as an SVG file.
///
/// A [#curve] is noisy and long: it is drawn pale and thin, with a smooth line over it. [#points] are few and
/// exact: markers, joined. Values that are not finite leave a gap.
///
/// ```
/// new LossPlot("Quickstart", "tokens", "loss (nats per token)")
///         .curve("training", tokens, losses)
///         .points("validation", validTokens, validLosses)
///         .write(out.resolve("loss.svg"));
/// ```
public final class LossPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final int LEFT = 76;
    private static final int RIGHT = 28;
    private static final int TOP = 56;
    private static final int BOTTOM = 64;
    private static final int NUM_TICKS = 7;
    /// Okabe and Ito's colours, which colour-blind readers tell apart.
    private static final List<String> COLORS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00");

    private static final class Series {
        final String name;
        final double[] x;
        final double[] y;
        final boolean isCurve;

        Series(String name, double[] x, double[] y, boolean isCurve) {
            if (x.length != y.length) {
                throw new IllegalArgumentException(
                        "%s needs as many x as y: got %d and %d".formatted(name, x.length, y.length));
            }
            this.name = name;
            this.x = x.clone();
            this.y = y.clone();
            this.isCurve = isCurve;
        }
    }

    private final String title;
    private final String xTitle;
    private final String yTitle;
    private final List<Series> series = new ArrayList<>();

    /// An empty plot.
    public LossPlot(String title, String xTitle, String yTitle) {
        this.title = title;
        this.xTitle = xTitle;
        this.yTitle = yTitle;
    }

    /// Adds a noisy series: its values pale, a smooth line over them. `x` must not decrease.
    public LossPlot curve(String name, double[] x, double[] y) {
        return add(new Series(name, x, y, true));
    }

    /// Adds a few exact values as markers. `x` must not decrease.
    public LossPlot points(String name, double[] x, double[] y) {
        return add(new Series(name, x, y, false));
    }

    /// Writes the plot; an older file is replaced at once, or not at all.
    public void write(Path file) {
        AtomicFile.write(file, svg().getBytes(StandardCharsets.UTF_8));
    }

    /// The plot as the text of an SVG file.
    public String svg() {
        Axis x = Axis.within(series.stream().flatMapToDouble(s -> DoubleStream.of(s.x)), NUM_TICKS);
        Axis y = Axis.around(series.stream().flatMapToDouble(s -> DoubleStream.of(s.y)), NUM_TICKS);
        var svg = new Svg(WIDTH, HEIGHT);
        svg.text(LEFT, 30, "start", "font-size=\"17\" font-weight=\"bold\"", title);
        drawAxes(svg, x, y);
        for (int i = 0; i < series.size(); i++) {
            draw(svg, series.get(i), COLORS.get(i % COLORS.size()), x, y);
        }
        drawLegend(svg);
        return svg.toString();
    }

    private LossPlot add(Series added) {
        series.add(added);
        return this;
    }

    private void drawAxes(Svg svg, Axis x, Axis y) {
        svg.append("<g stroke=\"#e4e4e4\">\n");
        y.ticks().forEach(tick -> svg.line(LEFT, y(y, tick), WIDTH - RIGHT, y(y, tick)));
        x.ticks().forEach(tick -> svg.line(x(x, tick), TOP, x(x, tick), HEIGHT - BOTTOM));
        svg.append("</g>\n<g stroke=\"#888\">\n");
        svg.line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
        svg.line(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
        svg.append("</g>\n");
        x.ticks().forEach(tick -> svg.text(x(x, tick), HEIGHT - BOTTOM + 20, "middle", "", x.label(tick)));
        y.ticks().forEach(tick -> svg.text(LEFT - 9, y(y, tick) + 4.5, "end", "", y.label(tick)));
        svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 18, "middle", "font-size=\"14\"", xTitle);
        double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
        svg.text(22, middle, "middle", "font-size=\"14\" transform=\"rotate(-90 22 %s)\"".formatted(middle), yTitle);
    }

    private static void draw(Svg svg, Series series, String color, Axis x, Axis y) {
        if (series.isCurve) {
            Curve curve = Curve.of(series.x, series.y);
            path(svg, curve.x, curve.y, x, y, "stroke=\"%s\" stroke-width=\"1\" opacity=\"0.28\"".formatted(color));
            path(svg, curve.x, curve.smooth, x, y, "stroke=\"%s\" stroke-width=\"2.2\"".formatted(color));
            return;
        }
        path(svg, series.x, series.y, x, y, "stroke=\"%s\" stroke-width=\"1.4\"".formatted(color));
        svg.append("<g fill=\"%s\" stroke=\"#fff\" stroke-width=\"1.2\">\n".formatted(color));
        for (int i = 0; i < series.x.length; i++) {
            if (Double.isFinite(series.x[i]) && Double.isFinite(series.y[i])) {
                svg.marker(x(x, series.x[i]), y(y, series.y[i]));
            }
        }
        svg.append("</g>\n");
    }

    /// In the upper right corner, which losses leave free.
    private void drawLegend(Svg svg) {
        int length = series.stream().mapToInt(s -> s.name.length()).max().orElse(0);
        double left = WIDTH - RIGHT - 58 - 7.2 * length;
        if (!series.isEmpty()) {
            svg.append("<rect x=\"%s\" y=\"%d\" width=\"%s\" height=\"%d\" rx=\"4\" fill=\"#fff\" stroke=\"#ddd\"/>\n"
                    .formatted(
                            Svg.number(left - 12),
                            TOP + 8,
                            Svg.number(WIDTH - RIGHT + 4 - left),
                            series.size() * 22 + 12));
        }
        for (int i = 0; i < series.size(); i++) {
            double middle = TOP + 25 + i * 22;
            String color = COLORS.get(i % COLORS.size());
            svg.append("<g stroke=\"%s\" stroke-width=\"2.2\">".formatted(color));
            svg.line(left, middle, left + 26, middle);
            svg.append("</g>\n");
            if (!series.get(i).isCurve) {
                svg.append("<g fill=\"%s\" stroke=\"#fff\" stroke-width=\"1.2\">".formatted(color));
                svg.marker(left + 13, middle);
                svg.append("</g>\n");
            }
            svg.text(left + 34, middle + 4.5, "start", "", series.get(i).name);
        }
    }

    private static void path(Svg svg, double[] xs, double[] ys, Axis x, Axis y, String style) {
        svg.path(
                DoubleStream.of(xs).map(value -> x(x, value)).toArray(),
                DoubleStream.of(ys).map(value -> y(y, value)).toArray(),
                style);
    }

    private static double x(Axis axis, double value) {
        return LEFT + axis.share(value) * (WIDTH - RIGHT - LEFT);
    }

    private static double y(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - BOTTOM - TOP);
    }
}
