package org.zebralm.tokenizer.jinja;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/// Templates and what transformers makes of them, as `oracle/chat_templates.py` wrote them.
public final class OracleCases {
    /// When the oracle rendered.
    public static final Clock CLOCK = Clock.fixed(Instant.parse("2024-07-26T09:05:03Z"), ZoneOffset.UTC);

    private OracleCases() {}

    /// Returns a line for each case of a file that we render otherwise.
    public static List<String> differences(Path file) throws IOException {
        JsonMapper mapper = new JsonMapper();
        List<String> differences = new ArrayList<>();
        try (BufferedReader reader = Files.newBufferedReader(file)) {
            JsonNode variables =
                    mapper.readTree(Objects.requireNonNull(reader.readLine())).path("variables");
            Map<String, Object> given = new LinkedHashMap<>();
            variables.properties().forEach(entry -> given.put(entry.getKey(), entry.getValue()));
            try (Stream<String> lines = reader.lines()) {
                for (String line : lines.toList()) {
                    JsonNode expected = mapper.readTree(line);
                    String template = expected.path("template").textValue();
                    String difference =
                            difference(expected, () -> Template.parse(template).render(given, CLOCK));
                    if (difference != null) {
                        differences.add(template.replace("\n", "\\n") + "\n    " + difference);
                    }
                }
            }
        }
        return differences;
    }

    /// Returns a refusal as a template would make it.
    public static TemplateException refusal(IllegalArgumentException e) {
        return e instanceof TemplateException template
                ? template
                : TemplateException.runtime(String.valueOf(e.getMessage()));
    }

    /// Renders.
    public interface Rendering {
        /// Returns what is to be compared.
        Template.Rendered render();
    }

    /// Returns how a rendering differs from what is expected; null if it does not.
    public static @org.jspecify.annotations.Nullable String difference(JsonNode expected, Rendering rendering) {
        try {
            Template.Rendered rendered = rendering.render();
            String text = rendered.text();
            if (!expected.has("text")) {
                return "expected " + expected.path("error") + ": got " + text;
            }
            if (!expected.path("text").textValue().equals(text)) {
                return "expected " + expected.path("text") + "\n    got      " + new JsonMapper().valueToTree(text);
            }
            if (rendered.isLocated() && expected.has("spans")) {
                List<List<Integer>> spans = new ArrayList<>();
                for (Template.Span span : rendered.generated()) {
                    spans.add(List.of(text.codePointCount(0, span.start()), text.codePointCount(0, span.end())));
                }
                if (!new JsonMapper().valueToTree(spans).equals(expected.path("spans"))) {
                    return "expected spans " + expected.path("spans") + ": got " + spans;
                }
            }
            return null;
        } catch (TemplateException e) {
            boolean isRaised = e.kind() == TemplateException.Kind.RAISED;
            boolean sameKind = expected.has("error")
                    && isRaised == expected.path("error").asText().equals("raised")
                    && (e.kind() == TemplateException.Kind.SYNTAX)
                            == expected.path("error").asText().equals("syntax");
            boolean refused = expected.path("error").asText().equals("runtime") && !isRaised;
            if (isRaised
                    && sameKind
                    && !e.reason().equals(expected.path("message").asText())) {
                return "expected the message " + expected.path("message") + ": got " + e.reason();
            }
            return sameKind || refused ? null : "expected " + expected + ": got " + e.kind() + " " + e.getMessage();
        }
    }
}
