package org.zebralm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.Corpus;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.HeldOut;
import org.zebralm.data.Preparation;
import org.zebralm.data.Preparation.Prepared;
import org.zebralm.data.PreparedFolderWriter;
import org.zebralm.data.PreparedManifest;
import org.zebralm.data.ReadOptions;
import org.zebralm.data.ReadReport;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.Survey;
import org.zebralm.data.TextFormat;
import org.zebralm.data.WordCounts;
import org.zebralm.tokenizer.Tokenizer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra data prepare SOURCE... --out DIR`: files of any format become token shards.
@Command(
        description = {
            "Read text in many formats, tokenize it and write it as token shards that 'zebra train --data=[DIR]' maps"
                    + " into memory.",
            "Text files are a document each; rows of JSON lines, JSON, CSV, TSV and Parquet one each. All but Parquet"
                    + " may end in .gz or .zst. Exact duplicates are left out, and some documents are held out by a hash"
                    + " of their text. A file that cannot be read to its end is left out and named."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra data prepare books/ --out prepared --train-tokenizer 16384",
            "  zebra data prepare 'crawl/**/*.jsonl.gz' wiki.parquet --out prepared \\",
            "      --tokenizer tokenizer.json",
            "  zebra data prepare posts.csv --text-column body --out prepared \\",
            "      --tokenizer llama/tokenizer.json --end-of-text '</s>'",
            "  zebra data prepare c4/ --out prepared --tokenizer tokenizer.json \\",
            "      --sql \"select text from input where length(text) > 1000\"",
            "  zebra train --out runs/a --data=[prepared]"
        })
final class DataPrepareVerb implements Callable<Integer> {
    /// How many skipped files are named.
    private static final int NAMED = 5;

    @Parameters(
            arity = "1..*",
            paramLabel = "SOURCE",
            description = "Files, folders (read to the bottom) and patterns (*, **/, ?, {a,b}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<String> sources;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A new or empty folder.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @ArgGroup(multiplicity = "1")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TokenizerChoice choice;

    private static final class TokenizerChoice {
        @Option(names = "--tokenizer", paramLabel = "FILE", description = "The tokenizer.json to use.")
        private @Nullable Path file;

        // Read where there is no file, so it was given.
        @Option(
                names = "--train-tokenizer",
                paramLabel = "SIZE",
                description = "Train a byte-level BPE tokenizer of so many tokens on this text instead.")
        private int size;
    }

    @Option(
            names = "--end-of-text",
            paramLabel = "TOKEN",
            defaultValue = BpeVocabulary.END_OF_TEXT,
            description = "The token that ends each document (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String endOfText;

    @Option(
            names = "--format",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto (by each file's name), text, jsonl, json, csv, tsv or parquet (default:"
                    + " ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String format;

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            defaultValue = "text",
            description = "The column or key that holds a document (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String textColumn;

    @Option(
            names = "--sql",
            paramLabel = "QUERY",
            description = "Take the documents that a query over the table 'input' gives, file by file (DuckDB's SQL).")
    private @Nullable String sql;

    @Option(
            names = "--held-out",
            paramLabel = "SHARE",
            defaultValue = "0.01",
            description = "The share of documents kept for validation (default: ${DEFAULT-VALUE}).")
    private double heldOut;

    @Option(
            names = "--shard-tokens",
            paramLabel = "N",
            defaultValue = "500000000",
            description = "A shard ends after about so many tokens (default: ${DEFAULT-VALUE}).")
    private long shardTokens;

    @Option(
            names = "--max-document-bytes",
            paramLabel = "N",
            defaultValue = "" + ReadOptions.MAX_DOCUMENT_BYTES,
            description = "Longer documents are left out by name (default: ${DEFAULT-VALUE}).")
    private int maxDocumentBytes;

    @Option(names = "--keep-duplicates", description = "Keep documents whose text occurred before.")
    private boolean keepDuplicates;

    @Option(names = "--strict", description = "End with an error if anything cannot be read.")
    private boolean strict;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that read (default: the cores); encoding uses all cores.")
    private @Nullable Integer threads;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        var options = new ReadOptions(format(), textColumn, sql, maxDocumentBytes);
        var share = new HeldOut(heldOut);
        int readers = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
        // What is wrong with the arguments is told before the first file is read.
        Corpus corpus = Corpus.of(sources, options);
        PreparedFolderWriter.requireFree(out);
        requireTokenizer();
        Terminal terminal = Terminal.stderr();
        try (var stop = CtrlC.listen("nothing of this preparation is kept; run it again to start anew")) {
            Survey survey = survey(corpus, readers, terminal, stop::pressed);
            try (var folder = PreparedFolderWriter.claim(out);
                    Tokenizer tokenizer = tokenizer(survey, share, folder, terminal, stop::pressed)) {
                var encode = new EncodeDocuments(tokenizer, endOfText);
                var preparation = new Preparation(survey, encode, share, shardTokens, !keepDuplicates, Version.line());
                report(prepare(preparation, folder, terminal, stop::pressed));
            }
        } catch (CancellationException e) {
            return Main.INTERRUPTED;
        }
        return Main.OK;
    }

    private @Nullable TextFormat format() {
        if (format.equalsIgnoreCase("auto")) {
            return null;
        }
        try {
            return TextFormat.valueOf(format.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--format must be auto, text, jsonl, json, csv, tsv or parquet: got " + format, e);
        }
    }

    private void requireTokenizer() {
        if (choice.file != null) {
            try (Tokenizer tokenizer = Tokenizer.load(choice.file)) {
                if (tokenizer.idOf(endOfText).isEmpty()) {
                    throw new IllegalArgumentException(
                            "--end-of-text must be a token of %s: it has no %s".formatted(choice.file, endOfText));
                }
            }
        } else {
            var _ = new BpeTrainer(choice.size);
            if (!endOfText.equals(BpeVocabulary.END_OF_TEXT)) {
                throw new IllegalArgumentException("--end-of-text goes with --tokenizer: a trained one ends documents"
                        + " with " + BpeVocabulary.END_OF_TEXT + ", got " + endOfText);
            }
        }
    }

    private Survey survey(Corpus corpus, int readers, Terminal terminal, BooleanSupplier stop) {
        Survey survey;
        try (var progress = ProgressBar.ofBytes(terminal, "reading  ", Math.max(1, corpus.fileBytes()))) {
            survey = corpus.survey(
                    readers, (done, found) -> progress.update(done, Units.bytes(found) + " of text"), stop);
        }
        List<ReadReport.Skipped> skipped = survey.report().skipped();
        if (strict && !skipped.isEmpty()) {
            throw new IllegalArgumentException("--strict: everything must be readable, and %d files or rows are not: %s"
                    .formatted(
                            skipped.size(),
                            String.join(
                                    "; ",
                                    skipped.stream()
                                            .limit(NAMED)
                                            .map(DataPrepareVerb::line)
                                            .toList())));
        }
        skipped.stream().limit(NAMED).forEach(one -> terminal.out().println("skipped    " + line(one)));
        if (skipped.size() > NAMED) {
            terminal.out().println("skipped    " + (skipped.size() - NAMED) + " more; the manifest names them");
        }
        if (survey.report().replaced() > 0) {
            terminal.out().println("replaced   " + survey.report().replaced() + " invalid UTF-8 sequences by U+FFFD");
        }
        return survey;
    }

    private static String line(ReadReport.Skipped skipped) {
        return skipped.file() + " (" + skipped.reason() + ")";
    }

    /// Loads the tokenizer named, or trains one on what is not held out.
    private Tokenizer tokenizer(
            Survey survey, HeldOut share, PreparedFolderWriter folder, Terminal terminal, BooleanSupplier stop) {
        if (choice.file != null) {
            return Tokenizer.load(choice.file);
        }
        survey.requireDocuments();
        WordCounts words;
        try (var progress = new ProgressBar(
                terminal, "words    ", Math.max(1, survey.sizes().characters()))) {
            words = WordCounts.of(share.trainingTexts(survey), SplitPattern.LLAMA3, done -> {
                if (stop.getAsBoolean()) {
                    throw new CancellationException("stopped");
                }
                progress.update(done, "characters");
            });
        }
        try (var progress = new ProgressBar(terminal, "tokenizer", Math.max(1, choice.size - BpeVocabulary.MIN_SIZE))) {
            new BpeTrainer(choice.size)
                    .train(words, (done, _) -> progress.update(done, "merges"))
                    .write(folder.tokenizer());
        }
        return Tokenizer.load(folder.tokenizer());
    }

    private static Prepared prepare(
            Preparation preparation, PreparedFolderWriter folder, Terminal terminal, BooleanSupplier stop) {
        long start = System.nanoTime();
        try (var progress = ProgressBar.ofBytes(
                terminal, "encoding ", Math.max(1, preparation.survey().sizes().bytes()))) {
            return preparation.run(
                    folder,
                    done -> progress.update(
                            done,
                            "%.1f MB/s".formatted(done / 1e6 / Math.max(1e-3, (System.nanoTime() - start) / 1e9))),
                    stop);
        }
    }

    private void report(Prepared prepared) {
        PreparedManifest manifest = prepared.manifest();
        PrintWriter writer = spec.commandLine().getOut();
        var table = new Table("source", "files", "documents", "characters", "duplicates", "skipped");
        long skipped = 0;
        for (PreparedManifest.Source source : manifest.sources()) {
            table.row(
                    source.pattern(),
                    source.files(),
                    source.documents(),
                    Units.count((double) source.characters()),
                    source.duplicates(),
                    source.numSkipped());
            skipped += source.numSkipped();
        }
        writer.println(table);
        writer.println();
        if (prepared.loneSurrogates() > 0) {
            writer.println(prepared.loneSurrogates() + " lone surrogates were replaced by U+FFFD");
        }
        if (skipped > 0) {
            writer.println("%d files or rows were skipped: manifest.json names them; --strict makes that an error"
                    .formatted(skipped));
        }
        if (manifest.splits().heldOut().isEmpty() && heldOut > 0) {
            writer.println("no document is held out: there are too few for a share of " + heldOut
                    + "; give more with --held-out");
        }
        writer.println("%s: %s tokens to train on, %s held out, in %d shards of vocabulary %d"
                .formatted(
                        out,
                        Units.count((double) manifest.trainTokens()),
                        Units.count((double) manifest.heldOutTokens()),
                        manifest.splits().train().size()
                                + manifest.splits().heldOut().size(),
                        manifest.tokenizer().vocabSize()));
        writer.println("next: zebra train --out runs/a --data=[%s]".formatted(out));
        writer.flush();
    }
}
