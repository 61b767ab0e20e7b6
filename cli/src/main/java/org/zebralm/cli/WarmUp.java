package org.zebralm.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensors;
import picocli.CommandLine.Command;

/// `zebra warm-up`, hidden: does once what every start does.
///
/// The launcher runs it after a build with `-XX:AOTCacheOutput`, so that later starts find these classes loaded, linked
/// and profiled. It reads nothing and writes nothing.
@Command
final class WarmUp implements Runnable {
    private record Sample(
            int number,
            double fraction,
            String text,
            List<Integer> numbers,
            @Nullable String none) {}

    @Override
    public void run() {
        var nowhere = new PrintWriter(Writer.nullWriter());
        Main.run(new String[] {"--help"}, nowhere, nowhere);
        Main.run(new String[] {"--version"}, nowhere, nowhere);
        Main.run(new String[] {"help", "tokenizer"}, nowhere, nowhere);
        var defaults = new Sample(1, 0.5, "text", List.of(1, 2), null);
        Settings.read(defaults, null, List.of("--number=2", "--numbers=[3]"));
        Settings.toYaml(defaults);
        try (var _ = Scope.open()) {
            Tensors.zeros(DType.FLOAT32, 1);
        }
    }
}
