package org.zebralm.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The command line: which verbs there are, and where every error ends.
///
/// A new verb is one class and one line in [#VERBS]. A verb's class is read only when its name is among the arguments,
/// so that `--help`, `--version` and a misspelt verb stay quick and never load libtorch.
///
/// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
@Command(
        name = "zebra",
        versionProvider = Version.class,
        synopsisSubcommandLabel = "VERB",
        header = "Local-global language models on the JVM: pretrain, evaluate, generate.",
        description = {
            "",
            "A Zebra model attends globally in the first layer of each group and within a sliding window in the others,"
                    + " so a long context costs little."
        },
        optionListHeading = "%nOptions:%n",
        commandListHeading = "%nVerbs:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra quickstart                      train and try a small model: 5 minutes",
            "  zebra quickstart --data my/texts      the same on your own text files",
            "  zebra train config.yaml --out runs/a --train.steps=500   settings from a file, one changed",
            "  zebra generate MODEL \"Once upon\"      continue a text",
            "  zebra chat MODEL                      talk with a model",
            "  zebra inspect MODEL                   layers, parameters, memory, cost",
            "  zebra convert LLAMA zebra --group 4 --window 513   full attention to local and global layers",
            "",
            "'zebra help VERB' explains a verb; ZEBRA_JAVA_OPTS=-Xmx8g gives Java more memory."
        })
public final class Main implements Runnable {
    /// Done as asked.
    public static final int OK = 0;
    /// The work failed, or the user's input cannot be used.
    public static final int FAILED = 1;
    /// The command line itself is wrong.
    public static final int USAGE = 2;
    /// Stopped by Ctrl-C.
    public static final int INTERRUPTED = 130;

    private static final List<Verb> VERBS = List.of(
            Verb.of("quickstart", "Train and try a small model, in minutes.", QuickstartVerb::new),
            Verb.of("train", "Train a model from scratch.", TrainVerb::new),
            Verb.of("report", "Compare runs on one page.", ReportVerb::new),
            Verb.group(
                    "data",
                    "Prepare text for training.",
                    List.of(Verb.of("prepare", "Files of any format to token shards.", DataPrepareVerb::new))),
            Verb.group(
                    "tokenizer",
                    "Make tokenizers.",
                    List.of(Verb.of("train", "Train a byte-level BPE tokenizer.", TokenizerTrainVerb::new))),
            Verb.of("generate", "Continue a text.", GenerateVerb::new),
            Verb.of("chat", "Talk with a model.", ChatVerb::new),
            Verb.of("convert", "Write a model in another form, with other layers.", ConvertVerb::new),
            Verb.of("quantize", "Round a model's weights to 8 or 4 bits.", QuantizeVerb::new),
            Verb.of("logits", "Write a model's logits for token ids.", LogitsVerb::new),
            Verb.group(
                    "eval",
                    "Measure what a model is worth.",
                    List.of(Verb.of("perplexity", "Perplexity by context length.", EvalPerplexityVerb::new))),
            Verb.group(
                    "bench",
                    "Measure how fast Zebra is here.",
                    List.of(
                            Verb.of("attention", "Attention beside libtorch's, by length.", BenchAttentionVerb::new),
                            Verb.of("train", "Training by context length.", BenchTrainVerb::new),
                            Verb.of("products", "Products of few rows, as decoding has them.", BenchProductsVerb::new),
                            Verb.of("generate", "The inference engine, by phase and depth.", BenchGenerateVerb::new),
                            Verb.of("load", "Opening a model beside reading its files.", BenchLoadVerb::new),
                            Verb.of("tokenizer", "Tokenizer training, and encoding.", BenchTokenizerVerb::new),
                            Verb.of("jmh", "The kernels under JMH.", BenchJmhVerb::new))),
            Verb.of("inspect", "Show a model's layers, sizes and cost.", InspectVerb::new),
            Verb.of("help", "Explain a verb: 'zebra help train'.", HelpVerb::new),
            Verb.of("version", "Print the version.", VersionVerb::new),
            Verb.launcher("build", "Build Zebra now; further arguments go to Maven."),
            Verb.launcher("test", "Run every check and test; further arguments go to Maven."),
            Verb.of("warm-up", "", WarmUp::new));

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = CommandLine.ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it
    private boolean version;

    @Option(
            names = "--verbose",
            scope = CommandLine.ScopeType.INHERIT,
            description = "Show where in the program an error arose.")
    private boolean verbose;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /// Runs the verb that the arguments name and exits with its code.
    static void main(String[] args) {
        System.exit(run(args, writer(System.out), writer(System.err)));
    }

    static int run(String[] args, PrintWriter out, PrintWriter err) {
        return run(VERBS, args, out, err);
    }

    static int run(List<Verb> verbs, String[] args, PrintWriter out, PrintWriter err) {
        var main = new Main();
        try {
            return main.execute(verbs, args, out, err);
        } catch (Throwable t) {
            // Picocli hands on exceptions only; memory that runs out and a library that will not load are errors.
            return Failure.of(t).print(err, main.verbose);
        }
    }

    private int execute(List<Verb> verbs, String[] args, PrintWriter out, PrintWriter err) {
        var line = new CommandLine(this);
        var named = Set.copyOf(List.of(args));
        for (Verb verb : verbs) {
            verb.addTo(line, named);
        }
        return line.setOut(out)
                .setErr(err)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(true)
                .setParameterExceptionHandler((e, _) -> usageError(e, err))
                .setExecutionExceptionHandler((e, _, _) -> Failure.of(e).print(err, verbose))
                .execute(args);
    }

    /// Without a verb: the help.
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static PrintWriter writer(PrintStream out) {
        return new PrintWriter(out, true, out.charset());
    }

    /// One line says what is wrong, another where help is: a screen of help would push the first out of sight.
    private static int usageError(ParameterException e, PrintWriter err) {
        CommandLine line = e.getCommandLine();
        err.println("zebra: " + (isUnknownVerb(e) ? "no verb '" + unmatched(e) + "'" : e.getMessage()));
        UnmatchedArgumentException.printSuggestions(e, err);
        err.println("'%s --help' shows what there is."
                .formatted(line.getCommandSpec().qualifiedName()));
        err.flush();
        return USAGE;
    }

    private static boolean isUnknownVerb(ParameterException e) {
        return e instanceof UnmatchedArgumentException
                && !e.getCommandLine().getSubcommands().isEmpty()
                && !unmatched(e).startsWith("-");
    }

    private static String unmatched(ParameterException e) {
        return ((UnmatchedArgumentException) e).getUnmatched().getFirst();
    }
}
