package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.HeldOut;
import org.zebralm.data.HeldOutTail;
import org.zebralm.data.JdkSources;
import org.zebralm.data.ReadReport;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.TextFiles;
import org.zebralm.data.TokenShard;
import org.zebralm.data.WordCounts;
import org.zebralm.tokenizer.Tokenizer;

/// A run's text as tokens: the tokenizer, what is trained on, what is held out.
record PreparedText(Tokenizer tokenizer, TokenShard train, TokenShard heldOut) implements AutoCloseable {
    /// With fewer documents than this, the end of each is held out instead of some documents.
    private static final int FEW_DOCUMENTS = 100;

    /// How many skipped files are named.
    private static final int NAMED = 5;

    /// Reads, tokenizes and stores a run's text; what an earlier start of the run has made already is opened
    /// instead.
    static PreparedText prepare(RunFolder folder, RunSettings settings, long seed, Terminal terminal) {
        DocumentSource source = source(settings, seed);
        boolean stored = Files.exists(folder.trainShard()) && Files.exists(folder.heldOutShard());
        @Nullable Scan scan = stored ? null : Scan.of(source, terminal);
        Split split = Split.of(source, scan == null ? 0 : scan.documents(), settings.heldOut());
        folder.begin();
        Tokenizer tokenizer = tokenizer(folder, settings, split.training(), scan, terminal);
        if (scan != null) {
            encode(folder, settings, tokenizer, split, scan, terminal);
        }
        TokenShard train = TokenShard.open(folder.trainShard(), tokenizer);
        TokenShard heldOut = TokenShard.open(folder.heldOutShard(), tokenizer);
        terminal.out()
                .println("text       %s tokens in %s documents to train on, %s in %s held out"
                        .formatted(
                                Units.count((double) train.numTokens()),
                                Units.count(train.numDocuments()),
                                Units.count((double) heldOut.numTokens()),
                                Units.count(heldOut.numDocuments())));
        return new PreparedText(tokenizer, train, heldOut);
    }

    /// Returns the text a run reads; a missing path or archive is refused at once.
    static DocumentSource source(RunSettings settings, long seed) {
        return settings.data().isEmpty()
                ? JdkSources.ofRunningJdk(seed, settings.maxCharacters())
                : TextFiles.of(settings.data());
    }

    private static Tokenizer tokenizer(
            RunFolder folder, RunSettings settings, DocumentSource source, @Nullable Scan scan, Terminal terminal) {
        Path given = settings.tokenizer();
        if (given != null) {
            return Tokenizer.load(given);
        }
        if (!Files.exists(folder.tokenizer())) {
            WordCounts words;
            try (var progress = new ProgressBar(terminal, "counting ", scan == null ? 1 : scan.characters())) {
                words = WordCounts.of(source, SplitPattern.LLAMA3, done -> progress.update(done, "characters"));
            }
            try (var progress = new ProgressBar(
                    terminal, "tokenizer", Math.max(1, settings.vocabSize() - BpeVocabulary.MIN_SIZE))) {
                new BpeTrainer(settings.vocabSize())
                        .train(words, (done, _) -> progress.update(done, "merges"))
                        .write(folder.tokenizer());
            }
        }
        return Tokenizer.load(folder.tokenizer());
    }

    private static void encode(
            RunFolder folder, RunSettings settings, Tokenizer tokenizer, Split split, Scan scan, Terminal terminal) {
        var encode = new EncodeDocuments(tokenizer, settings.endOfText());
        try (var progress = new ProgressBar(terminal, "encoding ", Math.max(1, scan.characters()))) {
            long before = encode.write(
                            split.evaluation(), folder.heldOutShard(), (_, done, _) -> progress.update(done, ""))
                    .characters();
            EncodeDocuments.Encoded encoded = encode.write(
                    split.training(), folder.trainShard(), (_, done, _) -> progress.update(before + done, ""));
            if (encoded.loneSurrogates() > 0) {
                progress.println(encoded.loneSurrogates() + " lone surrogates were replaced by U+FFFD");
            }
        }
    }

    @Override
    public void close() {
        heldOut.close();
        train.close();
        tokenizer.close();
    }

    /// The two sides of the text.
    private record Split(DocumentSource training, DocumentSource evaluation) {
        static Split of(DocumentSource source, long numDocuments, double share) {
            if (numDocuments < FEW_DOCUMENTS) {
                var tails = new HeldOutTail(share);
                return new Split(tails.training(source), tails.evaluation(source));
            }
            var documents = new HeldOut(share);
            return new Split(documents.training(source), documents.evaluation(source));
        }
    }

    /// What a first pass over the text found.
    private record Scan(long documents, long characters) {
        static Scan of(DocumentSource source, Terminal terminal) {
            long[] found = new long[2];
            ReadReport report = source.forEach(document -> {
                found[0]++;
                found[1] += document.text().length();
            });
            List<String> skipped = new ArrayList<>();
            for (ReadReport.Skipped file : report.skipped()) {
                skipped.add(file.file() + " (" + file.reason() + ")");
            }
            if (!skipped.isEmpty()) {
                String more = skipped.size() > NAMED ? " and " + (skipped.size() - NAMED) + " more" : "";
                terminal.out()
                        .println("skipped    %d files: %s%s"
                                .formatted(
                                        skipped.size(),
                                        String.join(", ", skipped.subList(0, Math.min(NAMED, skipped.size()))),
                                        more));
            }
            if (report.replaced() > 0) {
                terminal.out().println("replaced   " + report.replaced() + " invalid UTF-8 sequences by U+FFFD");
            }
            if (found[0] == 0) {
                throw new IllegalArgumentException("there must be text to train on: no document was found"
                        + (skipped.isEmpty() ? "" : "; skipped " + skipped.getFirst()));
            }
            return new Scan(found[0], found[1]);
        }
    }
}
