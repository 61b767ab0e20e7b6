package org.zebralm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Token ids from a JSON file: rows of one length, each a sequence of its own.
///
/// @param rows at least one, each of at least one id
record TokenRows(Path file, List<int[]> rows) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final String FORM = "a list of rows of ids, such as [[1, 2, 3], [4, 5, 6]], or one row";

    /// Reads `[[1, 2], [3, 4]]`, or `[1, 2]` as one row.
    ///
    /// @throws IllegalArgumentException if the file holds anything else, naming where
    static TokenRows read(Path file) {
        JsonNode root = parse(file);
        if (!root.isArray()) {
            throw new IllegalArgumentException(file + " must hold " + FORM + ": got " + abbreviated(root));
        }
        if (root.isEmpty()) {
            throw new IllegalArgumentException(file + " must hold at least one id: got []");
        }
        List<int[]> rows = new ArrayList<>();
        boolean isFlat = root.valueStream().noneMatch(JsonNode::isArray);
        if (isFlat) {
            rows.add(row(file, root, ""));
        } else {
            for (JsonNode row : root) {
                rows.add(row(file, row, "[" + rows.size() + "]"));
            }
        }
        var read = new TokenRows(file, List.copyOf(rows));
        read.requireOneLength();
        return read;
    }

    private static JsonNode parse(Path file) {
        try {
            return JSON.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    file + " must be JSON, " + FORM + ": " + e.getOriginalMessage() + " at line "
                            + e.getLocation().getLineNr(),
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int[] row(Path file, JsonNode row, String where) {
        if (!row.isArray()) {
            throw new IllegalArgumentException(
                    file + " must hold " + FORM + ": got " + abbreviated(row) + " at " + where);
        }
        int[] ids = new int[row.size()];
        for (int i = 0; i < ids.length; i++) {
            JsonNode id = row.get(i);
            if (!id.isIntegralNumber() || !id.canConvertToInt()) {
                throw new IllegalArgumentException(file + " must hold token ids, whole numbers: got " + abbreviated(id)
                        + " at " + where + "[" + i + "]");
            }
            ids[i] = id.intValue();
        }
        return ids;
    }

    private void requireOneLength() {
        int length = rows.getFirst().length;
        if (length == 0) {
            throw new IllegalArgumentException(file + " must hold rows of at least one id: got an empty one");
        }
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i).length != length) {
                throw new IllegalArgumentException(file
                        + " must hold rows of one length (no id is taken for padding; fill short rows at the end with"
                        + " any id and drop those logits): got " + length + " ids in row 0 and "
                        + rows.get(i).length + " in row " + i);
            }
        }
    }

    /// Refuses ids that a model has no row for.
    void requireFit(int vocabSize) {
        for (int row = 0; row < rows.size(); row++) {
            int[] ids = rows.get(row);
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] < 0 || ids[i] >= vocabSize) {
                    throw new IllegalArgumentException(
                            "%s must hold ids from 0 to %d, the model's vocabulary: got %d at [%d][%d]"
                                    .formatted(file, vocabSize - 1, ids[i], row, i));
                }
            }
        }
    }

    int length() {
        return rows.getFirst().length;
    }

    private static String abbreviated(JsonNode node) {
        String text = node.toString();
        return text.length() <= 40 ? text : text.substring(0, 37) + "...";
    }
}
