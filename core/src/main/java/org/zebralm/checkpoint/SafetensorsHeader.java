package org.zebralm.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.zebralm.tensor.DType;

/// What a safetensors file says about its tensors, in the order of their bytes.
///
/// The format: eight bytes of length (little-endian), that many bytes of JSON, the tensors' bytes without gaps. See
/// <https://huggingface.co/docs/safetensors>.
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    /// The length field in front of the JSON.
    static final int PREFIX_BYTES = 8;

    /// Longer headers are refused; the format's own implementation has the same limit.
    static final int MAX_BYTES = 100_000_000;

    static final String METADATA = "__metadata__";

    /// Duplicate names would let two readers see different tensors in one file.
    static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /// One tensor: bytes `begin` to `end` of the part behind the header.
    record Entry(String name, DType dtype, List<Long> shape, long begin, long end) {
        long[] dims() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    /// Lays tensors out one after the other, in the order given.
    static SafetensorsHeader layOut(
            Map<String, DType> dtypes, Map<String, long[]> shapes, Map<String, String> metadata) {
        var entries = new ArrayList<Entry>();
        long begin = 0;
        for (var named : dtypes.entrySet()) {
            if (named.getKey().equals(METADATA)) {
                throw new IllegalArgumentException(
                        "a tensor cannot be called " + METADATA + ": the format uses that name");
            }
            long[] shape = Objects.requireNonNull(shapes.get(named.getKey()));
            long end = begin + named.getValue().bytes() * Arrays.stream(shape).reduce(1, Math::multiplyExact);
            entries.add(new Entry(
                    named.getKey(),
                    named.getValue(),
                    Arrays.stream(shape).boxed().toList(),
                    begin,
                    end));
            begin = end;
        }
        return new SafetensorsHeader(List.copyOf(entries), Map.copyOf(metadata));
    }

    /// Returns the length field and the JSON, padded with blanks so that the tensors start at a multiple of eight.
    ByteBuffer toBytes() {
        var text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (String key : metadata.keySet().stream().sorted().toList()) {
                    json.writeStringField(key, metadata.get(key));
                }
                json.writeEndObject();
            }
            for (Entry entry : entries) {
                json.writeObjectFieldStart(entry.name());
                json.writeStringField("dtype", SafetensorsDType.code(entry.dtype()));
                json.writeFieldName("shape");
                json.writeArray(entry.dims(), 0, entry.shape().size());
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter failed", e);
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(bytes.length, Long.BYTES) * Long.BYTES;
        if (padded > MAX_BYTES) {
            throw new IllegalArgumentException("a safetensors header must stay below " + MAX_BYTES + " bytes: got "
                    + padded + "; write more shards");
        }
        byte[] blanks = new byte[padded - bytes.length];
        Arrays.fill(blanks, (byte) ' ');
        return ByteBuffer.allocate(PREFIX_BYTES + padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded)
                .put(bytes)
                .put(blanks)
                .flip();
    }
}
