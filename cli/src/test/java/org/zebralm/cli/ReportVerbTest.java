package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ReportVerbTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    @Test
    void oneRunGetsAPageInItsFolder() throws Exception {
        Path run = run("a", 40, 3, "window: 129");

        assertThat(zebra("report", run.toString())).as(err.toString()).isZero();

        String page = Files.readString(run.resolve("report.html"));
        assertThat(page)
                .startsWith("<!DOCTYPE html>")
                .contains("Training loss", "Held-out loss", "Perplexity by position", "Gradient norm", "Learning rate")
                .contains("Speed", "MFU", "Memory", "Where the time of a step went", "All settings", "model.window")
                .doesNotContain("Settings that differ", "NaN", "%s");
        assertThat(out.toString()).contains("a", "40", "report.html");
        // Seven charts along four axes each, and the one by position.
        assertThat(charts(page)).hasSize(7 * 4 + 1);
    }

    @Test
    void aPageNeedsNothingButItself() throws Exception {
        String page = page(run("a", 40, 3, "window: 129"));
        assertThat(page).doesNotContainPattern("(?i)(src|href)=|@import|url\\(");
        assertThat(page.replace("http://www.w3.org/2000/svg", "")).doesNotContain("http");
    }

    @Test
    void everyRunIsDrawnInEveryChartAndHasAColumnInEveryTable() throws Exception {
        String page = page(run("a", 40, 3, "window: 129"), run("b", 300, 4, "window: 257"));
        for (Element chart : charts(page)) {
            assertThat(runsDrawn(chart)).as(chart.getAttribute("aria-label")).contains("0", "1");
        }
        assertThat(page).contains("<h1>2 runs</h1>", "</i>a</th>", "</i>b</th>", "id=\"run-1\"");
        String differing = page.substring(page.indexOf("Settings that differ"), page.indexOf("<details>"));
        assertThat(differing)
                .contains("model.window", "<td>129</td><td>257</td>")
                .doesNotContain("model.numLayers");
    }

    @Test
    void aPointOfTheChartsLiesWhereItsValueIs() throws Exception {
        String page = page(run("a", 40, 3, "window: 129"));
        Element chart = charts(page).stream()
                .filter(c -> c.getAttribute("aria-label").equals("Held-out loss"))
                .findFirst()
                .orElseThrow();
        double[] frame = numbers(chart.getAttribute("data-frame"));
        double[] x = numbers(chart.getAttribute("data-x"));
        double[] y = numbers(chart.getAttribute("data-y"));
        NodeList dots = chart.getElementsByTagName("circle");
        assertThat(dots.getLength()).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            var dot = (Element) dots.item(i);
            double step = 10 * (i + 1);
            double loss = 3 + 1 / step;
            assertThat(Double.parseDouble(dot.getAttribute("cx")))
                    .isEqualTo(frame[0] + (step - x[0]) / (x[1] - x[0]) * (frame[2] - frame[0]), within(0.01));
            assertThat(Double.parseDouble(dot.getAttribute("cy")))
                    .isEqualTo(frame[3] - (loss - y[0]) / (y[1] - y[0]) * (frame[3] - frame[1]), within(0.01));
        }
    }

    @Test
    void theSummaryIsThereForPrograms() throws Exception {
        Path run = run("a", 40, 3, "window: 129");
        assertThat(zebra("report", run.toString(), "--json")).isZero();
        JsonNode row = new ObjectMapper().readTree(out.toString()).get(0);
        assertThat(row.get("name").asText()).isEqualTo("a");
        assertThat(row.get("steps").asInt()).isEqualTo(40);
        assertThat(row.get("tokens").asInt()).isEqualTo(40_000);
        assertThat(row.get("validationLoss").asDouble()).isEqualTo(3.025, within(1e-12));
        assertThat(row.get("mfu").asDouble()).isEqualTo(0.4, within(1e-12));
        assertThat(row.get("skipped").asInt()).isEqualTo(1);
        assertThat(row.at("/byPosition/1/from").asInt()).isEqualTo(256);
        assertThat(run.resolve("report.html")).doesNotExist();
    }

    @Test
    void runsOfTheSameNameAreToldApartByTheirFolders() throws Exception {
        String page = page(run("x/small", 20, 3, "window: 9"), run("y/small", 20, 3, "window: 9"));
        assertThat(page).contains("</i>x/small</th>", "</i>y/small</th>", "<p>None.</p>");
    }

    @Test
    void namesCannotBreakThePage() throws Exception {
        String page = page(run("a<b>&\"c", 20, 3, "window: 9"), run("b", 20, 3, "window: 9"));
        assertThat(page).contains("a&lt;b&gt;&amp;&quot;c").doesNotContain("a<b>");
        charts(page);
    }

    @Test
    void anOlderRunWithFewerColumnsIsShownWithWhatItHas() throws Exception {
        Path run = Files.createDirectory(folder.resolve("old"));
        Files.writeString(
                run.resolve("metrics.jsonl"),
                "{\"step\":1,\"loss\":9.0,\"gradientNorm\":1.0,\"learningRate\":0.1,\"tokens\":8,\"seconds\":0.5}\n");
        String page = page(run);
        assertThat(page).contains("Training loss").doesNotContain("Held-out", ">MFU<", "Where the time", "Settings");
        assertThat(charts(page)).hasSize(3 * 4);
    }

    @Test
    void linesThatCannotBeReadAreLeftOutAndSaid() throws IOException {
        Path run = run("a", 20, 3, "window: 9");
        Files.writeString(run.resolve("metrics.jsonl"), "oops\n{\"step\":21,\"lo", StandardOpenOption.APPEND);
        assertThat(zebra("report", run.toString())).isZero();
        assertThat(out.toString()).contains("left out   2 lines of " + run.resolve("metrics.jsonl"));
        assertThat(run.resolve("report.html")).content().contains("lines that could not be read</th><td>2<");
    }

    @Test
    void whatIsNoRunIsRefusedInOneLine() throws IOException {
        Path run = run("runs/a", 20, 3, "window: 9");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        Path begun = Files.createDirectory(folder.resolve("begun"));
        Files.writeString(begun.resolve("metrics.jsonl"), "{\"step\":0,\"start\":true}\n");
        refused("has no metrics.jsonl; 'zebra train --out DIR' makes one", empty.toString());
        refused("there are runs below it: " + run, folder.resolve("runs").toString());
        refused("no such folder: ", folder.resolve("none").toString());
        refused("is a file; name the folder", run.resolve("metrics.jsonl").toString());
        refused("reports no step yet", run.toString(), begun.toString());
        refused("a run can be shown once", run.toString(), run.resolve("../a").toString());
        refused("--out names a file", run.toString(), "--out", empty.toString());
    }

    private void refused(String message, String... arguments) {
        List<String> all = new ArrayList<>(List.of("report"));
        all.addAll(List.of(arguments));
        assertThat(zebra(all.toArray(String[]::new))).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains(message).hasLineCount(1);
    }

    private String page(Path... runs) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("report"));
        for (Path run : runs) {
            arguments.add(run.toString());
        }
        Path page = folder.resolve("page.html");
        arguments.addAll(List.of("--out", page.toString()));
        assertThat(zebra(arguments.toArray(String[]::new))).as(err.toString()).isZero();
        return Files.readString(page);
    }

    /// A run that is validated every tenth step at a loss of `3 + 1 / step`, and whose step `skipped` was
    /// skipped.
    private Path run(String name, int steps, int skipped, String setting) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        List<String> lines = new ArrayList<>();
        lines.add("{\"step\":0,\"start\":true,\"parameters\":1000,\"compute\":\"float32\",\"gemmFlops\":2e11,"
                + "\"machine\":\"m\"}");
        for (int step = 1; step <= steps; step++) {
            lines.add(
                    step == skipped
                            ? "{\"step\":%d,\"tokens\":1000,\"seconds\":0.5,\"loss\":null,\"skipped\":true}"
                                    .formatted(step)
                            : ("{\"step\":%d,\"tokens\":1000,\"seconds\":0.5,\"loss\":%s,\"gradientNorm\":0.7,"
                                            + "\"learningRate\":0.001,\"tokensPerSecond\":2000,\"mfu\":0.4,"
                                            + "\"peakBytes\":2000000000,\"dataSeconds\":0.1,\"forwardSeconds\":0.1,"
                                            + "\"backwardSeconds\":0.2,\"optimizerSeconds\":0.1}")
                                    .formatted(step, 3 + 2.0 / step));
            if (step % 10 == 0) {
                lines.add(("{\"step\":%d,\"validationLoss\":%s,\"byPosition\":[{\"from\":0,\"to\":256,\"loss\":3.2,"
                                + "\"tokens\":5},{\"from\":256,\"to\":512,\"loss\":3.0,\"tokens\":5}]}")
                        .formatted(step, 3 + 1.0 / step));
            }
        }
        Files.write(run.resolve("metrics.jsonl"), lines);
        Files.writeString(run.resolve("settings.yaml"), "model:\n  numLayers: 2\n  %s\n".formatted(setting));
        return run;
    }

    /// Every chart, read as XML, which is stricter than a browser.
    private static List<Element> charts(String page) throws Exception {
        List<Element> charts = new ArrayList<>();
        Matcher svg = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL).matcher(page);
        while (svg.find()) {
            Document document = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new InputSource(new StringReader(svg.group())));
            charts.add(document.getDocumentElement());
        }
        return charts;
    }

    private static List<String> runsDrawn(Element chart) {
        List<String> runs = new ArrayList<>();
        NodeList groups = chart.getElementsByTagName("g");
        for (int i = 0; i < groups.getLength(); i++) {
            var group = (Element) groups.item(i);
            if (group.getAttribute("class").equals("run")
                    && !((Element) group.getElementsByTagName("path").item(0))
                            .getAttribute("d")
                            .isEmpty()) {
                runs.add(group.getAttribute("data-run"));
            }
        }
        return runs;
    }

    private static double[] numbers(String text) {
        return Pattern.compile("[-\\d.E]+")
                .matcher(text)
                .results()
                .mapToDouble(result -> Double.parseDouble(result.group()))
                .toArray();
    }

    private int zebra(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return Main.run(arguments, new PrintWriter(out), new PrintWriter(err));
    }
}
