package org.zebralm.cli;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.Conversion;
import org.zebralm.checkpoint.ConversionPlan;
import org.zebralm.checkpoint.ConvertTarget;
import org.zebralm.checkpoint.GgufOutput;
import org.zebralm.checkpoint.LayerPattern;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.checkpoint.RopeChange;
import org.zebralm.tensor.DType;
import org.zebralm.train.DiskSpace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra convert SRC DST`: a model in another form, with other layers, rotations or types.
@Command(
        description = {
            "Write a model in another form: from any that Zebra opens to a folder that transformers and vLLM open, or a"
                    + " file that llama.cpp opens, with local layers, another rotation, another type.",
            "Weights are converted one at a time, and DST appears whole or not at all. What changed and what is lost is"
                    + " printed; 'zebra inspect SRC' says beforehand what could not be said in which form."
        },
        footerHeading = "%nRotations (--rope), from the trained length (of the scaling there, else the limit):%n",
        footer = {
            "  linear:4       all frequencies divided (position interpolation)",
            "  ntk:4          a larger base, no scaling: theta * 4^(d / (d - 2)), heads of d",
            "  dynamic:2      the same by length; frozen for the length that is used",
            "  yarn:4         YaRN; ,beta_fast= ,beta_slow= ,truncate= ,attention_factor=",
            "  llama3:8       as Llama 3.1; also ,low_freq_factor= ,high_freq_factor=",
            "  theta=1000000  another base, also after others: yarn:4,theta=1000000",
            "  default        no scaling",
            "  ,original=N    after any of them: the trained length",
            "%nExamples:",
            "  zebra convert LLAMA zebra --group 4 --window 513",
            "  zebra convert LLAMA zebra --layers GLLLLL --window 1024 --rope yarn:4",
            "  zebra convert model.gguf folder --dtype bfloat16",
            "  zebra convert MODEL smaller --dtype bfloat16 --max-shard-size 2GB",
            "  zebra convert LLAMA llama.gguf --dtype q8_0",
            "  zebra convert ZEBRA zebra.gguf --dtype q4_0"
        })
final class ConvertVerb implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "SRC", description = "A model folder or file, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String source;

    @Parameters(index = "1", paramLabel = "DST", description = "The folder to write, new or empty; for gguf the file.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path target;

    @Option(
            names = "--to",
            paramLabel = "FORM",
            description =
                    "hf: the model's own family; cwm: Llama with layers of both kinds (llama, where all are global);"
                            + " gguf: a file for llama.cpp, if it computes the same (default: gguf if DST ends in"
                            + " .gguf, else hf where the family can say the result, else cwm).")
    private @Nullable String to;

    @Option(names = "--group", paramLabel = "N", description = "Groups of N layers, the first of each global.")
    private @Nullable Integer group;

    @Option(
            names = "--layers",
            paramLabel = "LIST",
            description = "Which layers are global: global,local,local or GLL, repeated over the layers; or keep.")
    private @Nullable String layers;

    @Option(
            names = "--window",
            paramLabel = "N",
            description = "What local layers see, their own token included (default: as they do).")
    private @Nullable Integer window;

    @Option(names = "--rope", paramLabel = "ROTATION", description = "Another rotation; see below.")
    private @Nullable String rope;

    @Option(
            names = "--positions",
            paramLabel = "N",
            description = "The longest context, max_position_embeddings (default: what the rotation reaches).")
    private @Nullable Integer positions;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32, float16 or bfloat16; for gguf also q8_0 or q4_0, its matrices in blocks of 32"
                    + " (default: as stored; quantized weights as bfloat16).")
    private @Nullable String dtype;

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            description = "Weights beyond it go to several files; a gguf is one (default: 5GB).")
    private @Nullable String maxShardSize;

    @Option(names = "--no-tokenizer", description = "Leave the tokenizer out of a gguf, for one that llama.cpp lacks.")
    private boolean noTokenizer;

    @Option(
            names = "--force",
            description = "Write to a folder that holds something: its model is replaced. For gguf: replace the file.")
    private boolean force;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        ConversionPlan plan = ConversionPlan.of(ModelLocation.find(source), conversion());
        requireRoom(plan.diskBytes());
        write(plan);
        PrintWriter out = spec.commandLine().getOut();
        out.println(new ConversionSummary(source, target, plan));
        out.flush();
        return Main.OK;
    }

    private Conversion conversion() {
        @Nullable
        ConvertTarget form =
                to != null ? ConvertTarget.parse(to) : ConvertTarget.isGguf(target) ? ConvertTarget.GGUF : null;
        if (form == ConvertTarget.GGUF && maxShardSize != null) {
            throw new IllegalArgumentException("a gguf is one file, whatever its size: leave out --max-shard-size");
        }
        GgufOutput.@Nullable Type type =
                dtype == null ? null : GgufOutput.Type.find(dtype).orElse(null);
        if (form == ConvertTarget.GGUF && dtype != null && type == null) {
            throw new IllegalArgumentException(
                    "weights of a gguf can be stored as float32, float16, bfloat16, q8_0 or q4_0: got " + dtype);
        }
        boolean isQuantized = type != null && type.isQuantized();
        Conversion conversion = new Conversion(
                form,
                pattern(),
                rope == null ? null : RopeChange.parse(rope),
                positions,
                dtype == null || isQuantized ? null : DType.parse(dtype),
                maxShardSize == null ? ModelFolder.DEFAULT_MAX_SHARD_BYTES : ByteSize.parse(maxShardSize));
        if (type != null && isQuantized) {
            conversion = conversion.quantized(type);
        }
        return noTokenizer ? conversion.withoutTokenizer() : conversion;
    }

    private LayerPattern pattern() {
        if (group != null && layers != null) {
            throw new IllegalArgumentException("--group and --layers both say which layers are global: give one");
        }
        if (group != null) {
            return LayerPattern.grouped(group, window);
        }
        return layers == null ? LayerPattern.keep(window) : LayerPattern.parse(layers, window);
    }

    /// A model that is replaced lies there until the new one is whole, and its room does not count.
    private void requireRoom(long bytes) {
        long free = DiskSpace.OF_SYSTEM.usable(target);
        if (free < bytes) {
            throw new IllegalArgumentException(
                    "%s needs %s, but its disk has %s free: choose another disk, or a smaller"
                                    .formatted(target, Units.bytes(bytes), Units.bytes(free))
                            + " --dtype");
        }
    }

    private void write(ConversionPlan plan) {
        try (var stop = CtrlC.listen("removing what was written");
                var progress = ProgressBar.ofBytes(Terminal.stderr(), "convert", plan.weightBytes())) {
            plan.write(target, force, written -> {
                if (stop.pressed()) {
                    throw new UncheckedIOException("interrupted", new ClosedByInterruptException());
                }
                progress.update(written, "");
            });
        }
    }
}
