package org.zebralm.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Opening a model beside reading its files, and the memory that it takes.
///
/// One model and type a process: memory that a model has freed would be taken by the next without a trace. Files are in
/// the system's cache (a run that does not count reads them first), so that not the disk is timed but what is done with
/// its bytes.
///
/// @param dtype what the weights are wanted in
/// @param repeats measured runs, the median of which counts
public record LoadBench(Path model, DType dtype, int repeats) {
    private static final int CHUNK = 8 << 20;
    private static final int PAGE = 4096;

    /// What was measured.
    ///
    /// @param fileBytes the size of the weights' files
    /// @param weightBytes the size of the weights in the type wanted
    /// @param readSeconds reading the files into a buffer, one after the other
    /// @param openSeconds opening the model
    /// @param touchSeconds reading a byte of each page of each weight, which is when mapped ones arrive
    /// @param anonymousBytes memory not backed by files, with the model open
    /// @param peakAnonymousBytes the most of it while the model was opened
    public record Result(
            long fileBytes,
            long weightBytes,
            double readSeconds,
            double openSeconds,
            double touchSeconds,
            long anonymousBytes,
            long peakAnonymousBytes) {}

    public LoadBench {
        if (repeats < 1) {
            throw new IllegalArgumentException("repeats must be at least 1: got " + repeats);
        }
    }

    /// Times reading, then opening and touching, in turn.
    public Result run() {
        List<Path> files = files();
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        long fileBytes = read(files, buffer);
        try (var _ = Scope.open()) {
            Tensors.zeros(DType.FLOAT32, PAGE).to(DType.BFLOAT16); // libtorch's own beginnings are not the model's
        }
        double[] read = new double[repeats];
        double[] open = new double[repeats];
        double[] touch = new double[repeats];
        long weightBytes = 0;
        long anonymous = 0;
        long peak = 0;
        for (int i = 0; i < repeats; i++) {
            long start = System.nanoTime();
            read(files, buffer);
            read[i] = seconds(start);
            try (var memory = new AnonymousMemory()) {
                start = System.nanoTime();
                try (var loaded = LoadedModel.open(model, dtype, new PortableAttention())) {
                    open[i] = seconds(start);
                    start = System.nanoTime();
                    weightBytes = touch(loaded);
                    touch[i] = seconds(start);
                    if (i == 0) {
                        anonymous = memory.grown();
                        peak = memory.mostGrown();
                    }
                }
            }
        }
        return new Result(fileBytes, weightBytes, Median.of(read), Median.of(open), Median.of(touch), anonymous, peak);
    }

    private List<Path> files() {
        if (Files.isRegularFile(model)) {
            return List.of(model);
        }
        try (Stream<Path> all = Files.list(model)) {
            List<Path> files = new ArrayList<>(all.sorted().toList());
            boolean isSafe = files.stream().anyMatch(file -> file.toString().endsWith(".safetensors"));
            files.removeIf(file -> !file.toString().endsWith(isSafe ? ".safetensors" : ".bin"));
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + model, e);
        }
    }

    private static long read(List<Path> files, ByteBuffer buffer) {
        long bytes = 0;
        for (Path file : files) {
            try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
                for (int count = 0; count >= 0; count = channel.read(buffer.clear())) {
                    bytes += count;
                }
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + file, e);
            }
        }
        return bytes;
    }

    private static long touch(LoadedModel loaded) {
        long bytes = 0;
        long sum = 0;
        try (var _ = Scope.open()) {
            for (Tensor weight : loaded.zebra().parameters().values()) {
                MemorySegment memory = weight.memory();
                for (long at = 0; at < memory.byteSize(); at += PAGE) {
                    sum += memory.get(ValueLayout.JAVA_BYTE, at);
                }
                bytes += memory.byteSize();
            }
        }
        return sum == Long.MIN_VALUE ? 0 : bytes; // the sum must be used, or nothing is read
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
