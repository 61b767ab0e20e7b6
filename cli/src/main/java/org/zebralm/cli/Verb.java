package org.zebralm.cli;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// One entry of the command line: a name, a line of help, and the class that does it.
///
/// `command` makes a picocli command: an object with `@Command` whose `call()` returns an exit code. It is asked for
/// only when the arguments name the verb; `--help` needs no more than the name and the summary.
record Verb(String name, String summary, Supplier<Object> command, List<Verb> children) {

    /// A verb done by one class.
    static Verb of(String name, String summary, Supplier<Object> command) {
        return new Verb(name, summary, command, List.of());
    }

    /// A verb that only groups others: `zebra tokenizer train`.
    static Verb group(String name, String summary, List<Verb> children) {
        return new Verb(name, summary, Group::new, children);
    }

    /// A verb of the shell launcher, which never reaches Java; it is here for `--help`.
    static Verb launcher(String name, String summary) {
        return of(name, summary, () -> new LauncherOnly(name));
    }

    /// Adds this verb below `parent`, whole if its name is among the arguments, else as a line of help.
    void addTo(CommandLine parent, Set<String> named) {
        CommandLine line = new CommandLine(
                named.contains(name) ? CommandSpec.forAnnotatedObject(command.get()) : CommandSpec.create());
        CommandSpec spec = line.getCommandSpec().name(name);
        if (summary.isEmpty()) {
            spec.usageMessage().hidden(true);
        } else if (spec.usageMessage().description().length == 0) {
            spec.usageMessage().description(summary);
        }
        if (!children.isEmpty()) {
            spec.usageMessage().synopsisSubcommandLabel("VERB");
        }
        for (Verb child : children) {
            child.addTo(line, named);
        }
        parent.addSubcommand(name, line);
    }

    @CommandLine.Command
    private static final class Group implements Runnable {
        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public void run() {
            throw new ParameterException(spec.commandLine(), "name a verb after '%s'".formatted(spec.name()));
        }
    }

    @CommandLine.Command
    private record LauncherOnly(String name) implements Callable<Integer> {
        @Override
        public Integer call() {
            throw new IllegalArgumentException(
                    "%s is done by the launcher, before Java starts: run ./zebra %s".formatted(name, name));
        }
    }
}
