package org.zebralm.cli;

/// The text of an SVG picture, written shape by shape. Coordinates count pixels from the upper left corner.
final class Svg {
    private final StringBuilder text = new StringBuilder();

    private Svg() {}

    /// A picture within a page, as wide as its place there; the page's style sheet gives the colours.
    static Svg within(int width, int height, String attributes) {
        var svg = new Svg();
        svg.append("<svg viewBox=\"0 0 %d %d\" %s>\n".formatted(width, height, attributes));
        return svg;
    }

    /// A white picture.
    Svg(int width, int height) {
        append("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" \
                font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="13" fill="#333">
                <rect width="100%%" height="100%%" fill="#fff"/>
                """.formatted(width, height, width, height));
    }

    /// Appends elements as they are.
    Svg append(String elements) {
        text.append(elements);
        return this;
    }

    void line(double x1, double y1, double x2, double y2) {
        append("<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
                .formatted(number(x1), number(y1), number(x2), number(y2)));
    }

    void marker(double x, double y) {
        append("<circle cx=\"%s\" cy=\"%s\" r=\"4.6\"/>\n".formatted(number(x), number(y)));
    }

    /// Adds text; `anchor` says which end of it stands at `x`: start, middle or end.
    void text(double x, double y, String anchor, String style, String words) {
        append("<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" %s>%s</text>\n"
                .formatted(number(x), number(y), anchor, style, escape(words)));
    }

    /// Adds a line through points; those that are not finite leave a gap.
    void path(double[] xs, double[] ys, String style) {
        text.append("<path fill=\"none\" stroke-linejoin=\"round\" ")
                .append(style)
                .append(" d=\"");
        boolean drawing = false;
        for (int i = 0; i < xs.length; i++) {
            boolean drawable = Double.isFinite(xs[i]) && Double.isFinite(ys[i]);
            if (drawable) {
                text.append(drawing ? 'L' : 'M')
                        .append(number(xs[i]))
                        .append(' ')
                        .append(number(ys[i]));
            }
            drawing = drawable;
        }
        text.append("\"/>\n");
    }

    /// Returns text as it may stand in an element or within the quotes of an attribute.
    static String escape(String words) {
        return words.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    static String number(double value) {
        // Hundredths of a pixel; String.format would take most of a page's time.
        long hundredths = Math.round(value * 100);
        long fraction = Math.abs(hundredths % 100);
        String digits = fraction % 10 == 0 ? Long.toString(fraction / 10) : (fraction < 10 ? "0" : "") + fraction;
        return (hundredths < 0 ? "-" : "") + Math.abs(hundredths / 100) + (fraction == 0 ? "" : "." + digits);
    }

    /// The whole file so far.
    @Override
    public String toString() {
        return text + "</svg>\n";
    }
}
