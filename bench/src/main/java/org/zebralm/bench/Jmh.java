package org.zebralm.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/// Starts JMH with its own arguments.
///
/// It forks Java with this process's flags, class path and environment, so what the launcher set holds in each
/// fork.
public final class Jmh {
    private Jmh() {}

    /// Runs or lists benchmarks and prints what JMH prints, to standard output.
    ///
    /// @throws IllegalArgumentException if JMH does not understand the arguments, or no benchmark matches
    public static void run(List<String> arguments) {
        try {
            var options = new CommandLineOptions(arguments.toArray(String[]::new));
            var runner = new Runner(options);
            if (options.shouldHelp()) {
                options.showHelp();
            } else if (options.shouldList()) {
                runner.list();
            } else if (options.shouldListWithParams()) {
                runner.listWithParams(options);
            } else if (options.shouldListProfilers()) {
                options.listProfilers();
            } else {
                runner.run();
            }
        } catch (NoBenchmarksException e) {
            throw new IllegalArgumentException(
                    "no JMH benchmark matches " + String.join(" ", arguments) + "; 'zebra bench jmh -l' lists them", e);
        } catch (CommandLineOptionException | RunnerException e) {
            throw new IllegalArgumentException("jmh: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
