package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.KvCache;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// GGUF files that we write, run by llama.cpp: the same text follows.
@Tag("interop")
class GgufLlamaCppTest {
    private static final int PROMPT = 40;
    private static final int TOKENS = 48;

    /// How far the best token must be ahead of the second at every step, for the test to mean something.
    private static final double MARGIN = 5e-3;

    @TempDir
    Path folder;

    @BeforeEach
    void needsLlamaCpp() {
        LlamaCpp.assumeInstalled();
    }

    private record Continuation(List<Integer> tokens, double margin) {
        boolean isTelling() {
            return margin > MARGIN && new HashSet<>(tokens).size() > 10;
        }
    }

    private static Continuation greedy(ModelFolder folder, List<Integer> prompt, int count) {
        try (var model = LoadedModel.open(folder, DType.FLOAT32, AttentionKernels.forThisMachine());
                var cache = new KvCache(model.zebra().config(), DType.FLOAT32)) {
            List<Integer> generated = new ArrayList<>();
            double margin = Double.POSITIVE_INFINITY;
            int[] next = prompt.stream().mapToInt(id -> id).toArray();
            while (generated.size() < count) {
                try (var _ = Scope.open()) {
                    Tensor hidden_TD = model.zebra().hidden(next, cache);
                    float[] logits = model.zebra()
                            .logits(hidden_TD.narrow(0, next.length - 1, 1))
                            .toFloats();
                    int best = IntStream.range(0, logits.length)
                            .reduce((a, b) -> logits[b] > logits[a] ? b : a)
                            .orElseThrow();
                    float[] sorted = logits.clone();
                    Arrays.sort(sorted);
                    margin = Math.min(margin, sorted[sorted.length - 1] - sorted[sorted.length - 2]);
                    next = new int[] {best};
                }
                generated.add(next[0]);
            }
            return new Continuation(generated, margin);
        }
    }

    private record Drawn(ModelFolder model, Continuation continuation) {}

    /// Draws weights until the text that follows is telling.
    private Drawn draw(String name, List<Integer> prompt) {
        for (long seed = 1; seed < 60; seed++) {
            ModelFolder model =
                    GgufModels.write(folder.resolve(name), name, seed).withPositions(256);
            Continuation continuation = greedy(model, prompt, TOKENS);
            if (continuation.isTelling()) {
                return new Drawn(model, continuation);
            }
        }
        throw new AssertionError(name + ": no draw is any good");
    }

    @Test
    void greedyContinuationsOfEveryArchitectureAreOurs() {
        List<Integer> prompt = new Random(3).ints(PROMPT, 0, 256).boxed().toList();
        List<LlamaCpp.Job> jobs = new ArrayList<>();
        List<Continuation> expected = new ArrayList<>();
        for (String name : GgufModels.names()) {
            Drawn drawn = draw(name, prompt);
            Continuation ours = drawn.continuation();
            Path file = folder.resolve(name + ".gguf");
            GgufWriter.write(drawn.model(), file, new GgufOutput(GgufOutput.Type.F32));
            jobs.add(new LlamaCpp.Job(file, prompt, TOKENS, List.of()));
            expected.add(ours);
        }
        List<JsonNode> results = LlamaCpp.run(folder, jobs);
        for (int i = 0; i < jobs.size(); i++) {
            System.out.printf(
                    "%s: %d tokens after %d, margin %.4f: %s%n",
                    GgufModels.names().get(i),
                    TOKENS,
                    PROMPT,
                    expected.get(i).margin(),
                    ids(results.get(i)).equals(expected.get(i).tokens()));
        }
        for (int i = 0; i < jobs.size(); i++) {
            assertThat(ids(results.get(i)))
                    .as("%s: %s", GgufModels.names().get(i), results.get(i))
                    .isEqualTo(expected.get(i).tokens());
        }
    }

    /// What `zebra convert --to gguf` makes of models that it changes, beside the folder that it makes of them.
    @Test
    void convertedModelsContinueAsTheirFoldersDo() throws IOException {
        List<Integer> prompt = new Random(4).ints(PROMPT, 0, 256).boxed().toList();
        ObjectNode zebra = GgufModels.config("llama-linear");
        zebra.put("model_type", "cwm").put("sliding_window", 9).put("num_hidden_layers", 4);
        zebra.putObject("rope_parameters").put("rope_type", "default").put("rope_theta", 10_000.0);
        List.of("full_attention", "sliding_attention", "sliding_attention", "sliding_attention")
                .forEach(zebra.putArray("layer_types")::add);
        Conversion global = Conversion.unchanged(null).withLayers(LayerPattern.parse("G", null));
        Map<String, Conversion> conversions = new LinkedHashMap<>();
        conversions.put("as it is", Conversion.unchanged(null));
        conversions.put("yarn", Conversion.unchanged(null).withRope(RopeChange.parse("yarn:4,original=32")));
        conversions.put("global layers", global);
        for (String rope : List.of("linear:4", "yarn:4,original=32", "llama3:8,original=32")) {
            conversions.put(rope, global.withRope(RopeChange.parse(rope)));
        }
        List<LlamaCpp.Job> jobs = new ArrayList<>();
        List<Continuation> expected = new ArrayList<>();
        for (var conversion : conversions.entrySet()) {
            for (long seed = 1; ; seed++) {
                assertThat(seed).as("no draw is any good").isLessThan(60);
                Path source = folder.resolve("zebra-" + jobs.size() + "-" + seed);
                GgufModels.write(source, zebra, seed);
                Path other = folder.resolve(source.getFileName() + "-folder");
                ConversionPlan.of(source, conversion.getValue()).write(other, false, _ -> {});
                Continuation continuation = greedy(ModelFolder.read(other).withPositions(256), prompt, TOKENS);
                if (continuation.isTelling()) {
                    Path file = folder.resolve(source.getFileName() + ".gguf");
                    Conversion gguf = conversion.getValue().withTarget(ConvertTarget.GGUF);
                    ConversionPlan.of(source, gguf).write(file, false, _ -> {});
                    expected.add(continuation);
                    jobs.add(new LlamaCpp.Job(file, prompt, TOKENS, List.of()));
                    break;
                }
            }
        }
        List<JsonNode> results = LlamaCpp.run(folder, jobs);
        int i = 0;
        for (String name : conversions.keySet()) {
            assertThat(ids(results.get(i)))
                    .as("%s: %s", name, results.get(i))
                    .isEqualTo(expected.get(i).tokens());
            System.out.printf("%s: %d tokens after %d are the folder's%n", name, TOKENS, PROMPT);
            i++;
        }
    }

    private static List<Integer> ids(JsonNode result) {
        return result.path("generated").valueStream().map(JsonNode::intValue).toList();
    }

    /// The checkpoints of `oracle/families.py` that can be exported, with what transformers generates from them.
    @Test
    void greedyContinuationsOfTransformersAreReproduced() throws IOException {
        List<LlamaCpp.Job> jobs = new ArrayList<>();
        List<FamilyFixture> fixtures = new ArrayList<>();
        List<String> names = FamilyFixture.names().toList();
        List<String> written = new ArrayList<>();
        for (String name : names) {
            var fixture = FamilyFixture.of(name);
            int length = fixture.prompt().length + fixture.continuation().size();
            ModelFolder read = ModelFolder.read(fixture.folder());
            if (GgufWriter.refusal(read.config()).isPresent()
                    || fixture.continuation().isEmpty()) {
                System.out.println(
                        name + ": " + GgufWriter.refusal(read.config()).orElse("no continuation"));
                continue;
            }
            // With a tokenizer, which llama.cpp's wrapper cannot do without.
            Path copy = Files.createDirectories(folder.resolve(name));
            try (Stream<Path> files = Files.list(fixture.folder())) {
                for (Path file : files.toList()) {
                    Files.copy(file, copy.resolve(file.getFileName()));
                }
            }
            JsonFile.write(
                    copy.resolve("tokenizer.json"),
                    GgufModels.tokenizer(read.config().vocabSize()));
            ModelFolder model = ModelFolder.read(copy);
            Path file = folder.resolve(name + ".gguf");
            GgufWriter.write(
                    model.withPositions(Math.max(length, model.config().maxPositions())),
                    file,
                    new GgufOutput(GgufOutput.Type.F32));
            jobs.add(new LlamaCpp.Job(
                    file,
                    IntStream.of(fixture.prompt()).boxed().toList(),
                    fixture.continuation().size(),
                    List.of()));
            fixtures.add(fixture);
            written.add(name);
        }
        List<JsonNode> results = LlamaCpp.run(folder, jobs);
        for (int i = 0; i < jobs.size(); i++) {
            System.out.println(written.get(i) + ": "
                    + ids(results.get(i)).equals(fixtures.get(i).continuation()));
        }
        for (int i = 0; i < jobs.size(); i++) {
            assertThat(ids(results.get(i)))
                    .as("%s: %s", written.get(i), results.get(i))
                    .isEqualTo(fixtures.get(i).continuation());
        }
        assertThat(written)
                .contains("zebra-official", "cwm-scaled", "mistral", "ministral", "qwen2")
                .hasSizeGreaterThan(12);
    }
}
