package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.loader.launch.JarLauncher;
import org.zebralm.testing.TinyTextModels;

/// A program with all its libraries in one jar, libtorch included, in a JVM of its own.
@Tag("slow") // writes jars of 150 MB
class FatJarTest {
    @TempDir
    Path folder;

    /// The class path of a program that uses Zebra: no tests' libraries, but for the program itself.
    private static List<Path> libraries() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::isRegularFile)
                .filter(jar -> Stream.of("junit", "assertj", "opentest4j", "surefire", "apiguardian", "spring-boot")
                        .noneMatch(name -> String.valueOf(jar.getFileName()).contains(name)))
                .toList();
    }

    private static List<Path> classes() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::isDirectory)
                .toList();
    }

    private static Manifest manifest(String mainClass) {
        var manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, mainClass);
        attributes.putValue("Enable-Native-Access", "ALL-UNNAMED");
        return manifest;
    }

    private static JarOutputStream jar(Path file, Manifest manifest) throws IOException {
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(file));
        var jar = new JarOutputStream(out, manifest);
        jar.setLevel(1);
        return jar;
    }

    private static void addFolder(JarOutputStream jar, Path classes, String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(file -> file.toString().endsWith(".class"))
                    .toList()) {
                jar.putNextEntry(new JarEntry(
                        prefix + classes.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, jar);
            }
        }
    }

    private static void addContents(JarOutputStream jar, Path library, Set<String> seen) throws IOException {
        try (var file = new JarFile(library.toFile())) {
            for (JarEntry entry : file.stream().toList()) {
                if (!entry.getName().equals(JarFile.MANIFEST_NAME) && seen.add(entry.getName())) {
                    jar.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream in = file.getInputStream(entry)) {
                        in.transferTo(jar);
                    }
                }
            }
        }
    }

    private void assertRuns(Path jar) throws IOException, InterruptedException {
        TinyTextModels.write(folder, 64);
        ChildProgram.Ended ended = ChildProgram.run(
                ChildProgram.ENVIRONMENT,
                List.of("--add-modules", "jdk.incubator.vector", "-jar", jar.toString(), folder.toString()));
        assertThat(ended.code()).as(ended.err()).isZero();
        try (LanguageModel model = LanguageModel.open(folder)) {
            assertThat(ended.out()).isEqualTo(model.generate("Stripes", SamplingConfig.greedy(12)));
        }
        assertThat(ended.err()).doesNotContain("start java with");
    }

    @Test
    void aJarOfJarsAsSpringBootPacksThemRuns() throws Exception {
        Manifest manifest = manifest(JarLauncher.class.getName());
        manifest.getMainAttributes().putValue("Start-Class", ChildProgram.class.getName());
        manifest.getMainAttributes().putValue("Spring-Boot-Classes", "BOOT-INF/classes/");
        manifest.getMainAttributes().putValue("Spring-Boot-Lib", "BOOT-INF/lib/");
        Path file = folder.resolve("nested.jar");
        try (JarOutputStream jar = jar(file, manifest)) {
            Path loader = Path.of(JarLauncher.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            addContents(jar, loader, new HashSet<>());
            jar.putNextEntry(new JarEntry("BOOT-INF/classes/"));
            for (Path classes : classes()) {
                addFolder(jar, classes, "BOOT-INF/classes/");
            }
            jar.putNextEntry(new JarEntry("BOOT-INF/lib/"));
            for (Path library : libraries()) {
                byte[] bytes = Files.readAllBytes(library);
                var entry = new JarEntry("BOOT-INF/lib/" + library.getFileName());
                entry.setMethod(JarEntry.STORED); // nested jars are read in place
                entry.setSize(bytes.length);
                var crc = new CRC32();
                crc.update(bytes);
                entry.setCrc(crc.getValue());
                jar.putNextEntry(entry);
                jar.write(bytes);
            }
        }
        assertRuns(file);
    }

    @Test
    void oneJarOfEverythingRuns() throws Exception {
        Path file = folder.resolve("uber.jar");
        try (JarOutputStream jar = jar(file, manifest(ChildProgram.class.getName()))) {
            for (Path classes : classes()) {
                addFolder(jar, classes, "");
            }
            Set<String> seen = new HashSet<>();
            for (Path library : libraries()) {
                addContents(jar, library, seen);
            }
        }
        assertRuns(file);
    }
}
