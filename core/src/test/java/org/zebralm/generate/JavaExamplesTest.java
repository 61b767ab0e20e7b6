package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.cache.PrefixUse;
import org.zebralm.testing.TinyTextModels;

/// What `docs/java.md` shows is what is compiled and run here.
class JavaExamplesTest {
    private static final SamplingConfig SHORT = TinyTextModels.printable(8);

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final JavaExamples examples = new JavaExamples(new PrintStream(written, true, StandardCharsets.UTF_8));

    @TempDir
    Path folder;

    private static Path root() {
        return Files.isDirectory(Path.of("docs")) ? Path.of("") : Path.of("..");
    }

    private static Map<String, String> regions() throws IOException {
        String source = Files.readString(root().resolve("core/src/test/java")
                .resolve(JavaExamples.class.getName().replace('.', '/') + ".java"));
        Matcher region = Pattern.compile("// @start region=\"(\\w+)\"\n(.*?)\\s*// @end", Pattern.DOTALL)
                .matcher(source);
        Map<String, String> regions = new LinkedHashMap<>();
        while (region.find()) {
            regions.put(region.group(1), region.group(2).stripIndent().strip());
        }
        return regions;
    }

    /// The Java blocks of a text.
    private static List<String> shown(String text) {
        List<String> shown = new ArrayList<>();
        Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(text);
        while (block.find()) {
            shown.add(block.group(1).replace("System.out", "out").strip());
        }
        return shown;
    }

    @Test
    void thePageShowsTheseExamplesAndNoOtherJava() throws IOException {
        assertThat(shown(Files.readString(root().resolve("docs/java.md"))))
                .containsExactlyInAnyOrderElementsOf(regions().values());
    }

    @Test
    void javadocShowsSomeOfThem() throws IOException {
        for (Class<?> shows : List.of(LanguageModel.class, Conversation.class)) {
            String source = Files.readString(
                    root().resolve("core/src/main/java").resolve(shows.getName().replace('.', '/') + ".java"));
            assertThat(shown(source.replaceAll("(?m)^/// ?", "")))
                    .hasSize(1)
                    .isSubsetOf(regions().values());
        }
    }

    @Test
    void modelsAreLoadedAndContinueTexts() throws IOException {
        TinyTextModels.write(folder, 4096);
        examples.load(folder);
        examples.settings(folder);
        assertThat(written.toString(StandardCharsets.UTF_8)).isNotBlank();
    }

    @Test
    void conversationsGoOn() throws IOException {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.writeChat(folder, 2048))) {
            examples.chat(model, SHORT);
            examples.history(model, SHORT);
            examples.plain(model, SHORT);
        }
        assertThat(written.toString(StandardCharsets.UTF_8)).containsPattern("\\d+ of \\d+ tokens reused: ");
    }

    @Test
    void requestsRunSideBySide() throws InterruptedException, ExecutionException {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 512))) {
            List<String> answers = examples.service(model, List.of("one", "two", "three", "one"));
            assertThat(answers).hasSize(4);
            assertThat(answers.get(3)).isEqualTo(answers.getFirst());
            assertThat(answers.getFirst())
                    .isEqualTo(new Generator(model.zebra(), List.of(256), model.tokenizer())
                            .stream(model.encode("one"), SamplingConfig.greedy(50), _ -> true)
                                    .text());
            examples.samples(model);
            assertThat(model.engine().stats().requests()).isEqualTo(4 + 4);
        }
    }

    @Test
    void tokensArePublishedAndTold() throws Exception {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 512))) {
            examples.logprobs(model);
            assertThat(written.toString(StandardCharsets.UTF_8)).containsPattern(" -\\d+\\.\\d{3}");
            var text = new StringBuilder();
            var done = new CompletableFuture<String>();
            examples.publish(model, SHORT, new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                public void onNext(OutputToken token) {
                    text.append(token.text());
                }

                @Override
                public void onError(Throwable failure) {
                    done.completeExceptionally(failure);
                }

                @Override
                public void onComplete() {
                    done.complete(text.toString());
                }
            });
            assertThat(done.get(30, TimeUnit.SECONDS)).isEqualTo(model.generate("Once upon a time", SHORT));
        }
    }

    @Test
    void aLongDocumentIsComputedOnce() {
        String document = "zebras and grass ".repeat(60);
        Path file = folder.resolve("document.prefix");
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 2048))) {
            examples.prefix(model, document, file);
        }
        try (LanguageModel model = LanguageModel.open(folder)) {
            assertThat(model.loadPrefix(file)).hasSize(document.length() / 256 * 256); // float32: whole chunks
            PrefixUse use =
                    model.stream(document + "\nIn short:", SHORT).await().prefix();
            assertThat(use.reused()).isEqualTo(document.length() / 256 * 256);
        }
    }
}
