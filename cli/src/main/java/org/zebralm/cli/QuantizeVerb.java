package org.zebralm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.checkpoint.QuantizedFolder;
import org.zebralm.data.TextFiles;
import org.zebralm.eval.Perplexity;
import org.zebralm.eval.Scorer;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.DType;
import org.zebralm.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra quantize`: a model's weights in 8 or 4 bits.
@Command(
        description = {
            "Write a model with its weights rounded to 8 or 4 bits: smaller, and faster to generate with.",
            "The new folder is opened by every verb that runs a model; training needs the model it was made from."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra quantize MODEL MODEL-int4",
            "  zebra quantize MODEL MODEL-int8 --bits 8 --head int8 --data heldout.txt"
        })
final class QuantizeVerb implements Callable<Integer> {
    /// Context of the perplexities reported, or the model's positions if they are fewer.
    private static final int LENGTH = 512;

    @Parameters(index = "0", paramLabel = "SRC", description = "A model folder or file, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String source;

    @Parameters(index = "1", paramLabel = "DST", description = "The folder to write.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path target;

    @Option(
            names = "--bits",
            paramLabel = "N",
            defaultValue = "4",
            description = "Bits of the weights in the layers: 8 or 4 (default: ${DEFAULT-VALUE}).")
    private int bits;

    @Option(
            names = "--group",
            paramLabel = "N",
            description = "Weights that share a scale in 4 bits: 32, 64 or 128 (default: 32).")
    private @Nullable Integer group;

    @Option(
            names = "--embeddings",
            paramLabel = "FORMAT",
            description = "keep, int8 or int4 (default: keep, or as the head where they are one).")
    private @Nullable String embeddings;

    @Option(
            names = "--head",
            paramLabel = "FORMAT",
            description = "keep, int8 or int4 (default: keep, or as the embeddings where they are one).")
    private @Nullable String head;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32 or bfloat16, for what is kept (default: as it is stored).")
    private @Nullable String dtype;

    @Option(
            names = "--data",
            paramLabel = "TEXT",
            description = "Files and folders of text, plain or .gz: report the perplexity on them before and after.")
    private List<Path> data = new ArrayList<>();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        ModelFolder folder = ModelFolder.read(ModelLocation.find(source));
        QuantizationConfig quantization = quantization(folder.config().tieEmbeddings());
        DType kept =
                dtype == null ? Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32) : DType.parse(dtype);
        List<int[]> documents = data.isEmpty() ? List.of() : documents(folder);
        QuantizedFolder.Sizes sizes;
        try (var progress = ProgressBar.ofBytes(Terminal.stderr(), "quantizing", QuantizedFolder.sourceBytes(folder))) {
            sizes = QuantizedFolder.write(folder, target, quantization, kept, done -> progress.update(done, ""));
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println("%s: %s in place of %s (%.2fx smaller): %s"
                .formatted(
                        target,
                        Units.bytes(sizes.bytes()),
                        Units.bytes(sizes.sourceBytes()),
                        (double) sizes.sourceBytes() / sizes.bytes(),
                        quantization));
        if (!documents.isEmpty()) {
            Perplexity before = perplexity(folder, kept, documents);
            Perplexity after = perplexity(ModelFolder.read(target), kept, documents);
            out.println("perplexity %.4f, before %.4f (%+.2f%%), over %s tokens"
                    .formatted(
                            after.perplexity(),
                            before.perplexity(),
                            100 * (after.perplexity() / before.perplexity() - 1),
                            Units.count((double) after.numTokens())));
        }
        out.flush();
        return Main.OK;
    }

    private QuantizationConfig quantization(boolean tied) {
        WeightFormat table = embeddings == null ? null : WeightFormat.parse(embeddings);
        WeightFormat output = head == null ? null : WeightFormat.parse(head);
        if (tied) {
            table = table == null ? output : table;
            output = output == null ? table : output;
        }
        var config = QuantizationConfig.ofBits(
                        bits, Objects.requireNonNullElse(group, QuantizationConfig.DEFAULT_GROUP))
                .with(
                        Objects.requireNonNullElse(table, WeightFormat.KEEP),
                        Objects.requireNonNullElse(output, WeightFormat.KEEP));
        if (group != null && !config.hasGroups()) {
            throw new IllegalArgumentException("--group is for 4 bits, and nothing here has them: leave it out");
        }
        return config;
    }

    private List<int[]> documents(ModelFolder folder) {
        try (Tokenizer tokenizer = folder.tokenizer()) {
            if (tokenizer == null) {
                throw new IllegalArgumentException(
                        "--data needs a tokenizer, and " + folder.path() + " has none; copy tokenizer.json there");
            }
            List<int[]> documents = new ArrayList<>();
            var report = TextFiles.of(data).forEach(document -> {
                int[] text = tokenizer.encode(document.text());
                int[] beginning = tokenizer.promptBeginning();
                int[] ids = new int[beginning.length + text.length];
                System.arraycopy(beginning, 0, ids, 0, beginning.length);
                System.arraycopy(text, 0, ids, beginning.length, text.length);
                documents.add(ids);
            });
            report.skipped().forEach(skipped -> {
                PrintWriter err = spec.commandLine().getErr();
                err.println("skipped " + skipped.file() + " (" + skipped.reason() + ")");
                err.flush();
            });
            return documents;
        }
    }

    private static Perplexity perplexity(ModelFolder folder, DType dtype, List<int[]> documents) {
        try (var loaded = LoadedModel.open(folder, dtype, Machine.attention())) {
            int length = Math.min(LENGTH, folder.config().maxPositions());
            return Perplexity.of(Scorer.of(loaded.zebra()), documents, length);
        }
    }
}
