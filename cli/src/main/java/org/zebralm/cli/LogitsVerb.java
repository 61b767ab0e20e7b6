package org.zebralm.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.checkpoint.PendingTensor;
import org.zebralm.checkpoint.SafetensorsWriter;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.train.DiskSpace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra logits MODEL --ids IDS.json --out FILE`: what a model computes for stated ids, to compare with a reference.
@Command(
        description = {
            "Write a model's logits for stated token ids, so that anyone can compare them with a reference.",
            "Each row of ids is a sequence of its own, from position 0. FILE gets two tensors: logits, float32"
                    + " [rows, tokens, vocabulary], where [r, t] says what follows the first t + 1 ids of row r; and ids,"
                    + " int64 [rows, tokens]."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  echo '[[1, 15, 9], [1, 7, 7]]' > ids.json",
            "  zebra logits MODEL --ids ids.json --out ours.safetensors --dtype float32",
            "%nThe same by transformers, in Python:",
            "  ours = safetensors.torch.load_file(\"ours.safetensors\")",
            "  theirs = model(ours[\"ids\"]).logits",
            "  print((theirs - ours[\"logits\"]).abs().max())"
        })
final class LogitsVerb implements Callable<Integer> {
    /// Logits made at once: a vocabulary of 128k would take 2 GiB for 4096 tokens.
    private static final long MAX_PIECE = 1 << 24;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model folder or file, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Option(
            names = "--ids",
            required = true,
            paramLabel = "IDS.json",
            description =
                    "A JSON list of rows of ids, all of one length: [[1, 2, 3], [4, 5, 6]]; or one row: [1, 2, 3].")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path ids;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "The .safetensors file to write; one that is there is replaced.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path file;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "What to compute in, float32, bfloat16 or float16 (default: as the weights are stored).")
    private @Nullable String dtype;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Path path = ModelLocation.find(model);
        ModelFolder read = ModelFolder.read(path);
        TokenRows rows = TokenRows.read(ids);
        // A reference scales for the sequence it is given, where scaling is dynamic, and has no other limit.
        ModelFolder folder = read.withPositions(Math.max(read.config().maxPositions(), rows.length()));
        int vocabSize = folder.config().vocabSize();
        rows.requireFit(vocabSize);
        requireRoom((long) rows.rows().size() * rows.length() * vocabSize * DType.FLOAT32.bytes());
        DType type =
                dtype != null ? DType.parse(dtype) : Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
        try (var loaded = LoadedModel.open(folder, type, Machine.attention())) {
            write(loaded.zebra(), rows);
        }
        spec.commandLine()
                .getOut()
                .println("%s: logits [%d, %d, %d], computed in %s"
                        .formatted(file, rows.rows().size(), rows.length(), vocabSize, type.label()));
        spec.commandLine().getOut().flush();
        return Main.OK;
    }

    private void requireRoom(long bytes) {
        long free = DiskSpace.OF_SYSTEM.usable(file.toAbsolutePath());
        if (free < bytes) {
            throw new IllegalArgumentException("%s needs %s, but its disk has %s free: use fewer or shorter rows"
                    .formatted(file, Units.bytes(bytes), Units.bytes(free)));
        }
    }

    private void write(Zebra zebra, TokenRows rows) {
        long tokens = (long) rows.rows().size() * rows.length();
        long[] idsShape = {rows.rows().size(), rows.length()};
        long[] logitsShape = {rows.rows().size(), rows.length(), zebra.config().vocabSize()};
        try (var progress = new ProgressBar(Terminal.stderr(), "logits", tokens)) {
            Map<String, PendingTensor> tensors = new LinkedHashMap<>();
            tensors.put("ids", PendingTensor.of(DType.INT64, idsShape, sink -> {
                for (int[] row : rows.rows()) {
                    try (var _ = Scope.open()) {
                        sink.take(Tensors.ofIds(row));
                    }
                }
            }));
            tensors.put("logits", PendingTensor.of(DType.FLOAT32, logitsShape, sink -> {
                long done = 0;
                for (int[] row : rows.rows()) {
                    writeRow(zebra, row, sink, progress, done);
                    done += row.length;
                }
            }));
            SafetensorsWriter.writeAsMade(file, tensors, Map.of("made_by", Version.line()));
        }
    }

    private static void writeRow(Zebra zebra, int[] row, PendingTensor.Sink sink, ProgressBar progress, long done)
            throws IOException {
        int step = Math.toIntExact(Math.max(1, MAX_PIECE / zebra.config().vocabSize()));
        try (var _ = Scope.open()) {
            Tensor hidden_TD = zebra.hidden(row, CumulativeLengths.single(row.length));
            for (int start = 0; start < row.length; start += step) {
                int length = Math.min(step, row.length - start);
                try (var _ = Scope.open()) {
                    sink.take(zebra.logits(hidden_TD.narrow(0, start, length)));
                }
                progress.update(done + start + length, "tokens");
            }
        }
    }
}
