package org.zebralm.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.Document;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.ReadReport;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.WordCounts;
import org.zebralm.tokenizer.Tokenizer;

/// Training a tokenizer, and encoding text to a token shard by it, timed on text in memory.
///
/// `bench/peers/tokenizer.py` times Python's `tokenizers` on the same documents.
///
/// @param split how text is cut into words
/// @param vocabSize tokens to train
/// @param encodeBytes about how much of the text is encoded: every k-th document
/// @param repeats measured runs of each, after one that is not
public record TokenizerBench(SplitPattern split, int vocabSize, long encodeBytes, int repeats) {

    /// What was timed: training, and encoding by ourselves or by the native library.
    public enum Task {
        TRAIN("train", "zebra"),
        ENCODE("encode", "zebra"),
        ENCODE_BY_LIBRARY("encode", "library");

        private final String label;
        private final String system;

        Task(String label, String system) {
            this.label = label;
            this.system = system;
        }

        /// `train` or `encode`.
        public String label() {
            return label;
        }

        /// `zebra`, or `library` for the Rust library through DJL.
        public String system() {
            return system;
        }
    }

    /// A task's time.
    ///
    /// @param seconds the median
    /// @param bestSeconds the shortest
    /// @param bytes of text, as UTF-8
    /// @param tokens of the vocabulary trained, or encoded to
    /// @param repeats measured runs
    public record Result(Task task, double seconds, double bestSeconds, long bytes, long tokens, int repeats) {
        /// Megabytes (of 10^6 bytes) of text a second.
        public double megabytesPerSecond() {
            return bytes / seconds / 1e6;
        }
    }

    public TokenizerBench {
        new BpeTrainer(vocabSize); // refuses sizes that cannot be
        if (encodeBytes < 1) {
            throw new IllegalArgumentException("the text to encode must be at least 1 byte: got " + encodeBytes);
        }
        if (repeats < 1) {
            throw new IllegalArgumentException("repeats must be at least 1: got " + repeats);
        }
    }

    /// Times training on a source, then encoding with what was trained.
    ///
    /// @param results told each result when it is there
    /// @param stopped asked before each run; a task not finished by then has no result
    public void run(DocumentSource source, Consumer<Result> results, BooleanSupplier stopped) {
        List<Document> documents = new ArrayList<>();
        source.forEach(documents::add);
        if (documents.isEmpty()) {
            throw new IllegalArgumentException("there must be text to time: no document was found");
        }
        Path folder = temporaryFolder();
        Path tokenizerJson = folder.resolve("tokenizer.json");
        Path shard = folder.resolve("text.tokens");
        try {
            time(Task.TRAIN, bytes(documents), results, stopped, () -> train(documents, tokenizerJson));
            if (stopped.getAsBoolean()) {
                return;
            }
            List<Document> sample = sample(documents);
            try (Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
                var encode = new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT);
                time(
                        Task.ENCODE,
                        bytes(sample),
                        results,
                        stopped,
                        () -> encode.write(source(sample), shard, (_, _, _) -> {})
                                .tokens());
                time(
                        Task.ENCODE_BY_LIBRARY,
                        bytes(sample),
                        results,
                        stopped,
                        () -> encode.writeByLibrary(source(sample), shard, (_, _, _) -> {})
                                .tokens());
            }
        } finally {
            delete(shard, tokenizerJson, folder);
        }
    }

    private interface Timed {
        long tokens();
    }

    private void time(Task task, long bytes, Consumer<Result> results, BooleanSupplier stopped, Timed timed) {
        double[] seconds = new double[repeats];
        long tokens = 0;
        for (int i = -1; i < repeats; i++) {
            if (stopped.getAsBoolean()) {
                return;
            }
            long start = System.nanoTime();
            tokens = timed.tokens();
            if (i >= 0) {
                seconds[i] = (System.nanoTime() - start) / 1e9;
            }
        }
        double best = Arrays.stream(seconds).min().orElseThrow();
        results.accept(new Result(task, Median.of(seconds), best, bytes, tokens, repeats));
    }

    private long train(List<Document> documents, Path tokenizerJson) {
        WordCounts words = WordCounts.of(source(documents), split, _ -> {});
        BpeVocabulary vocabulary = new BpeTrainer(vocabSize).train(words, (_, _) -> {});
        vocabulary.write(tokenizerJson);
        return vocabulary.size();
    }

    /// Every k-th document, so that all kinds of text are in it.
    private List<Document> sample(List<Document> documents) {
        int k = Math.toIntExact(Math.max(1, Math.ceilDiv(bytes(documents), encodeBytes)));
        List<Document> sample = new ArrayList<>();
        for (int i = 0; i < documents.size(); i += k) {
            sample.add(documents.get(i));
        }
        return sample;
    }

    private static long bytes(List<Document> documents) {
        return documents.stream()
                .mapToLong(document -> document.text().getBytes(StandardCharsets.UTF_8).length)
                .sum();
    }

    private static DocumentSource source(List<Document> documents) {
        return consumer -> {
            documents.forEach(consumer);
            return new ReadReport(documents.size(), 0, 0, List.of());
        };
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("zebra-bench");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a temporary folder", e);
        }
    }

    private static void delete(Path... paths) {
        try {
            for (Path path : paths) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove temporary files", e);
        }
    }
}
