package org.zebralm.tokenizer.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A template, parsed and checked. Safe for use by many threads.
///
/// Semantics are those of Jinja 3.1 in the environment that transformers 5 makes for chat templates: an immutable
/// sandbox, `trim_blocks` and `lstrip_blocks`, loop controls, `{% generation %}`, its own `tojson`.
public final class Template {
    /// The most characters of a template.
    public static final int MAX_CHARACTERS = 1 << 18;

    private final String source;
    private final Body body;

    private Template(String source, Body body) {
        this.source = source;
        this.body = body;
    }

    /// What a template makes of its variables.
    ///
    /// @param generated what the `{% generation %}` blocks wrote, in the order they ended
    /// @param isLocated whether all of it stands where `generated` says; text that a macro, a call block or a set
    ///     block has taken in may have come to stand elsewhere, and transformers misplaces it
    public record Rendered(String text, List<Span> generated, boolean isLocated) {}

    /// Characters of a rendered text, `start` included and `end` not.
    public record Span(int start, int end) {}

    /// Parses a template.
    ///
    /// @throws TemplateException naming the line, if it is not valid or uses what is not implemented
    public static Template parse(String source) {
        if (source.length() > MAX_CHARACTERS) {
            throw TemplateException.limit(
                    "a template must have at most " + MAX_CHARACTERS + " characters: got " + source.length());
        }
        try {
            return new Template(source, Parser.parse(source));
        } catch (StackOverflowError _) {
            throw TemplateException.limit("a template must nest less deeply than the thread's stack allows");
        }
    }

    /// The template's text.
    public String source() {
        return source;
    }

    /// Renders with variables, at the time of the system's clock.
    public Rendered render(Map<String, ? extends @Nullable Object> variables) {
        return render(variables, Clock.system(ZoneId.systemDefault()));
    }

    /// Renders with variables: null, booleans, numbers, strings, lists, maps and Jackson's nodes.
    ///
    /// @param clock what `strftime_now` reads
    /// @throws TemplateException naming the line, if the template refuses the variables, fails, or reaches a limit
    public Rendered render(Map<String, ? extends @Nullable Object> variables, Clock clock) {
        return render(variables, clock, null);
    }

    /// Renders within limits of the caller.
    Rendered render(Map<String, ? extends @Nullable Object> variables, Clock clock, @Nullable Limits given) {
        var data = new Data();
        Map<String, Object> copies = new LinkedHashMap<>();
        variables.forEach((name, value) -> copies.put(name, data.of(value)));
        Limits limits = given == null ? Limits.forInput(source.length() + data.characters()) : given;
        var budget = new Budget(limits);
        var evaluator = new Evaluator(budget);
        var globals = new Frame(null);
        Globals.addTo(globals, clock, budget);
        copies.forEach(globals::set);
        var root = globals.inner(body);
        var renderer = new Renderer(evaluator, root);
        try {
            return rendered(renderer.render(body), renderer.generated());
        } catch (TemplateException e) {
            throw e.at(evaluator.line());
        } catch (StackOverflowError _) {
            throw TemplateException.limit("a template must nest less deeply than the thread's stack allows")
                    .at(evaluator.line());
        }
    }

    private static Rendered rendered(String text, List<Renderer.Generated> generated) {
        List<Span> spans = generated.stream()
                .map(part -> new Span(part.start(), part.start() + part.length()))
                .toList();
        return new Rendered(text, spans, generated.stream().allMatch(Renderer.Generated::isLocated));
    }
}
