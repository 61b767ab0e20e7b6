package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// A trained model against its reference implementation, llama2.c's `run.c`: the stories260K checkpoint.
///
/// Runs where `ZEBRA_SHARED_DATA` names a folder with `weights/stories260K`: the checkpoint and its tokenizer as
/// karpathy/tinyllamas publishes them, and what `run.c` makes of them.
@EnabledIfEnvironmentVariable(named = "ZEBRA_SHARED_DATA", matches = ".+")
class Stories260KTest {
    private static final Path FOLDER =
            Path.of(System.getenv().getOrDefault("ZEBRA_SHARED_DATA", ""), "weights/stories260K");

    private final JsonNode expected;

    Stories260KTest() throws IOException {
        expected = new ObjectMapper().readTree(FOLDER.resolve("expected.json").toFile());
    }

    private static LoadedModel open() {
        return LoadedModel.open(
                FOLDER.resolve("stories260K.bin"), DType.FLOAT32, AttentionKernels.forDevice(Device.CPU));
    }

    private int[] ids(String key) {
        return expected.path(key).valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    @Test
    void logitsAreThoseOfTheReference() throws IOException {
        byte[] bytes = Files.readAllBytes(FOLDER.resolve("logits_first64.f32"));
        float[] logits = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(logits);
        int[] ids = Arrays.copyOf(ids("greedy_token_ids"), 64);

        try (var loaded = open();
                var _ = Scope.open()) {
            float[] ours =
                    loaded.zebra().forward(ids, CumulativeLengths.of(0, 64)).toFloats();
            assertThat(ours).hasSameSizeAs(logits);
            double furthest = 0;
            for (int i = 0; i < ours.length; i++) {
                furthest = Math.max(furthest, Math.abs(ours[i] - logits[i]));
            }
            assertThat(furthest).isLessThanOrEqualTo(1e-4);
        }
    }

    @Test
    void theTextIsThatOfTheReferenceWordForWord() {
        int[] ids = ids("greedy_token_ids");
        var greedy = SamplingConfig.greedy(ids.length); // one more than the file lists, whose first is bos

        try (var loaded = open();
                Tokenizer tokenizer = Objects.requireNonNull(loaded.folder().tokenizer())) {
            Generation generation = new Generator(loaded.zebra()).generate(new int[] {1}, greedy, _ -> true);
            assertThat(generation.ids()).startsWith(Arrays.copyOfRange(ids, 1, ids.length));
            assertThat(tokenizer.decode(generation.ids()))
                    .isEqualTo(expected.path("greedy_text").asText());
        }
    }

    @Test
    void theTokenizerCutsTheSampleAsTheReferenceDoes() throws IOException {
        String text =
                Files.readString(FOLDER.resolve(expected.path("sample_file").asText()));
        int[] first = ids("sample_token_ids_first512");

        try (var loaded = open();
                Tokenizer tokenizer = Objects.requireNonNull(loaded.folder().tokenizer())) {
            int[] all = tokenizer.encodePrompt(text);
            assertThat(all).hasSize(expected.path("sample_token_count").asInt());
            assertThat(Arrays.copyOf(all, first.length)).containsExactly(first);
        }
    }
}
