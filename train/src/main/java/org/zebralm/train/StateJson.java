package org.zebralm.train;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import org.zebralm.model.AttentionType;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// Records as the JSON that a checkpoint's metadata holds; a layer's attention is its window, 0 for global.
final class StateJson {
    private static final ObjectMapper JSON = new ObjectMapper()
            .registerModule(new SimpleModule()
                    .addSerializer(AttentionType.class, new WindowWriter())
                    .addDeserializer(AttentionType.class, new WindowReader()))
            .addMixIn(RopeConfig.class, ByKind.class)
            .addMixIn(RopeScaling.class, ByKind.class);

    static {
        JSON.registerSubtypes(
                new NamedType(RopeConfig.None.class, "none"), new NamedType(RopeConfig.Rotary.class, "rotary"));
        JSON.registerSubtypes(
                new NamedType(RopeScaling.None.class, "none"),
                new NamedType(RopeScaling.Linear.class, "linear"),
                new NamedType(RopeScaling.DynamicNtk.class, "dynamic"),
                new NamedType(RopeScaling.Yarn.class, "yarn"),
                new NamedType(RopeScaling.Llama3.class, "llama3"));
    }

    /// Names which of its kinds a value is.
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
    private interface ByKind {}

    private StateJson() {}

    static ObjectNode tree(Record value) {
        return JSON.valueToTree(value);
    }

    static ObjectNode parse(String json) {
        try {
            if (JSON.readTree(json) instanceof ObjectNode tree) {
                return tree;
            }
            throw new IllegalArgumentException("must be a JSON object: got " + json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// Lays a tree over the one of `defaults`, group by group: settings that were added since it was written
    /// keep those.
    static <R extends Record> R read(R defaults, ObjectNode tree, Class<R> type) {
        try {
            return read(JSON.readerForUpdating(tree(defaults)).<ObjectNode>readValue(tree), type);
        } catch (IOException e) {
            throw new IllegalArgumentException("is no %s: %s".formatted(type.getSimpleName(), e.getMessage()), e);
        }
    }

    /// Reads a record; unknown and unsuitable values are refused.
    static <R extends Record> R read(JsonNode tree, Class<R> type) {
        try {
            return JSON.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "is no %s: %s".formatted(type.getSimpleName(), e.getOriginalMessage()), e);
        }
    }

    private static final class WindowWriter extends JsonSerializer<AttentionType> {
        @Override
        public void serialize(AttentionType type, JsonGenerator json, SerializerProvider provider) throws IOException {
            json.writeNumber(
                    switch (type) {
                        case AttentionType.Global _ -> 0;
                        case AttentionType.Local(int window) -> window;
                    });
        }
    }

    private static final class WindowReader extends JsonDeserializer<AttentionType> {
        @Override
        public AttentionType deserialize(JsonParser json, DeserializationContext context) throws IOException {
            int window = json.getIntValue();
            return window == 0 ? new AttentionType.Global() : new AttentionType.Local(window);
        }
    }
}
