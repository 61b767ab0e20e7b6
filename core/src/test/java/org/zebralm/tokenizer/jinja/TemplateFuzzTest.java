package org.zebralm.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Templates of random pieces: whatever they are, they end soon, in text or in a [TemplateException].
class TemplateFuzzTest {
    private static final String[] PIECES = {
        "{{",
        "}}",
        "{%",
        "%}",
        "{%-",
        "-%}",
        "{#",
        "#}",
        " ",
        "\n",
        "if ",
        "else",
        "endif",
        "for x in l",
        "endfor",
        "set x = ",
        "endset",
        "macro m(a)",
        "endmacro",
        "m(1)",
        "x",
        "l",
        "s",
        "loop.index",
        "|",
        "upper",
        "tojson",
        "join",
        "list",
        "map('upper')",
        "is ",
        "not ",
        "in ",
        "and ",
        "or ",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "'",
        "\"",
        "1",
        "2.5",
        "99999999999",
        "**",
        "*",
        "+",
        "-",
        "/",
        "//",
        "%",
        "~",
        "==",
        "<",
        "range(",
        "namespace(",
        "raw",
        "endraw",
        "call",
        "filter ",
        "with ",
        "\\",
        "recursive",
        "loop(",
        "é",
        "😀",
        "\ud800",
        "break",
        "generation",
        "endgeneration",
        "'%s'%",
        ".format(",
        ".split(",
        "none"
    };
    private static final Limits LIMITS = new Limits(20_000, 20_000, 100);
    private static final Map<String, Object> VARIABLES =
            Map.of("l", List.of(1, "a", List.of(2), Map.of("k", 1)), "s", "Hello", "x", 3);

    private static int run(SplittableRandom random, int count) {
        int rendered = 0;
        for (int i = 0; i < count; i++) {
            var template = new StringBuilder();
            boolean wellFormed = random.nextInt(3) > 0;
            for (int j = random.nextInt(12); j >= 0; j--) {
                template.append(wellFormed ? "{{ " : "");
                for (int k = random.nextInt(6); k >= 0; k--) {
                    template.append(PIECES[random.nextInt(PIECES.length)]);
                }
                template.append(wellFormed ? " }}" : "");
            }
            try {
                Template.parse(template.toString()).render(VARIABLES, Clock.systemUTC(), LIMITS);
                rendered++;
            } catch (TemplateException _) {
                // as it may
            } catch (RuntimeException | Error e) {
                throw new AssertionError("template: " + template, e);
            }
        }
        return rendered;
    }

    @Test
    void randomTemplatesEndInTextOrARefusal() {
        assertThat(run(new SplittableRandom(1), 100_000)).isGreaterThan(1_000);
    }

    @Test
    @Tag("slow")
    void aMillionMoreDoSo() {
        assertThat(run(new SplittableRandom(2), 1_000_000)).isGreaterThan(10_000);
    }
}
