package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;

/// What reading a source found.
///
/// @param files files read as text
/// @param bytes their size, unpacked
/// @param replaced invalid UTF-8 sequences that became U+FFFD
/// @param skipped files that were not read, each with its reason
public record ReadReport(long files, long bytes, long replaced, List<Skipped> skipped) {

    /// A file that was left out.
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
            skipped.add(new Skipped(file, reason));
        }

        ReadReport report() {
            return new ReadReport(files, bytes, replaced, skipped);
        }
    }
}
