package org.zebralm.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zebralm.checkpoint.AtomicFile;

/// A page that shows runs beside each other: summary, charts, where the time went, settings. It needs nothing but
/// itself.
record Report(List<ReportRun> runs, List<ReportSummary> summaries) {
    /// Colours the style sheet has; further runs begin again, with dashed lines.
    private static final int COLORS = 8;

    private static final List<String> PHASES = List.of("data", "forward", "backward", "optimizer");

    static Report of(List<ReportRun> runs) {
        return new Report(
                runs, runs.stream().map(run -> ReportSummary.of(run.history())).toList());
    }

    /// Writes the page; an older one is replaced at once, or not at all.
    void write(Path file) {
        AtomicFile.write(file, html().getBytes(StandardCharsets.UTF_8));
    }

    String html() {
        String title = runs.size() == 1 ? runs.getFirst().name() : runs.size() + " runs";
        return """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta name="color-scheme" content="light dark">
                <title>%s</title>
                <style>
                %s%s</style>
                </head>
                <body>
                <h1>%s</h1>
                %s
                <section class="choices">
                %s</section>
                <section class="charts">
                %s%s</section>
                <section>
                %s</section>
                <footer>%s</footer>
                <div id="tip" hidden></div>
                <script>
                %s</script>
                </body>
                </html>
                """.formatted(
                        Svg.escape(title),
                        resource("report.css"),
                        runStyles(),
                        Svg.escape(title),
                        summary(),
                        choices(),
                        new ReportCharts(runs).html(),
                        times(),
                        settings(),
                        Svg.escape(Version.line()),
                        resource("report.js"));
    }

    /// Which run has which colour, and how a run that is switched off disappears.
    private String runStyles() {
        return IntStream.range(0, runs.size())
                .mapToObj(i -> """
                        [data-run="%1$d"] { --run: var(--run-%2$d); --dash: %3$s; }
                        body:has(#run-%1$d:not(:checked)) figure [data-run="%1$d"] { display: none; }
                        """.formatted(i, i % COLORS, i < COLORS ? "none" : i < 2 * COLORS ? "6 3" : "2 3"))
                .collect(Collectors.joining());
    }

    private String summary() {
        var table = new HtmlTable(runs);
        List<SequencedMap<String, String>> columns =
                summaries.stream().map(ReportSummary::rows).toList();
        columns.getFirst()
                .keySet()
                .forEach(name -> table.row(
                        name,
                        columns.stream()
                                .map(rows -> Objects.requireNonNullElse(rows.get(name), ""))
                                .toList()));
        return table.toString();
    }

    private String choices() {
        var html = new StringBuilder("<fieldset><legend>along</legend>\n");
        for (Along along : Along.values()) {
            html.append("<label><input type=\"radio\" name=\"along\" id=\"along-%s\"%s>%s</label>\n"
                    .formatted(along.id(), along == Along.STEPS ? " checked" : "", along.label()));
        }
        html.append("</fieldset>\n<fieldset><legend>show</legend>\n");
        html.append("<label><input type=\"checkbox\" id=\"raw\" checked>every step</label>\n");
        if (runs.size() > 1) {
            for (int i = 0; i < runs.size(); i++) {
                html.append(
                        "<label data-run=\"%1$d\"><input type=\"checkbox\" id=\"run-%1$d\" checked><i></i>%2$s</label>\n"
                                .formatted(i, Svg.escape(runs.get(i).name())));
            }
        }
        return html.append("</fieldset>\n").toString();
    }

    private String times() {
        var bars = new StringBuilder();
        for (int i = 0; i < runs.size(); i++) {
            RunHistory history = runs.get(i).history();
            if (Double.isFinite(history.share(PHASES.getFirst()))) {
                bars.append("<div class=\"bar\" data-run=\"%d\"><b>%s</b><span>"
                        .formatted(
                                i,
                                runs.size() == 1 ? "" : Svg.escape(runs.get(i).name())));
                for (String phase : PHASES) {
                    double share = history.share(phase);
                    bars.append("<span class=\"%s\" style=\"flex-grow: %s\" title=\"%s %s\">%s</span>"
                            .formatted(
                                    phase,
                                    Svg.number(1000 * share),
                                    phase,
                                    Units.percent(share),
                                    share < 0.06 ? "" : Units.percent(share)));
                }
                bars.append("</span></div>\n");
            }
        }
        if (bars.isEmpty()) {
            return "";
        }
        String legend = PHASES.stream()
                .map(phase -> "<span><i class=\"%1$s\"></i>%1$s</span>".formatted(phase))
                .collect(Collectors.joining(" "));
        return """
                <figure class="times">
                <h2>Where the time of a step went</h2>
                <p class="unit">%s</p>
                %s</figure>
                """.formatted(legend, bars);
    }

    private String settings() {
        List<SequencedMap<String, String>> settings =
                runs.stream().map(ReportRun::settings).toList();
        if (settings.stream().allMatch(SequencedMap::isEmpty)) {
            return "";
        }
        var html = new StringBuilder();
        if (runs.size() > 1) {
            List<String> differing = FlatSettings.differing(settings);
            html.append("<h2>Settings that differ</h2>\n")
                    .append(differing.isEmpty() ? "<p>None.</p>\n" : settings(differing, settings));
        }
        return html.append("<details><summary>All settings</summary>\n")
                .append(settings(FlatSettings.keys(settings), settings))
                .append("</details>\n")
                .toString();
    }

    private String settings(Iterable<String> keys, List<SequencedMap<String, String>> settings) {
        return new HtmlTable(runs)
                .rows(
                        keys,
                        key -> settings.stream()
                                .map(of -> Objects.requireNonNullElse(of.get(key), ""))
                                .toList())
                .toString();
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(Report.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name + " in the jar", e);
        }
    }
}
