package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.HeldOut;
import org.zebralm.data.HeldOutTail;
import org.zebralm.data.ReadReport;

/// A source whose text the run tokenizes itself, and where the run keeps the tokens.
///
/// @param scan null where the tokens are there already
record SourceText(
        DocumentSource training,
        DocumentSource evaluation,
        @Nullable Scan scan,
        Path train,
        Path heldOut) {
    /// With fewer documents than this, the end of each is held out instead of some documents.
    private static final int FEW_DOCUMENTS = 100;

    /// How many skipped files are named.
    private static final int NAMED = 5;

    /// Looks at the text, unless an earlier start of the run has stored its tokens.
    static SourceText of(DocumentSource source, double heldOutShare, Path train, Path heldOut, Terminal terminal) {
        @Nullable Scan scan = Files.exists(train) && Files.exists(heldOut) ? null : Scan.of(source, terminal);
        if (scan == null || scan.documents() < FEW_DOCUMENTS) {
            var tails = new HeldOutTail(heldOutShare);
            return new SourceText(tails.training(source), tails.evaluation(source), scan, train, heldOut);
        }
        var documents = new HeldOut(heldOutShare);
        return new SourceText(documents.training(source), documents.evaluation(source), scan, train, heldOut);
    }

    /// Returns the documents to train on of several sources, one source after the other.
    static DocumentSource training(List<SourceText> texts) {
        return consumer -> {
            var all = new ReadReport(0, 0, 0, List.of());
            for (SourceText text : texts) {
                ReadReport report = text.training.forEach(consumer);
                List<ReadReport.Skipped> skipped = new ArrayList<>(all.skipped());
                skipped.addAll(report.skipped());
                all = new ReadReport(
                        all.files() + report.files(),
                        all.bytes() + report.bytes(),
                        all.replaced() + report.replaced(),
                        skipped);
            }
            return all;
        };
    }

    /// Returns the length of the text, for a progress bar.
    long characters() {
        return scan == null ? 0 : scan.characters();
    }

    /// Tokenizes and stores the text, unless that is done.
    void encode(EncodeDocuments encode, Terminal terminal) {
        if (scan == null) {
            return;
        }
        try (var progress = new ProgressBar(terminal, "encoding ", Math.max(1, scan.characters()))) {
            long before = encode.write(evaluation, heldOut, (_, done, _) -> progress.update(done, ""))
                    .characters();
            EncodeDocuments.Encoded encoded =
                    encode.write(training, train, (_, done, _) -> progress.update(before + done, ""));
            if (encoded.loneSurrogates() > 0) {
                progress.println(encoded.loneSurrogates() + " lone surrogates were replaced by U+FFFD");
            }
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
