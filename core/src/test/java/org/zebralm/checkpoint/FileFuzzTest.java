package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// Damaged files of every kind: each is read or refused in our own words, and none takes much memory.
class FileFuzzTest {
    private static final long SEED = 20_261_123;
    private static final int QUICK_CASES = 1_500;
    private static final int SLOW_CASES = 150_000;

    /// What opening may allocate on the heap: an object for some bytes of the file, and libraries' own beginnings.
    private static final long BYTES_PER_BYTE = 100;

    private static final long BYTES_AT_LEAST = 4 << 20;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    Path folder;

    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    enum Format {
        SAFETENSORS("torch/expected.safetensors", file -> readAll(SafetensorsFile.open(file))),
        SHARD_INDEX("llama-bin/pytorch_model.bin.index.json", file -> ShardIndex.read(file, ".bin")),
        TORCH("torch/protocol-2.bin", file -> readAll(TorchFile.open(file))),
        TORCH_PROTOCOL_4("torch/protocol-4.bin", file -> readAll(TorchFile.open(file))),
        TORCH_LEGACY("torch/legacy.bin", file -> readAll(TorchFile.open(file))),
        GGUF("gguf/gemma3.gguf", FileFuzzTest::readGguf),
        GGUF_QUANTS("gguf/quants.gguf", FileFuzzTest::readGgufTensors),
        GGUF_TOKENIZER("gguf/tokenizer-qwen2.gguf", FileFuzzTest::readGgufTokenizer),
        LLAMA2C(FileFuzzTest::llama2c, file -> readAll(Llama2cWeights.open(file))),
        LLAMA2C_TOKENIZER(
                () -> Llama2cFiles.tokenizer(265),
                file -> Llama2cTokenizer.open(file, 265).close());

        private final Supplier<byte[]> whole;
        private final Consumer<Path> reader;

        Format(String fixture, Consumer<Path> reader) {
            this(() -> bytes(fixture), reader);
        }

        Format(Supplier<byte[]> whole, Consumer<Path> reader) {
            this.whole = whole;
            this.reader = reader;
        }
    }

    private static byte[] bytes(String fixture) {
        try {
            return Files.readAllBytes(Fixtures.path(fixture));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] llama2c() {
        try (var tiny = TinyModel.of(TinyModel.config(false, TinyModel.GLOBAL), 1)) {
            return Llama2cFiles.model(tiny, 1);
        }
    }

    private static void readAll(WeightSource source) {
        try (source;
                var _ = Scope.open()) {
            for (String name : source.names()) {
                source.tensor(name, DType.FLOAT32);
            }
        }
    }

    private static void readGguf(Path path) {
        readGgufTensors(path);
        try (GgufFile file = GgufFile.open(path)) {
            GgufConfig.read(file);
        }
    }

    private static void readGgufTensors(Path path) {
        try (GgufFile file = GgufFile.open(path);
                var _ = Scope.open()) {
            file.tensors().values().forEach(entry -> file.tensor(entry, DType.FLOAT32));
        }
    }

    private static void readGgufTokenizer(Path path) {
        try (GgufFile file = GgufFile.open(path)) {
            GgufTokenizer.read(file);
        }
    }

    @ParameterizedTest
    @EnumSource
    void damagedFilesAreReadOrRefused(Format format) throws IOException {
        run(format, SEED, QUICK_CASES);
    }

    @Tag("slow")
    @ParameterizedTest
    @EnumSource
    void aHundredAndFiftyThousandDamagedFilesOfEachKind(Format format) throws IOException {
        run(format, SEED + 1, SLOW_CASES);
    }

    private void run(Format format, long seed, int cases) throws IOException {
        byte[] whole = format.whole.get();
        Path path = folder.resolve("damaged");
        Files.write(path, whole);
        format.reader.accept(path);
        int refused = 0;
        for (int i = 0; i < cases; i++) {
            var random = new SplittableRandom(seed + (long) i * 1_000_003);
            byte[] damaged = Mutation.of(whole, random);
            Files.write(path, damaged);
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                format.reader.accept(path);
            } catch (IllegalArgumentException | UncheckedIOException e) {
                assertThat(e).as("case %d", i).hasMessageMatching("(?s).{1,2000}");
                refused++;
            } catch (RuntimeException | Error e) {
                throw new AssertionError("case " + i + " of " + format + ", seed " + seed, e);
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(allocated)
                    .as("bytes allocated by case %d of %s", i, format)
                    .isLessThan(BYTES_AT_LEAST + BYTES_PER_BYTE * damaged.length);
        }
        assertThat(refused).isBetween(cases / 10, cases); // mutants that all pass, or all fail, would test nothing
    }
}
