package org.zebralm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Reads what [MetricsLog] wrote, line by line: a long run's lines together would fill the heap.
public final class MetricsReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private MetricsReader() {}

    /// Hands every line over, each an object with a whole `step`, and returns how many were left out because
    /// they are something else: an interruption cuts the last one short, and files are edited by hand.
    public static int read(Path path, Consumer<JsonNode> lines) {
        int malformed = 0;
        // A plain decoder: bytes that are no text spoil their own line alone.
        try (var reader =
                new BufferedReader(new InputStreamReader(Files.newInputStream(path), StandardCharsets.UTF_8))) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                if (text.isBlank()) {
                    continue;
                }
                JsonNode line = parse(text);
                if (line.path("step").isInt()) {
                    lines.accept(line);
                } else {
                    malformed++;
                }
            }
            return malformed;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    private static JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }
}
