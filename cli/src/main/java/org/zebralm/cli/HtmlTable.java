package org.zebralm.cli;

import java.util.List;
import java.util.function.Function;

/// A table of a page: a row for each of some names, a column for each run.
final class HtmlTable {
    private final StringBuilder html = new StringBuilder();

    HtmlTable(List<ReportRun> runs) {
        html.append("<div class=\"scroll\"><table>\n<thead><tr><td></td>");
        for (int i = 0; i < runs.size(); i++) {
            html.append("<th scope=\"col\" class=\"run\" data-run=\"%d\"><i></i>%s</th>"
                    .formatted(i, Svg.escape(runs.get(i).name())));
        }
        html.append("</tr></thead>\n<tbody>\n");
    }

    /// Adds a row unless it has nothing to say.
    HtmlTable row(String name, List<String> cells) {
        if (cells.stream().allMatch(String::isEmpty)) {
            return this;
        }
        html.append("<tr><th scope=\"row\">%s</th>".formatted(Svg.escape(name)));
        for (String cell : cells) {
            html.append("<td>%s</td>".formatted(cell.isEmpty() ? "–" : Svg.escape(cell)));
        }
        html.append("</tr>\n");
        return this;
    }

    /// Adds a row for each name.
    HtmlTable rows(Iterable<String> names, Function<String, List<String>> cells) {
        names.forEach(name -> row(name, cells.apply(name)));
        return this;
    }

    @Override
    public String toString() {
        return html + "</tbody>\n</table></div>\n";
    }
}
