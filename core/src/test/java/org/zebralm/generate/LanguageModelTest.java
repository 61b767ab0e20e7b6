package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.testing.TinyTextModels;

class LanguageModelTest {
    /// Beginnings are kept to the token.
    private static final EngineConfig REUSES_ALL =
            new EngineConfig.Builder().invariance(EngineConfig.Invariance.OFF).build();

    @TempDir
    Path folder;

    private static Generation alone(LanguageModel model, String prompt, SamplingConfig sampling) {
        return new Generator(model.zebra(), model.folder().stopTokenIds(), model.tokenizer())
                .stream(model.tokenizer().encodePrompt(prompt), sampling, _ -> true);
    }

    @Test
    void textInTextOutIsThatOfThePlainGenerator() {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 512))) {
            SamplingConfig sampling = new SamplingConfig.Builder()
                    .temperature(0.9)
                    .seed(4)
                    .maxTokens(40)
                    .build();
            String expected = alone(model, "Stripes", sampling).text();
            assertThat(model.generate("Stripes", sampling)).isEqualTo(expected);
            var pieces = new ArrayList<String>();
            model.stream("Stripes", sampling).texts().forEachRemaining(pieces::add);
            assertThat(String.join("", pieces)).isEqualTo(expected);
            assertThat(pieces).doesNotContain("").hasSizeGreaterThan(1);
        }
    }

    @Test
    void weightsAreRoundedAsTheyAreReadIfAsked() {
        TinyTextModels.write(folder, 512);
        SamplingConfig greedy = SamplingConfig.greedy(20);
        try (LanguageModel model = LanguageModel.at(folder)
                .quantization(QuantizationConfig.parse("int8"))
                .open()) {
            assertThat(model.zebra().isQuantized()).isTrue();
            assertThat(model.generate("Stripes", greedy))
                    .isEqualTo(alone(model, "Stripes", greedy).text());
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> QuantizationConfig.parse("q4"))
                .withMessageContaining("int8, int4, int4:64 or int4:128: got q4");
    }

    @Test
    void everythingWorksFromVirtualThreads() throws Exception {
        TinyTextModels.write(folder, 512);
        SamplingConfig sampling = SamplingConfig.greedy(12);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            LanguageModel model = threads.submit(
                            () -> LanguageModel.at(folder).engine(REUSES_ALL).open())
                    .get();
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String prompt = "prompt " + i;
                answers.add(threads.submit(() -> model.generate(prompt, sampling)));
            }
            for (int i = 0; i < 8; i++) {
                assertThat(answers.get(i).get())
                        .isEqualTo(alone(model, "prompt " + i, sampling).text());
            }
            threads.submit(() -> {
                        Path file = folder.resolve("beginning.prefix");
                        assertThat(model.savePrefix(file, "a beginning")).isEqualTo("a beginning".length());
                        model.engine().clearPrefixes();
                        assertThat(model.loadPrefix(file))
                                .isEqualTo(model.tokenizer().encode("a beginning"));
                    })
                    .get();
            threads.submit(model::close).get();
            assertThatIllegalStateException().isThrownBy(() -> model.generate("x", sampling));
        }
    }

    @Test
    void closingEndsWhatIsUnderWayAndRefusesWhatComesLater() {
        LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 8192));
        LiveOutput output = model.stream("x", TinyTextModels.printable(8000));
        assertThat(output.hasNext()).isTrue();
        model.close();
        model.close();
        assertThatThrownBy(output::await)
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> model.encode("x"))
                .withMessage("the model " + folder + " is closed");
    }

    @Test
    void cancellingKeepsWhatCame() {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 8192))) {
            LiveOutput output = model.stream("x", TinyTextModels.printable(8000));
            assertThat(output.texts().next()).isNotEmpty();
            output.cancel();
            Generation generation = output.await().generation();
            assertThat(generation.finishReason()).isEqualTo(FinishReason.STOPPED);
            assertThat(generation.text()).isNotEmpty().hasSizeLessThan(8000);
        }
    }

    @Test
    void whatIsMissingIsNamedAndNothingStaysOpen() throws IOException {
        TinyTextModels.write(folder, 64);
        Path tokenizer = folder.resolve("tokenizer.json");
        byte[] kept = Files.readAllBytes(tokenizer);
        Files.delete(tokenizer);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LanguageModel.open(folder))
                .withMessageContaining("has no tokenizer.json or tokenizer.model");
        assertThat(mapped(folder)).isEmpty();
        Files.writeString(tokenizer, "{}");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LanguageModel.open(folder))
                .withMessageContaining("cannot use " + tokenizer);
        Files.write(tokenizer, kept);
        Files.write(folder.resolve("model.safetensors"), new byte[100]);
        assertThatIllegalArgumentException().isThrownBy(() -> LanguageModel.open(folder));
        Files.delete(tokenizer); // both fail
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LanguageModel.open(folder))
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
        assertThat(mapped(folder)).isEmpty();
    }

    /// The files of a folder that this process has mapped.
    private static List<String> mapped(Path folder) throws IOException {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.isReadable(maps)) {
            return List.of();
        }
        try (Stream<String> lines = Files.lines(maps, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.contains(folder.toString())).toList();
        }
    }

    @Test
    void promptsThatDoNotFitAreRefusedWithTheNumbers() {
        try (LanguageModel model = LanguageModel.open(TinyTextModels.write(folder, 64))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.generate("z".repeat(64), SamplingConfig.greedy(4)))
                    .withMessageContaining("got 64 tokens for a model of 64 positions");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.generate("", SamplingConfig.greedy(4)))
                    .withMessageContaining("a prompt needs at least one token");
            assertThat(model.generate("fine", SamplingConfig.greedy(4))).isNotNull();
        }
    }
}
