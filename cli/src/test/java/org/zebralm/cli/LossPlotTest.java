package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class LossPlotTest {
    @Test
    void everySeriesIsDrawnAndNamedInTheLegend(@TempDir Path folder) throws Exception {
        LossPlot plot = training();
        Path file = folder.resolve("loss.svg");

        plot.write(file);

        Document svg = parse(Files.readString(file));
        assertThat(svg.getElementsByTagName("path").getLength()).isEqualTo(3);
        // Eight points and one in the legend.
        assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(9);
        assertThat(svg.getDocumentElement().getTextContent())
                .contains(
                        "Quickstart: 10M parameters",
                        "tokens",
                        "loss (nats per token)",
                        "training",
                        "validation",
                        "3M");
        assertThat(folder.toFile().list()).containsExactly("loss.svg");
    }

    @Test
    void valuesThatAreNotFiniteLeaveAGap() throws Exception {
        var plot =
                new LossPlot("t", "x", "y").points("p", new double[] {0, 1, 2, 3}, new double[] {1, 2, Double.NaN, 4});

        Document svg = parse(plot.svg());

        String line = svg.getElementsByTagName("path")
                .item(0)
                .getAttributes()
                .getNamedItem("d")
                .getNodeValue();
        assertThat(line).containsPattern("^M\\S+ \\S+L\\S+ [\\d.]+M\\S+ \\S+$").doesNotContain("NaN");
    }

    @Test
    void anEmptyPlotAndASingleValueAreStillPictures() throws Exception {
        parse(new LossPlot("empty", "x", "y").svg());
        String single = new LossPlot("one", "x", "y")
                .points("p", new double[] {5}, new double[] {3})
                .svg();
        parse(single);
        assertThat(single).doesNotContain("NaN");
    }

    @Test
    void textCannotBreakTheFile() throws Exception {
        Document svg = parse(new LossPlot("a < b & c", "x", "y").svg());
        assertThat(svg.getDocumentElement().getTextContent()).contains("a < b & c");
    }

    @Test
    void xAndYMustMatch() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new LossPlot("t", "x", "y").curve("c", new double[2], new double[3]))
                .withMessage("c needs as many x as y: got 2 and 3");
    }

    @Test
    void aLongCurveIsThinnedAndItsMeanKept() {
        double[] x = IntStream.range(0, 100_000).asDoubleStream().toArray();
        double[] y = Arrays.stream(x).map(v -> v % 2).toArray();

        Curve curve = Curve.of(x, y);

        assertThat(curve.x.length).isBetween(1000, 1600);
        assertThat(curve.smooth[500]).isEqualTo(0.5, within(1e-2));
        assertThat(curve.y.length).isEqualTo(curve.smooth.length);
    }

    @Test
    void smoothingDoesNotBendAStraightLine() {
        double[] x = IntStream.range(0, 200).asDoubleStream().toArray();

        Curve curve = Curve.of(x, x);

        for (int i = 0; i < x.length; i++) {
            assertThat(curve.smooth[i]).isEqualTo(x[i], within(1e-9));
        }
    }

    /// What a quickstart's losses look like; also what to look at after a change (`target/loss-plot.svg`).
    @Test
    void aTypicalRunCanBeLookedAt() {
        training().write(Path.of("target", "loss-plot.svg"));
    }

    private static LossPlot training() {
        var random = new Random(7);
        double[] tokens = IntStream.range(0, 900).mapToDouble(i -> i * 4096.0).toArray();
        double[] losses = Arrays.stream(tokens)
                .map(t -> 3.9 + 5.2 * Math.exp(-t / 4e5) + 0.16 * random.nextGaussian())
                .toArray();
        double[] at = IntStream.rangeClosed(1, 8).mapToDouble(i -> i * 4.6e5).toArray();
        double[] validation =
                Arrays.stream(at).map(t -> 4.05 + 5.2 * Math.exp(-t / 4e5)).toArray();
        return new LossPlot("Quickstart: 10M parameters", "tokens", "loss (nats per token)")
                .curve("training", tokens, losses)
                .points("validation", at, validation);
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }
}
