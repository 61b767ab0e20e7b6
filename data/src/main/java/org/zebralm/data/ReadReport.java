package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;

/// What reading a source found.
///
/// @param files files read as text
/// @param bytes their size, unpacked
/// @param replaced invalid UTF-8 sequences that became U+FFFD
/// @param skipped files, and documents of files, that were not read, each with its reason
public record ReadReport(long files, long bytes, long replaced, List<Skipped> skipped) {

    /// A file, or documents of one, that was left out.
    public record Skipped(String file, String reason) {}

    public ReadReport {
        skipped = List.copyOf(skipped);
    }

    /// The figures while reading goes on.
    static final class Tally {

        private final List<Skipped> skipped = new ArrayList<>();
        private long files;
        private long bytes;
        private long replaced;

        void read(long numBytes, long numReplaced) {
            files++;
            bytes += numBytes;
            replaced += numReplaced;
        }

        void skip(String file, String reason) {
            skip(new Skipped(file, reason));
        }

        void skip(Skipped file) {
            skipped.add(file);
        }

        void add(ReadReport report) {
            files += report.files();
            bytes += report.bytes();
            replaced += report.replaced();
            skipped.addAll(report.skipped());
        }

        ReadReport report() {
            return new ReadReport(files, bytes, replaced, skipped);
        }
    }
}
