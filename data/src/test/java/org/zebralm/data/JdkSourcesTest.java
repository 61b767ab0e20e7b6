package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdkSourcesTest {

    private static final String LICENCE = "/*\n * Copyright (c) 2026, Somebody. All rights reserved.\n */\n\n";

    @TempDir
    Path folder;

    private Path zip;

    @BeforeEach
    void writeSources() throws IOException {
        zip = folder.resolve("src.zip");
        try (var out = new ZipOutputStream(Files.newOutputStream(zip))) {
            for (int i = 0; i < 40; i++) {
                add(out, "java.base/Long" + i + ".java", LICENCE + "class Long {}\n".repeat(200));
                add(out, "java.base/Short" + i + ".java", LICENCE + "class Short {}\n");
            }
            add(out, "jdk.localedata/Table.java", "table");
            add(out, "jdk.charsets/Table.java", "table");
            add(out, "java.base/readme.html", "html");
        }
    }

    @Test
    void everyFileComesOnceWithoutItsLicence() {
        List<Document> documents = read(1, Long.MAX_VALUE);
        assertThat(documents).hasSize(80).extracting(Document::id).doesNotHaveDuplicates();
        assertThat(documents).allMatch(d -> d.text().startsWith("class "));
        assertThat(documents).noneMatch(d -> d.id().contains("Table") || d.id().endsWith("html"));
    }

    @Test
    void longFilesComeFirstMostly() {
        List<Document> documents = read(1, Long.MAX_VALUE);
        assertThat(documents.subList(0, 40))
                .filteredOn(d -> d.id().contains("Long"))
                .hasSizeGreaterThan(35);
    }

    @Test
    void seedDecidesTheOrderAndTheBudgetTheEnd() {
        List<Document> documents = read(1, 20_000);
        assertThat(documents).isEqualTo(read(1, 20_000)).isNotEqualTo(read(2, 20_000));
        assertThat(documents.stream().mapToLong(d -> d.text().length()).sum()).isBetween(15_000L, 20_000L);
        assertThat(read(1, 1)).hasSize(1);
    }

    @Test
    void onlyLicencesAreStripped() {
        assertThat(JdkSources.withoutLicence("/* What it is. */\nclass A {}"))
                .isEqualTo("/* What it is. */\nclass A {}");
        assertThat(JdkSources.withoutLicence(LICENCE + LICENCE + "class A {}")).isEqualTo("class A {}");
    }

    @Test
    void missingSourcesNameThePackageToInstall() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new JdkSources(folder.resolve("none.zip"), 1, 1))
                .withMessageContaining("openjdk-25-source")
                .withMessageContaining("--data");
    }

    private List<Document> read(long seed, long maxCharacters) {
        var documents = new ArrayList<Document>();
        ReadReport report = new JdkSources(zip, seed, maxCharacters).forEach(documents::add);
        assertThat(report.files()).isEqualTo(documents.size());
        return documents;
    }

    private static void add(ZipOutputStream out, String name, String text) throws IOException {
        out.putNextEntry(new ZipEntry(name));
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.closeEntry();
    }
}
