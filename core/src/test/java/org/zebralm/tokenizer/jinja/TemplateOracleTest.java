package org.zebralm.tokenizer.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class TemplateOracleTest {
    private static final Path CASES = Path.of("src/test/resources/fixtures/chat-templates.jsonl");

    @Test
    void everyCaseRendersAsByTransformers() throws IOException {
        Path file = Files.exists(CASES) ? CASES : Path.of("core").resolve(CASES);

        assertThat(Files.readAllLines(file)).hasSizeGreaterThan(500);
        assertThat(OracleCases.differences(file)).isEmpty();
    }
}
