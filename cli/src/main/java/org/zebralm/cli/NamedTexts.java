package org.zebralm.cli;

import java.util.List;
import java.util.function.Consumer;
import org.zebralm.data.Corpus;
import org.zebralm.data.ReadOptions;
import org.zebralm.data.ReadReport;
import org.zebralm.data.Survey;

/// Texts named on a command line, in any format that `data prepare` reads.
final class NamedTexts {
    /// How many of the files and rows that cannot be read are named.
    private static final int NAMED = 20;

    private NamedTexts() {}

    /// Reads all of it once, to know what is there; the result reads it again as often as wanted.
    ///
    /// @param sources files, folders and patterns
    /// @param textColumn the column or key of a table that holds a document
    /// @param told what was left out, a line each
    /// @throws IllegalArgumentException if one does not exist
    static Survey survey(List<String> sources, String textColumn, Consumer<String> told) {
        var options = new ReadOptions(null, textColumn, null, ReadOptions.MAX_DOCUMENT_BYTES);
        Survey survey = Corpus.of(sources, options)
                .survey(Runtime.getRuntime().availableProcessors(), (_, _) -> {}, () -> false);
        List<ReadReport.Skipped> skipped = survey.report().skipped();
        skipped.stream()
                .limit(NAMED)
                .forEach(one -> told.accept("skipped    " + one.file() + " (" + one.reason() + ")"));
        if (skipped.size() > NAMED) {
            told.accept("skipped    " + (skipped.size() - NAMED) + " more");
        }
        return survey;
    }
}
