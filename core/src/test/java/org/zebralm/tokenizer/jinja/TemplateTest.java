package org.zebralm.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
    private static final Limits SMALL = new Limits(100_000, 100_000, 100);

    private static TemplateException failure(String template) {
        try {
            String text = Template.parse(template)
                    .render(Map.of("s", "x".repeat(1000), "l", List.of(1, 2)), Clock.systemUTC(), SMALL)
                    .text();
            throw new AssertionError("rendered " + text.length() + " characters");
        } catch (TemplateException e) {
            return e;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
                "{% for i in range(1000) %}{{ s }}{% endfor %}",
                "{{ 'a' * 1000000000 }}",
                "{{ [0] * 1000000000 }}",
                "{{ 2 ** 1000000 }}",
                "{{ 10 ** 10 ** 10 ** 99 }}",
                "{{ range(100001) }}",
                "{{ '%999999999d' % 1 }}",
                "{{ '{:999999999}'.format(1) }}",
                "{{ '%.999999999f' % 1.5 }}",
                "{{ s | center(999999999) }}",
                "{{ s | indent(999999999) }}",
                "{{ l | tojson(indent=999999999) }}",
                "{{ l | batch(999999999, 0) | list }}",
                "{{ s.replace('', s) }}",
                "{{ s | list | join(s) }}",
                "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
                "{% for x in [l] recursive %}{{ loop([l]) }}{% endfor %}",
                "{% set n = namespace(x=s) %}{% for i in range(50) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(200) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}"
            })
    void whatHasNoBoundIsStopped(String template) {
        assertThat(failure(template).kind()).isEqualTo(TemplateException.Kind.LIMIT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.find(b)",
                "a.rfind(b)",
                "a.count(b)",
                "a.split(b)",
                "a.rsplit(b)",
                "a.replace(b, '')",
                "b in a",
                "a.partition(b)",
                "a.rpartition(b)",
                "a.strip(b)",
                "a | replace(b, '')",
                "a | int",
                "a | float",
                "a == b"
            })
    void workOnLongTextsIsLinearOrCharged(String expression) {
        // Their product would be 10^12 comparisons.
        String template = "{% set a = 'a' * 2000000 %}{% set b = 'a' * 500000 ~ 'b' %}{{ " + expression + " }}";

        assertThat(Template.parse(template).render(Map.of()).text().length()).isLessThan(2_000_100);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "d.items()",
                "d | length",
                "d == e",
                "l.count(7)",
                "l.index(-1)",
                "l | first",
                "s is lower",
                "d is iterable"
            })
    void workThatGrowsWithValuesUsesUpSteps(String expression) {
        Map<String, Object> numbers = new java.util.LinkedHashMap<>();
        for (int i = 0; i < 100_000; i++) {
            numbers.put("k" + i, i);
        }
        List<Integer> list = new java.util.ArrayList<>(java.util.Collections.nCopies(100_000, 5));
        list.add(-1);
        String template = "{% for i in range(100000) %}{% for j in range(100000) %}{% if " + expression
                + " %}{% endif %}{% endfor %}{% endfor %}";
        long start = System.nanoTime();

        assertThatThrownBy(() -> Template.parse(template)
                        .render(
                                Map.of("d", numbers, "e", Map.copyOf(numbers), "l", list, "s", "a".repeat(100_000)),
                                Clock.systemUTC(),
                                new Limits(1_000_000, 100_000_000, 100)))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("steps");
        assertThat(System.nanoTime() - start).isLessThan(20_000_000_000L);
    }

    @Test
    void deepNestingIsRefusedAndNotFollowed() {
        for (String open : List.of("(", "[", "{'a':", "not ", "-", "1+(", "l[", "l|map(")) {
            assertThatThrownBy(() -> Template.parse("{{ " + open.repeat(50_000) + " }}"))
                    .as(open)
                    .isInstanceOf(TemplateException.class);
        }
        assertThatThrownBy(() -> Template.parse("{{ 1" + "+1".repeat(50_000) + " }}"))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> Template.parse("{{ l" + ".x".repeat(50_000) + " }}"))
                .isInstanceOf(TemplateException.class);
        assertThatThrownBy(() -> Template.parse("{% if l %}".repeat(50_000))).isInstanceOf(TemplateException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ l.append(1) }}",
                "{{ l['append'](1) }}",
                "{{ {}.update({}) }}",
                "{{ s.__class__() }}",
                "{{ ''.__class__.__mro__ }}",
                "{{ l | attr('__class__') + 1 }}",
                "{{ '{0.__class__.x}'.format(s) }}"
            })
    void theSandboxIsNotLeft(String template) {
        TemplateException failure = failure(template);
        assertThat(failure.kind()).isEqualTo(TemplateException.Kind.RUNTIME);
        assertThat(failure.reason()).contains("is unsafe");
    }

    @Test
    void errorsNameTheLine() {
        assertThat(failure("\n\n{{ 1 / 0 }}").line()).isEqualTo(3);
        assertThatThrownBy(() -> Template.parse("a\n{% if %}"))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("line 2");
        assertThat(failure("{% if l %}\n{{ raise_exception('no ' ~ l) }}{% endif %}"))
                .satisfies(e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.RAISED))
                .satisfies(e -> assertThat(e.reason()).isEqualTo("no [1, 2]"));
    }

    @Test
    void theCallersDataIsCopiedAndUnharmed() {
        List<Object> list = new java.util.ArrayList<>(List.of(3, 1, 2));

        Template.parse("{{ l | sort }}{{ l | reverse | list }}").render(Map.of("l", list));

        assertThat(list).containsExactly(3, 1, 2);
    }

    @Test
    void generatedTextWithinAMacroHasNoPlace() {
        String block = "{% generation %}a{% endgeneration %}";
        assertThat(Template.parse("x" + block).render(Map.of()).generated()).containsExactly(new Template.Span(1, 2));
        assertThat(Template.parse("{% macro m() %}" + block + "{% endmacro %}x{{ m() }}")
                        .render(Map.of())
                        .isLocated())
                .isFalse();
    }
}
