package org.zebralm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import picocli.CommandLine.Command;

/// `zebra warm-up`, hidden: does once what every start does.
///
/// The launcher runs it after a build with `-XX:AOTCacheOutput`, so that later starts find these classes loaded, linked
/// and profiled: those of help and settings, and those that open a model and continue a text. It leaves nothing behind.
@Command
final class WarmUp implements Runnable {
    private static final AttentionType GLOBAL = new AttentionType.Global();
    private static final ZebraConfig CONFIG = new ZebraConfig(
            2, 64, 128, 2, 1, 32, List.of(GLOBAL, new AttentionType.Local(16)), 10_000, 1e-5, 64, true, -1, -1, -1);
    private static final String TOKENIZER = """
            {"version": "1.0", "added_tokens": [], "normalizer": null, "post_processor": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
             "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
            """;

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
        try {
            generate(nowhere);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a temporary model", e);
        }
    }

    /// Makes a model of two tokens and continues a text with it.
    private static void generate(PrintWriter nowhere) throws IOException {
        Path folder = Files.createTempDirectory("zebra-warm-up");
        Path tokenizer = folder.resolve("made.json");
        var lifetime = new Lifetime();
        try (var _ = Scope.open()) {
            Files.writeString(tokenizer, TOKENIZER);
            Zebra model = Zebra.load(Params.of(new FreshParams(1, lifetime)), CONFIG, Machine.attention());
            ModelFolder.save(folder, CONFIG, model.parameters(), DType.BFLOAT16, tokenizer);
            Main.run(
                    new String[] {"generate", folder.toString(), "ab".repeat(20), "--max-tokens", "8"},
                    nowhere,
                    nowhere);
        } finally {
            lifetime.close();
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }
}
