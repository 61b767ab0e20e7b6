package org.zebralm.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.ReadReport.Tally;

/// What a first reading of a corpus found: which files can be read to their end, and how much is in them.
///
/// A file that is corrupt anywhere is left out as a whole, before any of it is encoded. Encoding takes ten
/// times as long as reading, so the second reading costs little; for it, sizes and files are known.
public final class Survey implements DocumentSource {

    /// Of each file, the beginnings of so many documents say how many characters a token has.
    private static final int SAMPLED_DOCUMENTS = 8;

    private static final int SAMPLE_CHARACTERS = 2048;

    /// Told after each document, from any thread.
    @FunctionalInterface
    public interface Progress {
        /// Says how far the reading is.
        ///
        /// @param fileBytes the sizes of the files done, of [Corpus#fileBytes]
        /// @param textBytes the text found so far, in UTF-8
        void surveyed(long fileBytes, long textBytes);
    }

    /// A file that can be read to its end.
    record Surveyed(SourceFile file, ReadReport report, Sizes sizes, List<String> samples) {}

    /// An amount of text; `bytes` are those of UTF-8.
    public record Sizes(long documents, long characters, long bytes) {
        Sizes plus(Sizes other) {
            return new Sizes(documents + other.documents, characters + other.characters, bytes + other.bytes);
        }
    }

    private final Corpus corpus;
    private final int threads;
    private final List<Surveyed> files;
    private final List<Tally> tallies;

    private Survey(Corpus corpus, int threads, List<Surveyed> files, List<Tally> tallies) {
        this.corpus = corpus;
        this.threads = threads;
        this.files = files;
        this.tallies = tallies;
    }

    /// Reads all files of a corpus.
    ///
    /// @param stop asked after each document; true ends with a `CancellationException`
    static Survey of(Corpus corpus, int threads, Progress progress, BooleanSupplier stop) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: got " + threads);
        }
        var run = new Run(corpus, threads, progress, stop);
        List<Tally> tallies = corpus.patterns().stream().map(_ -> new Tally()).toList();
        for (int source = 0; source < tallies.size(); source++) {
            corpus.unlisted(source).forEach(tallies.get(source)::skip);
        }
        var files = new ArrayList<Surveyed>();
        for (Surveyed file : run.all()) {
            tallies.get(file.file().source()).add(file.report());
            if (file.sizes().documents() > 0) {
                files.add(file);
            }
        }
        return new Survey(corpus, threads, List.copyOf(files), tallies);
    }

    /// Hands over the documents in the order of the files, as often as wanted.
    @Override
    public ReadReport forEach(Consumer<Document> consumer) {
        forEach((_, document) -> consumer.accept(document.document()));
        return report();
    }

    void forEach(BiConsumer<SourceFile, ReadDocument> consumer) {
        FilesInOrder.read(files.stream().map(Surveyed::file).toList(), corpus.options(), threads, consumer);
    }

    /// What was read, and what was not, in all sources.
    public ReadReport report() {
        var all = new Tally();
        tallies.forEach(tally -> all.add(tally.report()));
        return all.report();
    }

    /// What was read of one source, and what was not.
    ReadReport report(int source) {
        return tallies.get(source).report();
    }

    Corpus corpus() {
        return corpus;
    }

    /// The text there is.
    public Sizes sizes() {
        return files.stream().map(Surveyed::sizes).reduce(new Sizes(0, 0, 0), Sizes::plus);
    }

    /// Refuses a corpus without a single document.
    public void requireDocuments() {
        if (sizes().documents() == 0) {
            List<ReadReport.Skipped> skipped = report().skipped();
            throw new IllegalArgumentException("there must be text to prepare: no document was found"
                    + (skipped.isEmpty()
                            ? ""
                            : "; skipped " + skipped.getFirst().file() + ": "
                                    + skipped.getFirst().reason()));
        }
    }

    /// Beginnings of documents from all over the corpus.
    List<String> samples() {
        return files.stream().flatMap(file -> file.samples().stream()).toList();
    }

    /// The reading itself, on several threads, each with readers of its own.
    private static final class Run {

        private final Corpus corpus;
        private final int numReaders;
        private final int threadsOfFile;
        private final Progress progress;
        private final BooleanSupplier stop;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicLong fileBytes = new AtomicLong();
        private final AtomicLong textBytes = new AtomicLong();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        private final ConcurrentSkipListMap<Integer, Surveyed> surveyed = new ConcurrentSkipListMap<>();

        Run(Corpus corpus, int threads, Progress progress, BooleanSupplier stop) {
            this.corpus = corpus;
            this.numReaders = Math.clamp(corpus.files().size(), 1, threads);
            this.threadsOfFile = Math.max(1, threads / numReaders);
            this.progress = progress;
            this.stop = stop;
        }

        /// Returns what was found, in the order of the files.
        Collection<Surveyed> all() {
            try (ExecutorService pool = Executors.newFixedThreadPool(numReaders)) {
                for (int i = 0; i < numReaders; i++) {
                    pool.execute(this::readSome);
                }
            }
            switch (failure.get()) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(e);
            }
            return surveyed.values();
        }

        private void readSome() {
            try (var documents = new FileDocuments(corpus.options(), threadsOfFile)) {
                for (int i = next.getAndIncrement(); i < corpus.files().size(); i = next.getAndIncrement()) {
                    surveyed.put(i, one(corpus.files().get(i), documents));
                }
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        }

        /// Reads a file; one that cannot be read has a report of that and no documents.
        private Surveyed one(SourceFile file, FileDocuments documents) {
            var tally = new Tally();
            var found = new Object() {
                private Sizes sizes = new Sizes(0, 0, 0);
            };
            var samples = new ArrayList<String>();
            try {
                documents.check(file, tally, read -> {
                    requireGoingOn();
                    String text = read.document().text();
                    found.sizes = found.sizes.plus(new Sizes(1, text.length(), read.numBytes()));
                    if (samples.size() < SAMPLED_DOCUMENTS) {
                        samples.add(text.substring(0, Math.min(SAMPLE_CHARACTERS, text.length())));
                    }
                    progress.surveyed(fileBytes.get(), textBytes.addAndGet(read.numBytes()));
                });
                return done(file, new Surveyed(file, tally.report(), found.sizes, samples));
            } catch (UnreadableFileException e) {
                var unreadable = new Tally();
                unreadable.skip(file.path().toString(), String.valueOf(e.getMessage()));
                textBytes.addAndGet(-found.sizes.bytes());
                return done(file, new Surveyed(file, unreadable.report(), new Sizes(0, 0, 0), List.of()));
            }
        }

        private Surveyed done(SourceFile file, Surveyed surveyed) {
            progress.surveyed(fileBytes.addAndGet(file.size()), textBytes.get());
            return surveyed;
        }

        private void requireGoingOn() {
            if (failure.get() != null || stop.getAsBoolean()) {
                throw new CancellationException("stopped");
            }
        }
    }
}
