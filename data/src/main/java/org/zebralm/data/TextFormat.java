package org.zebralm.data;

import java.util.Locale;

/// How a file holds documents.
public enum TextFormat {
    /// The whole file is a document.
    TEXT,
    /// A JSON object on each line.
    JSONL,
    /// A JSON array of objects, or objects one after the other.
    JSON,
    /// Comma-separated values with a header (RFC 4180).
    CSV,
    /// Tab-separated values with a header.
    TSV,
    /// Apache Parquet.
    PARQUET;

    /// The format that a file's name tells, packed or not; what no other format claims is text.
    static TextFormat of(String fileName) {
        String name = Compression.unpackedName(fileName).toLowerCase(Locale.ROOT);
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "jsonl", "ndjson" -> JSONL;
            case "json" -> JSON;
            case "csv" -> CSV;
            case "tsv" -> TSV;
            case "parquet" -> PARQUET;
            default -> TEXT;
        };
    }
}
