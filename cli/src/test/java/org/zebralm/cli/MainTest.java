package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Command
    private static final class Count implements Callable<Integer> {
        @Option(names = "--to", description = "How far.")
        private int to = 3;

        @Override
        public Integer call() {
            if (to == 999) {
                throw new OutOfMemoryError("Java heap space");
            }
            if (to < 0) {
                throw new IllegalArgumentException("--to must not be negative: got " + to);
            }
            return to;
        }
    }

    private static final List<Verb> VERBS = List.of(
            Verb.of("count", "Count.", Count::new),
            Verb.group("many", "More of it.", List.of(Verb.of("count", "Count twice.", Count::new))),
            Verb.of("help", "Explain.", HelpVerb::new),
            Verb.launcher("build", "Build."),
            Verb.of("unread", "Never asked for.", () -> {
                throw new AssertionError("a verb that is not named must not be read");
            }));

    @ParameterizedTest
    @ValueSource(strings = {"", "--help", "-h", "help"})
    void helpTeachesByExamples(String arguments) {
        assertThat(run(arguments)).isZero();
        assertThat(out.toString())
                .contains("Usage: zebra", "Verbs:", "count", "Count.", "unread", "Never asked for.", "Examples:")
                .contains("zebra quickstart");
        assertThat(out.toString().lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(80));
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theRealVerbsAreListed() {
        Main.run(new String[] {"--help"}, new PrintWriter(out), new PrintWriter(err));
        assertThat(out.toString())
                .contains("tokenizer", "eval", "version", "build", "test")
                .doesNotContain("warm-up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V", "version"})
    void versionIsOneLine(String arguments) {
        assertThat(Main.run(arguments.split(" "), new PrintWriter(out), new PrintWriter(err)))
                .isZero();
        assertThat(out.toString().strip()).matches("zebra \\d+\\.\\d+\\.\\d+\\S*( \\([0-9a-f]+\\))?, Java \\d+\\S*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"help many count", "many count --help"})
    void aVerbBelowAnotherIsExplained(String arguments) {
        assertThat(run(arguments)).isZero();
        assertThat(out.toString()).contains("Usage: zebra many count", "Count twice.", "--to", "How far.");
    }

    @Test
    void aVerbsCodeIsTheExitCode() {
        assertThat(run("count --to=0")).isZero();
        assertThat(run("count --to=130")).isEqualTo(130);
        assertThat(run("many count")).isEqualTo(3);
    }

    @Test
    void aMisspeltVerbIsAUsageErrorWithAHint() {
        assertThat(run("cuont")).isEqualTo(Main.USAGE);
        assertThat(err.toString())
                .startsWith("zebra: no verb 'cuont'")
                .contains("Did you mean", "count", "'zebra --help' shows what there is.");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void anUnknownOptionOrAWrongValueIsAUsageError() {
        assertThat(run("count --form=3")).isEqualTo(Main.USAGE);
        assertThat(run("count --to=far")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("'zebra count --help' shows what there is.", "'far' is not an int");
    }

    @Test
    void aGroupWantsAVerb() {
        assertThat(run("many")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).startsWith("zebra: name a verb after 'many'");
        assertThat(run("help nothing")).isEqualTo(Main.USAGE);
        assertThat(err.toString()).contains("no verb 'nothing'; there are: count, many, help");
    }

    @Test
    void aUsersMistakeIsOneLine() {
        assertThat(run("count --to=-1")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).isEqualTo("zebra: --to must not be negative: got -1" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(strings = {"count --to=-1 --verbose", "--verbose count --to=-1", "many --verbose count --to=-1"})
    void verboseShowsTheTraceWhereverItStands(String arguments) {
        assertThat(run(arguments)).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("zebra: --to must not", "IllegalArgumentException", "at org.zebralm");
    }

    @Test
    void anErrorOfTheJvmIsOneLineToo() {
        assertThat(run("count --to=999")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).startsWith("zebra: out of Java memory").hasLineCount(1);
    }

    @Test
    void theLaunchersVerbsSayWhoDoesThem() {
        assertThat(run("build")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("build is done by the launcher", "./zebra build");
    }

    @Test
    void warmUpRunsAndSaysNothing() {
        assertThat(Main.run(new String[] {"warm-up"}, new PrintWriter(out), new PrintWriter(err)))
                .isZero();
        assertThat(out.toString() + err).isEmpty();
    }

    private int run(String arguments) {
        String[] args = arguments.isEmpty() ? new String[0] : arguments.split(" ");
        return Main.run(VERBS, args, new PrintWriter(out, true), new PrintWriter(err, true));
    }
}
