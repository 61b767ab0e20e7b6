package org.zebralm.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.zebralm.bench.Implementation;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;
import org.zebralm.checkpoint.AtomicFile;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

/// Time against length, both in powers, as an SVG file: a panel for each pass and element type, a line for each
/// implementation and kind of attention. Slope 2 is quadratic, slope 1 linear.
final class AttentionPlot {
    private static final int PANEL_WIDTH = 360;
    private static final int PANEL_HEIGHT = 290;
    private static final int LEFT = 64;
    private static final int RIGHT = 16;
    private static final int TOP = 34;
    private static final int BOTTOM = 50;
    private static final int HEAD = 88;
    private static final int LEGEND_WIDTH = 170;
    private static final int LEAST_WIDTH = 2 * PANEL_WIDTH;

    /// A line of the legend.
    private record Line(Implementation implementation, boolean global) {
        /// Okabe and Ito's blue, vermilion and green, which colour-blind readers tell apart.
        String color() {
            return switch (implementation) {
                case ZEBRA -> "#0072b2";
                case TORCH -> "#d55e00";
                case PORTABLE -> "#009e73";
            };
        }

        String style() {
            return "stroke=\"%s\" stroke-width=\"1.8\"%s".formatted(color(), global ? "" : " stroke-dasharray=\"6 4\"");
        }

        boolean holds(Row.Measured row) {
            return row.implementation() == implementation && row.attention().span() instanceof Span.Global == global;
        }
    }

    private final List<Row.Measured> rows;
    private final String subtitle;

    AttentionPlot(List<Row> rows, String subtitle) {
        this.rows = rows.stream()
                .filter(Row.Measured.class::isInstance)
                .map(Row.Measured.class::cast)
                .toList();
        this.subtitle = subtitle;
    }

    /// Writes the plot; an older file is replaced at once, or not at all.
    void write(Path file) {
        AtomicFile.write(file, svg().getBytes(StandardCharsets.UTF_8));
    }

    String svg() {
        List<Pass> passes =
                rows.stream().map(row -> row.attention().pass()).distinct().toList();
        List<DType> dtypes =
                rows.stream().map(row -> row.attention().dtype()).distinct().toList();
        var svg = new Svg(
                Math.max(LEAST_WIDTH, Math.max(LEFT + lines().size() * LEGEND_WIDTH, passes.size() * PANEL_WIDTH)),
                HEAD + dtypes.size() * PANEL_HEIGHT);
        svg.text(
                LEFT, 28, "start", "font-size=\"17\" font-weight=\"bold\"", "Attention: time of a call against length");
        svg.text(LEFT, 48, "start", "fill=\"#666\"", subtitle);
        drawLegend(svg);
        for (int i = 0; i < dtypes.size(); i++) {
            for (int j = 0; j < passes.size(); j++) {
                drawPanel(svg, passes.get(j), dtypes.get(i), j * PANEL_WIDTH, HEAD + i * PANEL_HEIGHT);
            }
        }
        return svg.toString();
    }

    private List<Line> lines() {
        return Stream.of(Implementation.values())
                .flatMap(implementation -> Stream.of(new Line(implementation, true), new Line(implementation, false)))
                .filter(line -> rows.stream().anyMatch(line::holds))
                .toList();
    }

    private void drawLegend(Svg svg) {
        double x = LEFT;
        for (Line line : lines()) {
            svg.append("<g %s>".formatted(line.style()));
            svg.line(x, 70, x + 34, 70);
            svg.append("</g><g fill=\"%s\">\n".formatted(line.color()));
            svg.marker(x + 17, 70);
            svg.append("</g>\n");
            svg.text(x + 42, 74.5, "start", "", name(line));
            x += LEGEND_WIDTH;
        }
    }

    private String name(Line line) {
        String kind = line.global
                ? "global"
                : "local, "
                        + rows.stream()
                                .filter(line::holds)
                                .map(row -> ((Span.Local) row.attention().span()).window())
                                .findFirst()
                                .orElseThrow();
        return line.implementation.label() + " " + kind;
    }

    private void drawPanel(Svg svg, Pass pass, DType dtype, double left, double top) {
        List<Row.Measured> shown = rows.stream()
                .filter(row -> row.attention().pass() == pass && row.attention().dtype() == dtype)
                .toList();
        var panel = new Panel(
                svg,
                lengths(shown.stream()),
                LogAxis.around(shown.stream().mapToDouble(Row.Measured::seconds)),
                left,
                top);
        panel.drawAxes(pass.label() + ", " + dtype.label());
        for (Line line : lines()) {
            panel.draw(line, shown.stream().filter(line::holds).toList());
        }
    }

    private static List<Integer> lengths(Stream<Row.Measured> rows) {
        return rows.map(row -> row.attention().length()).distinct().sorted().toList();
    }

    /// One plot among others; `lengths` are the ticks of its x axis.
    private record Panel(Svg svg, List<Integer> lengths, LogAxis seconds, double left, double top) {
        void drawAxes(String title) {
            double bottom = top + PANEL_HEIGHT - BOTTOM;
            double right = left + PANEL_WIDTH - RIGHT;
            svg.text(left + LEFT, top + 20, "start", "font-size=\"14\" font-weight=\"bold\"", title);
            svg.append("<g stroke=\"#e4e4e4\">\n");
            seconds.ticks().forEach(tick -> svg.line(left + LEFT, y(tick), right, y(tick)));
            lengths.forEach(length -> svg.line(x(length), top + TOP, x(length), bottom));
            svg.append("</g>\n<g stroke=\"#888\">\n");
            svg.line(left + LEFT, bottom, right, bottom);
            svg.line(left + LEFT, top + TOP, left + LEFT, bottom);
            svg.append("</g>\n");
            seconds.ticks().forEach(tick -> svg.text(left + LEFT - 8, y(tick) + 4.5, "end", "", Units.seconds(tick)));
            for (int length : labelled()) {
                svg.text(x(length), bottom + 19, "middle", "", label(length));
            }
            svg.text((left + LEFT + right) / 2, bottom + 40, "middle", "", "tokens");
        }

        void draw(Line line, List<Row.Measured> points) {
            double[] xs = points.stream()
                    .mapToDouble(row -> x(row.attention().length()))
                    .toArray();
            double[] ys = points.stream().mapToDouble(row -> y(row.seconds())).toArray();
            svg.path(xs, ys, line.style());
            svg.append("<g fill=\"%s\" stroke=\"#fff\" stroke-width=\"1.2\">\n".formatted(line.color()));
            for (int i = 0; i < xs.length; i++) {
                svg.marker(xs[i], ys[i]);
            }
            svg.append("</g>\n");
        }

        /// Those lengths whose labels do not run into each other.
        private List<Integer> labelled() {
            List<Integer> far = new ArrayList<>();
            for (int length : lengths) {
                if (far.isEmpty() || x(length) - x(far.getLast()) > 30) {
                    far.add(length);
                }
            }
            return far;
        }

        private static String label(int length) {
            return length % 1024 == 0 ? length / 1024 + "k" : Integer.toString(length);
        }

        private double x(int length) {
            double low = Math.log(lengths.getFirst());
            double high = Math.log(lengths.getLast());
            double share = high == low ? 0.5 : (Math.log(length) - low) / (high - low);
            return left + LEFT + 12 + share * (PANEL_WIDTH - LEFT - RIGHT - 24);
        }

        private double y(double value) {
            return top + PANEL_HEIGHT - BOTTOM - seconds.share(value) * (PANEL_HEIGHT - TOP - BOTTOM);
        }
    }
}
