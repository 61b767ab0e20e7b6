package org.zebralm.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.PreparedManifest.Source;
import org.zebralm.data.PreparedManifest.Splits;
import org.zebralm.data.PreparedManifest.TokenizerFile;
import org.zebralm.tokenizer.Tokenizer;

/// Turns the documents of a corpus into a prepared folder.
///
/// Documents are read on several threads, encoded on all cores, and written in the order of the corpus: the
/// shards are the same for any number of threads. A text that occurred before is left out. Which documents are
/// held out depends on their text alone, so that adding files moves none to the other side.
///
/// @param survey the corpus, read once
/// @param encode the tokenizer and the token that ends documents
/// @param heldOut the share held out
/// @param shardTokens a shard ends after about so many
/// @param dropDuplicates whether a text that occurred before is left out
/// @param createdBy the program, for the manifest
public record Preparation(
        Survey survey,
        EncodeDocuments encode,
        HeldOut heldOut,
        long shardTokens,
        boolean dropDuplicates,
        String createdBy) {

    /// Of each source the manifest names so many skipped files.
    private static final int SKIPPED_NAMED = 1000;

    /// The estimate of tokens may be off by so much.
    private static final double DISK_MARGIN = 1.1;

    /// What was written, and what was repaired on the way.
    public record Prepared(PreparedManifest manifest, long loneSurrogates) {}

    public Preparation {
        if (shardTokens < 1) {
            throw new IllegalArgumentException("shardTokens must be at least 1: got " + shardTokens);
        }
    }

    /// Encodes everything into a folder.
    ///
    /// Too little disk or memory, and a corpus without documents, are an `IllegalArgumentException` before
    /// anything is written.
    ///
    /// @param encodedBytes told the text encoded so far, in UTF-8, of [Survey#sizes]
    /// @param stop asked after each document; true ends with a `CancellationException`
    public Prepared run(PreparedFolderWriter folder, LongConsumer encodedBytes, BooleanSupplier stop) {
        survey.requireDocuments();
        double tokensPerCharacter = tokensPerCharacter();
        requireDisk(folder.path(), tokensPerCharacter);
        requireMemory();
        folder.writeTokenizer(encode.tokenizer());
        long shardCharacters = Math.max(1, (long) (shardTokens / tokensPerCharacter));
        var bytes = new AtomicLong();
        LongConsumer progress = n -> encodedBytes.accept(bytes.addAndGet(n));
        try (var train = new ShardLane(encode, folder.path(), "train", shardCharacters, progress);
                var evaluation = new ShardLane(encode, folder.path(), "heldout", shardCharacters, progress)) {
            var sorting = new Sorting(train, evaluation, progress, stop);
            survey.forEach(sorting::add);
            sorting.requireAll();
            var splits = new Splits(train.finish(), evaluation.finish());
            if (splits.train().isEmpty()) {
                throw new IllegalArgumentException("there must be text to train on: all documents are held out, by a "
                        + "share of " + heldOut.share() + "; hold out less or give more text");
            }
            PreparedManifest manifest = manifest(splits, sorting);
            folder.finish(manifest);
            return new Prepared(manifest, train.loneSurrogates() + evaluation.loneSurrogates());
        }
    }

    private double tokensPerCharacter() {
        List<String> samples = survey.samples();
        long characters = samples.stream().mapToLong(String::length).sum();
        long tokens = encode.tokenizer().encodeAll(samples).stream()
                .mapToLong(ids -> ids.length)
                .sum();
        return Math.max(1, tokens) / (double) characters;
    }

    private void requireDisk(Path folder, double tokensPerCharacter) {
        Survey.Sizes sizes = survey.sizes();
        double tokens = sizes.characters() * tokensPerCharacter + sizes.documents();
        int tokenBytes = ShardHeader.tokenBytes(encode.tokenizer().vocabSize());
        long needed = (long) (DISK_MARGIN * (tokens * tokenBytes + (double) sizes.documents() * Long.BYTES));
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            if (needed > free) {
                throw new IllegalArgumentException(
                        "the disk must have room for about %d MiB of tokens: %s has %d MiB free; write elsewhere or give less text"
                                .formatted(needed >> 20, folder, free >> 20));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot find out how much room " + folder + " has", e);
        }
    }

    private void requireMemory() {
        long needed = TextHashes.bytes(survey.sizes().documents());
        long limit = Runtime.getRuntime().maxMemory() / 2;
        if (dropDuplicates && needed > limit) {
            throw new IllegalArgumentException(
                    "finding duplicates among %d documents needs %d MiB of Java memory, and half of it is %d MiB: allow more with ZEBRA_JAVA_OPTS=-Xmx, or keep duplicates"
                            .formatted(survey.sizes().documents(), needed >> 20, limit >> 20));
        }
    }

    private PreparedManifest manifest(Splits splits, Sorting sorting) {
        Tokenizer tokenizer = encode.tokenizer();
        List<String> patterns = survey.corpus().patterns();
        var sources = new ArrayList<Source>();
        for (int source = 0; source < patterns.size(); source++) {
            ReadReport report = survey.report(source);
            List<ReadReport.Skipped> skipped = report.skipped();
            sources.add(new Source(
                    patterns.get(source),
                    report.files(),
                    report.bytes(),
                    sorting.written[source].documents(),
                    sorting.written[source].characters(),
                    sorting.duplicates[source],
                    skipped.size(),
                    skipped.subList(0, Math.min(SKIPPED_NAMED, skipped.size()))));
        }
        return new PreparedManifest(
                PreparedManifest.VERSION,
                createdBy,
                new TokenizerFile(
                        PreparedFolder.TOKENIZER,
                        tokenizer.fingerprint(),
                        tokenizer.vocabSize(),
                        tokenizer.idOf(encode.endOfText()).orElseThrow()),
                heldOut.share(),
                splits,
                sources);
    }

    /// Sends each document where it belongs.
    private final class Sorting {

        private final ShardLane train;
        private final ShardLane evaluation;
        private final LongConsumer leftOut;
        private final BooleanSupplier stop;
        private final @Nullable TextHashes seen;
        private final Survey.Sizes[] written;
        private final long[] duplicates;
        private long numDocuments;

        Sorting(ShardLane train, ShardLane evaluation, LongConsumer leftOut, BooleanSupplier stop) {
            this.train = train;
            this.evaluation = evaluation;
            this.leftOut = leftOut;
            this.stop = stop;
            this.seen = dropDuplicates ? new TextHashes(survey.sizes().documents()) : null;
            int numSources = survey.corpus().patterns().size();
            this.written = new Survey.Sizes[numSources];
            Arrays.fill(written, new Survey.Sizes(0, 0, 0));
            this.duplicates = new long[numSources];
        }

        void add(SourceFile file, ReadDocument document) {
            if (stop.getAsBoolean()) {
                throw new CancellationException("stopped");
            }
            // The set of hashes has room for those that were counted.
            if (++numDocuments > survey.sizes().documents()) {
                requireAll();
            }
            String text = document.document().text();
            TextHash hash = TextHash.of(text);
            if (seen != null && !seen.add(hash)) {
                duplicates[file.source()]++;
                leftOut.accept(document.numBytes());
                return;
            }
            (heldOut.contains(hash) ? evaluation : train).add(document);
            written[file.source()] =
                    written[file.source()].plus(new Survey.Sizes(1, text.length(), document.numBytes()));
        }

        void requireAll() {
            if (numDocuments != survey.sizes().documents()) {
                throw new IllegalArgumentException("files must stay as they are while they are prepared: there were "
                        + survey.sizes().documents() + " documents, now there are "
                        + (numDocuments > survey.sizes().documents() ? "more" : numDocuments) + "; start again");
            }
        }
    }
}
