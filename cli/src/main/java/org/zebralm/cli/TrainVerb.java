package org.zebralm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/// `zebra train CONFIG.yaml --out DIR --key=value...`: trains a model from scratch.
@Command(
        description = {
            "Train a model from scratch on your text. Settings come from their defaults, a YAML file, then --key=value;"
                    + " 'zebra train --print-settings' shows them all.",
            "Ctrl-C saves; the same command goes on from there."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra train --out runs/a --data=[texts/] --train.steps=500",
            "  zebra train config.yaml --out runs/b --model.window=129 --train.recompute=LAYER",
            "  zebra train --print-settings > config.yaml"
        })
final class TrainVerb implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "CONFIG.yaml", description = "Settings that differ from the defaults.")
    private @Nullable Path config;

    @Option(names = "--out", paramLabel = "DIR", description = "The run's folder; needed to train.")
    private @Nullable Path out;

    @Option(
            names = "--accept-changes",
            description = "Go on with a run in DIR though its settings differ, where that is possible.")
    private boolean acceptChanges;

    @Option(
            names = "--init-from",
            paramLabel = "PATH",
            description = "Begin a new run with the weights of another run, a checkpoint or a model folder,"
                    + " its shape and its tokenizer; the optimizer begins afresh.")
    private @Nullable Path initFrom;

    @Option(names = "--print-settings", description = "Print all settings as YAML, and stop.")
    private boolean printSettings;

    @Unmatched
    private List<String> overrides = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        RunSettings settings = Settings.read(defaults(), config, overrides);
        PrintWriter writer = spec.commandLine().getOut();
        if (printSettings) {
            writer.print(Settings.toYaml(settings));
            writer.flush();
            return Main.OK;
        }
        if (out == null) {
            throw new IllegalArgumentException("a run needs a folder: name one with --out DIR");
        }
        // What is wrong with the settings is told before the first work on the text.
        settings.model().config(settings.vocabSize(), settings.train().contextLength(), 0);
        if (settings.initFrom() != null && settings.tokenizer() == null) {
            throw new IllegalArgumentException(
                    "weights mean nothing without their tokenizer, and there is no tokenizer.json" + " in "
                            + settings.initFrom() + "; name it with --tokenizer=FILE");
        }
        Terminal terminal = Terminal.stderr();
        RunFolder folder = RunFolder.claim(
                out, settings, acceptChanges, change -> terminal.out().println("changed    " + change));
        try (PreparedText text =
                        PreparedText.prepare(folder, settings, settings.train().seed(), terminal);
                var _ = folder.lock();
                var stop = CtrlC.listen("saving the run")) {
            ZebraConfig model = settings.model()
                    .config(
                            // A model may have more rows than its tokenizer has tokens.
                            Math.max(
                                    text.tokenizer().vocabSize(),
                                    settings.initFrom() == null ? 0 : settings.vocabSize()),
                            settings.train().contextLength(),
                            text.train().endOfText());
            try (var run = new TrainingRun(
                    folder,
                    text,
                    settings.packing(),
                    model,
                    settings.train(),
                    settings.initFrom(),
                    Machine.attention(),
                    terminal)) {
                boolean finished = run.train(null, stop::pressed);
                if (!finished) {
                    terminal.out()
                            .println("saved      at step %d; the same command goes on from there"
                                    .formatted(run.trainer().step()));
                    return Main.INTERRUPTED;
                }
                run.export();
            }
        }
        RunResult result = RunResult.of(folder.metrics());
        writer.println("%s: loss %.3f -> %.3f in %d steps, %s tokens at %s tok/s"
                .formatted(
                        folder.model(),
                        result.lossFirst(),
                        result.lossLast(),
                        result.steps(),
                        Units.count((double) result.tokens()),
                        Units.count(result.tokensPerSecond())));
        writer.println("next: zebra generate %s \"...\"".formatted(folder.model()));
        writer.flush();
        return Main.OK;
    }

    /// A run that has begun does not look at where its weights came from again.
    private RunSettings defaults() {
        if (initFrom == null) {
            return RunSettings.defaults();
        }
        if (out != null && Files.exists(out.resolve(RunFolder.SETTINGS))) {
            RunSettings begun = Settings.read(RunSettings.defaults(), out.resolve(RunFolder.SETTINGS), List.of());
            if (initFrom.equals(begun.initFrom())) {
                return begun;
            }
        }
        return StartingWeights.of(initFrom).defaults();
    }
}
