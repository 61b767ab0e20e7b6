package org.zebralm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a record of settings: its defaults, then a YAML file, then `--key=value` arguments.
///
/// The defaults are an instance of the record, written where the record is; the file and the arguments say only what
/// differs. Keys are the names of the components; a dot leads into a nested record (`--model.numLayers=8`). A list is
/// replaced whole (`--lengths=[256,512]`). Components are numbers, booleans, strings, paths, enums, nested records and
/// lists of those; one marked `@Nullable` may be `null`.
///
/// Whatever cannot take effect is an `IllegalArgumentException`: an unknown key (with the closest known one), a key
/// written twice, a value of the wrong type, a refusal by the record's own constructor.
public final class Settings {
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                    .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
                    .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final String ON_COMMAND_LINE = " (on the command line)";

    private final @Nullable Path file;
    /// Keys that the user set, and where, as an error says it.
    private final Map<String, String> origins = new HashMap<>();

    private Settings(@Nullable Path file) {
        this.file = file;
    }

    /// The record that results from all three.
    ///
    /// @param file YAML (or JSON, which is YAML)
    /// @param overrides arguments of the form `--key=value`; of two for one key the last holds
    /// @throws IllegalArgumentException naming the key, the value, what was expected, and the file
    public static <R extends Record> R read(R defaults, @Nullable Path file, List<String> overrides) {
        return new Settings(file).merge(defaults, overrides);
    }

    /// The settings as a YAML file that [#read] would read to the same record.
    public static String toYaml(Record settings) {
        try {
            return YAML.writeValueAsString(RecordTree.of(settings));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain values is always YAML", e);
        }
    }

    /// The settings a file gives, as they stand there.
    static ObjectNode tree(Path file) {
        return parseFile(file);
    }

    /// A tree of settings with the defaults of those it does not name.
    static ObjectNode complete(Record defaults, ObjectNode settings) {
        ObjectNode tree = RecordTree.of(defaults);
        lay(settings, tree);
        return tree;
    }

    private static void lay(ObjectNode settings, ObjectNode over) {
        for (var setting : settings.properties()) {
            if (setting.getValue() instanceof ObjectNode inner
                    && over.get(setting.getKey()) instanceof ObjectNode below) {
                lay(inner, below);
            } else {
                over.set(setting.getKey(), setting.getValue());
            }
        }
    }

    private <R extends Record> R merge(R defaults, List<String> overrides) {
        @SuppressWarnings("unchecked") // getClass of an R
        var type = (Class<R>) defaults.getClass();
        ObjectNode tree = RecordTree.of(defaults);
        if (file != null) {
            put(tree, "", type, parseFile(file), " (in " + file + ")");
        }
        for (String override : overrides) {
            override(tree, type, override);
        }
        return new RecordBinder(file, origins).bind(tree, type);
    }

    private void override(ObjectNode tree, Class<?> type, String argument) {
        int equals = argument.indexOf('=');
        if (!argument.startsWith("--") || equals < 3) {
            throw new IllegalArgumentException("a setting is written --key=value: got " + argument);
        }
        String[] names = argument.substring(2, equals).split("\\.", -1);
        String path = "";
        ObjectNode node = tree;
        Class<?> record = type;
        for (String name : Arrays.copyOf(names, names.length - 1)) {
            RecordComponent component = RecordTree.component(record, path, name, ON_COMMAND_LINE);
            if (!component.getType().isRecord()) {
                throw new IllegalArgumentException(
                        "%s has no settings below it: got %s".formatted(RecordTree.key(path, name), argument));
            }
            // A nested record that is null by default begins empty.
            node = node.get(name) instanceof ObjectNode inner ? inner : node.putObject(name);
            record = component.getType();
            path = RecordTree.key(path, name);
        }
        String name = names[names.length - 1];
        RecordComponent component = RecordTree.component(record, path, name, ON_COMMAND_LINE);
        var change = YAML.createObjectNode();
        change.set(name, parseValue(component, argument, argument.substring(equals + 1)));
        put(node, path, record, change, ON_COMMAND_LINE);
    }

    /// Lays `changes` over `tree`, record by record.
    private void put(ObjectNode tree, String path, Class<?> type, ObjectNode changes, String origin) {
        for (var change : changes.properties()) {
            String name = change.getKey();
            String key = RecordTree.key(path, name);
            Class<?> target = RecordTree.component(type, path, name, origin).getType();
            if (target.isRecord() && change.getValue() instanceof ObjectNode inner) {
                ObjectNode below = tree.get(name) instanceof ObjectNode present ? present : tree.putObject(name);
                put(below, key, target, inner, origin);
            } else {
                tree.set(name, change.getValue());
                origins.put(key, origin);
            }
        }
    }

    private static ObjectNode parseFile(Path file) {
        try {
            JsonNode tree = YAML.readTree(Files.readString(file));
            if (tree == null || tree.isMissingNode() || tree.isNull() || isEmptyText(tree)) {
                return YAML.createObjectNode();
            } else if (tree instanceof ObjectNode object) {
                return object;
            }
            throw new IllegalArgumentException(file + ": settings are lines of 'key: value': got " + tree);
        } catch (JsonProcessingException e) {
            var at = e.getLocation();
            throw new IllegalArgumentException(
                    "%s%s: not valid YAML: %s"
                            .formatted(
                                    file,
                                    at == null ? "" : ", line %d column %d".formatted(at.getLineNr(), at.getColumnNr()),
                                    firstLine(e)),
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Text is taken as it stands, so that `--name=1.10` or `--name=a: b` needs no quotes within quotes.
    private static JsonNode parseValue(RecordComponent component, String argument, String value) {
        if (RecordTree.isNullable(component) && value.equals("null")) {
            return NullNode.getInstance();
        } else if (RecordTree.isText(component.getType())) {
            return TextNode.valueOf(value);
        }
        try {
            JsonNode node = YAML.readTree(value);
            return node == null || node.isMissingNode() ? TextNode.valueOf(value) : node;
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("%s is not valid YAML: %s".formatted(argument, firstLine(e)), e);
        }
    }

    private static boolean isEmptyText(JsonNode node) {
        return node.isTextual() && node.textValue().isEmpty();
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("unreadable");
    }
}
