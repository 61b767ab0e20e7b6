package org.zebralm.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.SafetensorsHeader.Entry;
import org.zebralm.tensor.DType;

/// Reads the JSON of a safetensors file and believes nothing of it.
///
/// Parsed token by token, so that a header can take no more memory than what it describes.
final class SafetensorsHeaderParser {
    /// libtorch's own limit on axes.
    private static final int MAX_RANK = 64;

    private final String file;
    private final long dataBytes;
    private final JsonParser json;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private SafetensorsHeaderParser(String file, long dataBytes, JsonParser json) {
        this.file = file;
        this.dataBytes = dataBytes;
        this.json = json;
    }

    /// Parses `header`, which stands in front of `dataBytes` bytes of tensors.
    ///
    /// @throws IllegalArgumentException naming the file, the tensor and the rule, if anything is out of order
    static SafetensorsHeader parse(String file, InputStream header, long dataBytes) throws IOException {
        // Through a strict decoder, since a parser given bytes would guess at UTF-16 and UTF-32 as well.
        Reader text = new InputStreamReader(header, StandardCharsets.UTF_8.newDecoder());
        try (JsonParser json = SafetensorsHeader.JSON.createParser(text)) {
            return new SafetensorsHeaderParser(file, dataBytes, json).parse();
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + ": the header is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(file + ": the header is not valid UTF-8", e);
        }
    }

    private SafetensorsHeader parse() throws IOException {
        expect(JsonToken.START_OBJECT, null, "the header must be a JSON object");
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            if (name.equals(SafetensorsHeader.METADATA)) {
                parseMetadata();
            } else {
                entries.add(parseEntry(name));
            }
        }
        if (json.nextToken() != null) {
            throw refuse(null, "something follows the header's JSON object");
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        checkLayout();
        return new SafetensorsHeader(List.copyOf(entries), Map.copyOf(metadata));
    }

    private void parseMetadata() throws IOException {
        expect(JsonToken.START_OBJECT, SafetensorsHeader.METADATA, "metadata must be an object of strings");
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            expect(JsonToken.VALUE_STRING, SafetensorsHeader.METADATA, "metadata must be an object of strings");
            metadata.put(key, json.getText());
        }
    }

    private Entry parseEntry(String name) throws IOException {
        expect(JsonToken.START_OBJECT, name, "a tensor must be described by an object");
        DType dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            switch (json.currentName()) {
                case "dtype" -> dtype = parseDType(name);
                case "shape" -> shape = parseNumbers(name, "shape", MAX_RANK);
                case "data_offsets" -> offsets = parseNumbers(name, "data_offsets", 2);
                default -> throw refuse(name, "unknown key " + json.currentName());
            }
        }
        if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
            throw refuse(name, "needs dtype, shape and two data_offsets");
        }
        Entry entry = new Entry(name, dtype, shape, offsets.getFirst(), offsets.getLast());
        checkExtent(entry);
        return entry;
    }

    private DType parseDType(String name) throws IOException {
        expect(JsonToken.VALUE_STRING, name, "dtype must be a string");
        DType dtype = SafetensorsDType.parse(json.getText());
        if (dtype == null) {
            throw refuse(
                    name,
                    "dtype " + json.getText()
                            + " is not implemented; F64, F32, F16, BF16, I64, I32, I8, U8 and BOOL are");
        }
        return dtype;
    }

    private List<Long> parseNumbers(String name, String key, int limit) throws IOException {
        expect(JsonToken.START_ARRAY, name, key + " must be an array of whole numbers");
        List<Long> numbers = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
                    || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                    || json.getLongValue() < 0) {
                throw refuse(name, key + " must hold whole numbers from 0 to 2^63 - 1: got " + json.getText());
            }
            if (numbers.size() == limit) {
                throw refuse(name, key + " must have at most " + limit + " numbers");
            }
            numbers.add(json.getLongValue());
        }
        return List.copyOf(numbers);
    }

    private void checkExtent(Entry entry) {
        if (entry.begin() > entry.end() || entry.end() > dataBytes) {
            throw refuse(
                    entry.name(),
                    "data_offsets must ascend within the " + dataBytes + " bytes of tensors: got " + entry.begin()
                            + " and " + entry.end());
        }
        long needed;
        try {
            needed = entry.dtype().bytes();
            for (long size : entry.shape()) {
                needed = Math.multiplyExact(needed, size);
            }
        } catch (ArithmeticException e) {
            throw refuse(entry.name(), "shape " + entry.shape() + " has more than 2^63 bytes");
        }
        if (needed != entry.end() - entry.begin()) {
            throw refuse(
                    entry.name(),
                    entry.dtype().label() + entry.shape() + " takes " + needed + " bytes, but its data_offsets span "
                            + (entry.end() - entry.begin()));
        }
    }

    /// Bytes that belong to no tensor could hide anything, and shared ones would be written through two names.
    private void checkLayout() {
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin() != end) {
                throw refuse(
                        entry.name(),
                        (entry.begin() < end ? "overlaps the tensor before it" : "leaves a gap before it")
                                + ": it begins at " + entry.begin() + ", and the one before ends at " + end);
            }
            end = entry.end();
        }
        if (end != dataBytes) {
            throw refuse(null, "the tensors end at byte " + end + " of " + dataBytes + ": the file is damaged");
        }
    }

    private void expect(JsonToken token, @Nullable String tensor, String rule) throws IOException {
        if (json.nextToken() != token) {
            throw refuse(tensor, rule);
        }
    }

    private IllegalArgumentException refuse(@Nullable String tensor, String rule) {
        return new IllegalArgumentException(file + ": " + (tensor == null ? "" : "tensor " + tensor + ": ") + rule);
    }
}
