package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra help [VERB...]`: the same as `zebra VERB... --help`.
///
/// Picocli's own help command knows one level of verbs only, and its `-h` collides with the inherited one.
@Command
final class HelpVerb implements Runnable {
    @Parameters(arity = "0..*", paramLabel = "VERB", description = "The verb to explain.")
    private List<String> path = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        CommandLine line = spec.root().commandLine();
        for (String name : path) {
            CommandLine below = line.getSubcommands().get(name);
            if (below == null) {
                throw new ParameterException(
                        line,
                        "no verb '%s'; there are: %s"
                                .formatted(
                                        name,
                                        String.join(", ", line.getSubcommands().keySet())));
            }
            line = below;
        }
        line.usage(spec.commandLine().getOut());
    }
}
