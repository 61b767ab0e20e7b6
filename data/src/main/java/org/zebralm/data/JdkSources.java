package org.zebralm.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.zebralm.data.ReadReport.Tally;

/// The sources of the JDK itself, each file a document: real text that is on the machine already.
///
/// The licence comment that opens most files is stripped, or a model would learn it first and best. Modules that
/// are tables (`jdk.localedata`, `jdk.charsets`) are left out. The order is random by the seed but prefers long
/// files, since half of all files are under 5,200 characters and say nothing about long context: a file's chance to
/// come next is proportional to its length.
///
/// @param zip the JDK's `lib/src.zip`
/// @param seed decides the order; the same seed gives the same documents
/// @param maxCharacters reading stops before the document that would exceed it; the first always comes
public record JdkSources(Path zip, long seed, long maxCharacters) implements DocumentSource {

    private static final List<String> TABLES = List.of("jdk.localedata/", "jdk.charsets/");

    private static final double HASHES = 0x1p63;

    public JdkSources {
        if (maxCharacters < 1) {
            throw new IllegalArgumentException("maxCharacters must be positive: got " + maxCharacters);
        }
        if (!Files.isRegularFile(zip)) {
            throw new IllegalArgumentException("the default text is the JDK's own sources, but " + zip
                    + " does not exist: install them (Debian and Ubuntu: openjdk-25-source; Fedora: "
                    + "java-25-openjdk-src; most JDK archives have them) or name your own text with --data PATH");
        }
    }

    /// The sources of the JDK that runs this program.
    public static JdkSources ofRunningJdk(long seed, long maxCharacters) {
        return new JdkSources(Path.of(System.getProperty("java.home"), "lib", "src.zip"), seed, maxCharacters);
    }

    @Override
    public ReadReport forEach(Consumer<Document> consumer) {
        var tally = new Tally();
        try (var sources = new ZipFile(zip.toFile())) {
            List<? extends ZipEntry> files = sources.stream()
                    .filter(JdkSources::isText)
                    .sorted(Comparator.<ZipEntry>comparingDouble(this::turn).thenComparing(ZipEntry::getName))
                    .toList();
            long left = maxCharacters;
            for (ZipEntry file : files) {
                byte[] bytes = read(sources, file);
                Utf8 decoded = Utf8.decode(ByteBuffer.wrap(bytes));
                String text = withoutLicence(decoded.text());
                if (text.isEmpty()) {
                    tally.skip(file.getName(), "nothing but a licence");
                    continue;
                }
                if (text.length() > left && left < maxCharacters) {
                    break;
                }
                left -= text.length();
                tally.read(bytes.length, decoded.numReplaced());
                consumer.accept(new Document(file.getName(), text));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + zip + ": " + e.getMessage(), e);
        }
        return tally.report();
    }

    private static boolean isText(ZipEntry file) {
        return file.getName().endsWith(".java") && TABLES.stream().noneMatch(file.getName()::startsWith);
    }

    private static byte[] read(ZipFile sources, ZipEntry file) throws IOException {
        try (InputStream in = sources.getInputStream(file)) {
            return in.readAllBytes();
        }
    }

    /// When a file's turn comes: an exponential waiting time whose rate is the length. Sorted by it, files come
    /// as if drawn one by one with chances proportional to length (Efraimidis and Spirakis, 2006).
    private double turn(ZipEntry file) {
        double uniform = (HeldOut.hash(seed + "/" + file.getName()) + 1) / HASHES;
        return -Math.log(uniform) / Math.max(1, file.getSize());
    }

    /// A text without the block comment that opens it, if that is a licence.
    static String withoutLicence(String text) {
        String body = text.stripLeading();
        int end = body.indexOf("*/");
        if (!body.startsWith("/*") || end < 0) {
            return body;
        }
        String comment = body.substring(0, end);
        boolean isLicence = comment.contains("Copyright")
                || comment.contains("License")
                || comment.contains("copyright")
                || comment.contains("reserved");
        // Files of outside origin carry a second licence below the first.
        return isLicence ? withoutLicence(body.substring(end + 2)) : body;
    }
}
