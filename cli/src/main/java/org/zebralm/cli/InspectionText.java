package org.zebralm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.zebralm.checkpoint.ModelInspection;

/// What a model is besides its sizes: family, stored types, what is unusual, and what each form would lose.
record InspectionText(ModelInspection inspection) {
    /// One line: `family llama, a GGUF file; stored as Q8_0 (25.1k), float32 (160)`.
    String head() {
        Map<String, Long> types = inspection.elementsByType();
        String stored = types.size() == 1
                ? types.keySet().iterator().next()
                : types.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .map(type -> "%s (%s)".formatted(type.getKey(), Units.count((double) type.getValue())))
                        .collect(Collectors.joining(", "));
        return "family %s, %s%s"
                .formatted(inspection.family(), inspection.form(), types.isEmpty() ? "" : "; stored as " + stored);
    }

    /// The sections that have anything to say, a phrase a line.
    String body() {
        List<String> lines = new ArrayList<>();
        section(lines, "unusual", inspection.unusual());
        if (!inspection.ignoredKeys().isEmpty()) {
            section(lines, "ignored, since it changes nothing", List.of(String.join(", ", inspection.ignoredKeys())));
        }
        section(
                lines,
                "zebra convert --to",
                inspection.exports().stream().map(InspectionText::export).toList());
        return String.join("\n", lines);
    }

    private static void section(List<String> lines, String title, List<String> phrases) {
        if (!phrases.isEmpty()) {
            lines.add(title + ":");
            phrases.forEach(phrase -> lines.add("  " + phrase.replace("\n", "\n  ")));
        }
    }

    private static String export(ModelInspection.Export export) {
        String label = export.target().label();
        if (export.refusal() != null) {
            return "%s: no; %s".formatted(label, export.refusal());
        }
        String as = export.family().equals(label) ? "" : " (%s)".formatted(export.family());
        return "%s%s: %s"
                .formatted(
                        label,
                        as,
                        export.losses().isEmpty() ? "nothing is lost" : "loses " + String.join("; ", export.losses()));
    }

    void addTo(ObjectNode json) {
        json.put("family", inspection.family());
        json.put("form", inspection.form());
        ObjectNode types = json.putObject("storedTypes");
        inspection.elementsByType().forEach(types::put);
        inspection.unusual().forEach(json.putArray("unusual")::add);
        inspection.ignoredKeys().forEach(json.putArray("ignoredKeys")::add);
        ObjectNode exports = json.putObject("exports");
        for (ModelInspection.Export export : inspection.exports()) {
            ObjectNode one = exports.putObject(export.target().label());
            one.put("possible", export.refusal() == null);
            if (export.refusal() == null) {
                one.put("family", export.family());
                export.losses().forEach(one.putArray("lost")::add);
            } else {
                one.put("reason", export.refusal());
            }
        }
    }
}
