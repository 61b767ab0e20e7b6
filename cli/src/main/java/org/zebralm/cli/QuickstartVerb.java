package org.zebralm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zebra quickstart`: from text to a model that writes, in minutes.
@Command(
        description = {
            "Train a small local-global model on real text, see what context is worth to it, and read what it writes.",
            "The text is the source code of your JDK unless you name your own. Ctrl-C saves; the same command goes on."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra quickstart",
            "  zebra quickstart --minutes 20 --data my/texts --out runs/mine",
            "  zebra quickstart --minutes 1 --out try"
        })
final class QuickstartVerb implements Callable<Integer> {
    @Option(
            names = "--minutes",
            paramLabel = "N",
            defaultValue = "5",
            description = "How long it may take in all, about (default: ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "zebra-quickstart",
            description = "Where everything goes (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Decides the text chosen, the first weights and the sample (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--data",
            arity = "1..*",
            paramLabel = "PATH",
            description = "Files and folders of text, plain or .gz (default: the JDK's sources).")
    private List<Path> data = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        var settings = new QuickstartSettings(
                minutes, seed, data.stream().map(Path::toAbsolutePath).toList());
        RunFolder folder = RunFolder.claim(out, settings);
        if (Files.exists(folder.summary())) {
            throw new IllegalArgumentException(
                    "the quickstart in %s is finished (%s, %s); for another, name a new folder with --out"
                            .formatted(out, folder.summary(), folder.model()));
        }
        return new Quickstart(
                        folder, settings, Terminal.stderr(), spec.commandLine().getOut())
                .run();
    }
}
