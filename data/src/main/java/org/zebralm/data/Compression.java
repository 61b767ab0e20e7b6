package org.zebralm.data;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/// How a file is packed, known by the end of its name.
enum Compression {
    NONE(""),
    GZIP(".gz"),
    ZSTD(".zst");

    private static final int BUFFER_BYTES = 1 << 16;

    private final String suffix;

    Compression(String suffix) {
        this.suffix = suffix;
    }

    static Compression of(String fileName) {
        String name = fileName.toLowerCase(Locale.ROOT);
        return name.endsWith(GZIP.suffix) ? GZIP : name.endsWith(ZSTD.suffix) ? ZSTD : NONE;
    }

    /// The name of what is packed: `a.csv` for `a.csv.gz`.
    static String unpackedName(String fileName) {
        return fileName.substring(0, fileName.length() - of(fileName).suffix.length());
    }

    /// Opens a file's contents; a packed file that is corrupt or cut short fails while it is read, or at its
    /// end.
    static InputStream open(Path file) throws IOException {
        InputStream raw = Files.newInputStream(file);
        try {
            return switch (of(file.toString())) {
                case NONE -> raw;
                case GZIP -> new GZIPInputStream(raw, BUFFER_BYTES);
                case ZSTD -> new ZstdInputStream(new BufferedInputStream(raw, BUFFER_BYTES));
            };
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    /// Reads a file to its end, so that every checksum in it is compared; returns its unpacked size.
    static long verify(Path file) throws IOException {
        if (of(file.toString()) == NONE) {
            return Files.size(file);
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        long size = 0;
        try (InputStream in = open(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                size += n;
            }
        }
        return size;
    }
}
