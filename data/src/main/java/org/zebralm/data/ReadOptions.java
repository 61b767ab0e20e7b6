package org.zebralm.data;

import org.jspecify.annotations.Nullable;

/// How files are read as documents.
///
/// @param format of every file; null means by each file's name
/// @param textColumn the column or key that holds a document
/// @param sql a query over the table `input`, one file at a time; null means all rows
/// @param maxDocumentBytes longer documents, in UTF-8, are left out by name; up to 1 GiB, since a document is
/// one string
public record ReadOptions(
        @Nullable TextFormat format,
        String textColumn,
        @Nullable String sql,
        int maxDocumentBytes) {

    /// Longer ones are no text but a mistake, or should be cut.
    public static final int MAX_DOCUMENT_BYTES = 256 << 20;

    private static final int LARGEST = 1 << 30;

    public ReadOptions {
        if (maxDocumentBytes < 1 || maxDocumentBytes > LARGEST) {
            throw new IllegalArgumentException(
                    "maxDocumentBytes must be from 1 to " + LARGEST + ": got " + maxDocumentBytes);
        }
        if (textColumn.isBlank()) {
            throw new IllegalArgumentException("the text column must have a name: got '" + textColumn + "'");
        }
    }

    /// Formats by name, documents in the column `text`.
    public static ReadOptions defaults() {
        return new ReadOptions(null, "text", null, MAX_DOCUMENT_BYTES);
    }

    TextFormat formatOf(String fileName) {
        return format == null ? TextFormat.of(fileName) : format;
    }
}
