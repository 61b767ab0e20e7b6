package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tokenizer.Chat;
import org.zebralm.tokenizer.Tokenizer;

/// Tokenizers that go into GGUF files: the metadata that Python's libraries wrote for the same ones, or a reason why
/// not.
class GgufVocabularyTest {
    private static final GgufOutput F16 = new GgufOutput(GgufOutput.Type.F16);

    @TempDir
    Path folder;

    private static ObjectNode tokenizerOf(String fixture) {
        try (GgufFile file = GgufFile.open(Fixtures.path("gguf/" + fixture + ".gguf"))) {
            return Objects.requireNonNull(GgufTokenizer.read(file)).json();
        }
    }

    /// Writes a model with this tokenizer and a row more than it has tokens.
    private ModelFolder model(ObjectNode tokenizer, int eos) {
        int size = tokenizer.path("model").path("vocab").size();
        ObjectNode config = GgufModels.config("qwen3").put("vocab_size", size + 1);
        config.put("bos_token_id", size - 2).put("eos_token_id", eos);
        ModelFolder model = GgufModels.write(folder.resolve("m"), config, 1);
        JsonFile.write(folder.resolve("m/tokenizer.json"), tokenizer);
        return model;
    }

    private static List<GgufValue> list(GgufFile file, String key) {
        GgufValue value = Objects.requireNonNull(file.metadata().get(key), key);
        return ((GgufValue.Items) value).read(key, 1 << 20);
    }

    private static List<String> texts(GgufFile file, String key) {
        return list(file, key).stream()
                .map(value -> ((GgufValue.Text) value).read(key))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "smollm", "llama-bpe", "qwen2"})
    void byteLevelTokenizersAreSaidAsLlamaCppsLibraryDoes(String pre) {
        Path path = folder.resolve("a.gguf");
        ObjectNode tokenizer = tokenizerOf("tokenizer-" + pre);
        int size = tokenizer.path("model").path("vocab").size();

        List<String> remarks = GgufWriter.write(model(tokenizer, 2), path, F16);

        assertThat(String.join("; ", remarks).contains("does not compose")).isEqualTo(pre.equals("qwen2"));
        try (GgufFile expected = GgufFile.open(Fixtures.path("gguf/tokenizer-" + pre + ".gguf"));
                GgufFile file = GgufFile.open(path)) {
            for (String key : List.of("tokenizer.ggml.model", "tokenizer.ggml.pre")) {
                assertThat(((GgufValue.Text)
                                        Objects.requireNonNull(file.metadata().get(key)))
                                .read(key))
                        .isEqualTo(((GgufValue.Text) Objects.requireNonNull(
                                        expected.metadata().get(key)))
                                .read(key));
            }
            assertThat(texts(file, "tokenizer.ggml.merges")).isEqualTo(texts(expected, "tokenizer.ggml.merges"));
            assertThat(texts(file, "tokenizer.ggml.tokens").subList(0, size))
                    .isEqualTo(texts(expected, "tokenizer.ggml.tokens"));
            assertThat(texts(file, "tokenizer.ggml.tokens")).last().isEqualTo("[PAD" + size + "]");
            assertThat(list(file, "tokenizer.ggml.token_type").subList(0, size))
                    .isEqualTo(list(expected, "tokenizer.ggml.token_type"));
            assertThat(file.metadata().get("tokenizer.ggml.add_bos_token"))
                    .isEqualTo(expected.metadata().get("tokenizer.ggml.add_bos_token"));
        }
    }

    /// Scores are other ones than SentencePiece's, and order the pieces alike.
    @ParameterizedTest
    @ValueSource(strings = {"llama", "gemma"})
    void piecesKeepTheirTypesAndGiveTheIdsOfSentencePiece(String name) throws IOException {
        Path path = folder.resolve("a.gguf");
        ObjectNode json = tokenizerOf("sentencepiece-" + name);

        GgufWriter.write(model(json, 2), path, F16);

        JsonNode cases = new ObjectMapper()
                .readTree(Fixtures.path("sentencepiece/" + name + ".json").toFile())
                .path("cases");
        assertThat(cases).hasSizeGreaterThan(90);
        try (Tokenizer tokenizer = Objects.requireNonNull(ModelFolder.read(path).tokenizer());
                GgufFile expected = GgufFile.open(Fixtures.path("gguf/sentencepiece-" + name + ".gguf"));
                GgufFile file = GgufFile.open(path)) {
            List<GgufValue> types = list(expected, "tokenizer.ggml.token_type");
            assertThat(list(file, "tokenizer.ggml.token_type").subList(0, types.size()))
                    .isEqualTo(types);
            for (JsonNode one : cases) {
                int[] ids = one.path("ids")
                        .valueStream()
                        .mapToInt(JsonNode::intValue)
                        .toArray();
                assertThat(tokenizer.encode(one.path("text").asText())).containsExactly(ids);
            }
        }
    }

    @Test
    void theChatTemplateAndAllEndsGoWithIt() throws IOException {
        ObjectNode tokenizer = tokenizerOf("tokenizer-gpt-2");
        ModelFolder model = model(tokenizer, 5);
        Files.writeString(folder.resolve("m/chat_template.jinja"), "{{ messages[0].content }}!");
        Files.writeString(
                folder.resolve("m/generation_config.json"), "{\"eos_token_id\": [5, 6, 7, 8], \"bos_token_id\": 1}");
        Path path = folder.resolve("a.gguf");

        List<String> remarks = GgufWriter.write(ModelFolder.read(model.path()), path, F16);

        assertThat(remarks)
                .containsExactly("the file names three of the tokens that end a text, not all of [5, 6, 7, 8]");
        ModelFolder back = ModelFolder.read(path);
        assertThat(back.stopTokenIds()).containsExactly(5, 6, 7);
        assertThat(back.chatTemplate()
                        .render(Chat.of(List.of(Chat.message("user", "Hi"))))
                        .text())
                .isEqualTo("Hi!");
    }

    @Test
    void aTokenizerCanBeLeftOut() {
        Path path = folder.resolve("a.gguf");

        List<String> remarks = GgufWriter.write(
                model(tokenizerOf("tokenizer-gpt-2"), 2),
                path,
                new GgufOutput(GgufOutput.Type.F16, false, (_, _, _) -> {}));

        assertThat(remarks).containsExactly("the file has no tokenizer, as was wished");
        assertThat(ModelFolder.read(path).tokenizer()).isNull();
        assertThat(ModelFolder.read(path).stopTokenIds()).containsExactly(2);
    }

    @Test
    void whatLlamaCppEncodesOtherwiseIsRefused() throws IOException {
        ObjectNode pattern = tokenizerOf("tokenizer-llama-bpe");
        ((ObjectNode) pattern.at("/pre_tokenizer/pretokenizers/0/pattern")).put("Regex", "\\S+|\\s+");
        refuses(pattern, "by the pattern of GPT-2, SmolLM, Llama 3 (GPT-4) or Qwen 2: got ");

        ObjectNode prefix = tokenizerOf("tokenizer-gpt-2");
        ((ObjectNode) prefix.at("/pre_tokenizer/pretokenizers/0")).put("add_prefix_space", true);
        refuses(prefix, "llama.cpp must cut texts into words as the tokenizer does");

        // "Ġsat" is a token that no merges make.
        ObjectNode whole = tokenizerOf("tokenizer-gpt-2");
        ((ObjectNode) whole.path("model")).put("ignore_merges", true);
        refuses(whole, "llama.cpp does not take words that are tokens whole where texts are cut as gpt-2");
        ObjectNode merged = tokenizerOf("tokenizer-llama-bpe");
        ((ObjectNode) merged.path("model")).put("ignore_merges", false);
        refuses(merged, "llama.cpp takes words that are tokens whole where texts are cut as llama-bpe");

        ObjectNode stripped = tokenizerOf("tokenizer-gpt-2");
        ((ObjectNode) stripped.at("/added_tokens/0")).put("lstrip", true);
        refuses(stripped, "added tokens must be matched as they are");

        ObjectNode lower = tokenizerOf("tokenizer-gpt-2");
        lower.putObject("normalizer").put("type", "Lowercase");
        refuses(lower, "texts must be encoded as they are: got the normalizer");

        ObjectNode first = tokenizerOf("sentencepiece-llama");
        first.putNull("normalizer");
        first.putObject("pre_tokenizer")
                .put("type", "Metaspace")
                .put("replacement", "▁")
                .put("prepend_scheme", "first")
                .put("split", false);
        refuses(first, "blanks must become ▁, with one before every piece of text or none");

        ObjectNode way = tokenizerOf("sentencepiece-llama");
        ((ArrayNode) way.at("/model/merges")).remove(0);
        refuses(way, "merges must make each piece in every way there is to be said by scores: none joins");
        ObjectNode order = tokenizerOf("sentencepiece-llama");
        ArrayNode merges = (ArrayNode) order.at("/model/merges");
        merges.add(merges.get(0));
        assertThat(merges.get(0).asText()).isNotEqualTo(merges.get(1).asText());
        refuses(order, "merges must make one piece after the other to be said by scores");

        ObjectNode words = tokenizerOf("tokenizer-gpt-2");
        ((ObjectNode) words.path("model")).put("end_of_word_suffix", "</w>");
        refuses(words, "the tokenizer must be BPE without affixes: got BPE");

        ModelFolder endless = model(tokenizerOf("tokenizer-gpt-2"), -1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GgufWriter.write(endless, folder.resolve("a.gguf"), F16))
                .withMessageContaining("a token must end texts");
    }

    /// As in Gemma's tokenizer, whose runs of blanks and line ends are made by turns.
    @Test
    void runsThatAreMadeByTurnsShareAScore() throws IOException {
        var json = (ObjectNode) new ObjectMapper().readTree("""
                        {"model": {"byte_fallback": true, "unk_token": "?",
                          "vocab": {"?": 0, "a": 1, "b": 2, "aa": 3, "bb": 4, "aaa": 5, "bbb": 6, "ab": 7}}}""");
        GgufVocabulary vocabulary = GgufVocabulary.read(json, 8);
        ArrayNode merges = json.putArray("merges");
        for (String merge : List.of("aa a", "bb b", "a aa", "b bb", "a a", "b b", "a b")) {
            merges.add(merge);
        }

        // What nothing makes is below the five pieces that are made.
        assertThat(new GgufMerges(merges).scores(vocabulary)).containsExactly(-5, -5, -5, -1, -2, 0, 0, -3);

        merges.remove(4); // without which runs of three are never made
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufMerges(merges).scores(vocabulary))
                .withMessageContaining("\"aaa\" is made by turns with others");
    }

    private void refuses(ObjectNode tokenizer, String reason) {
        ModelFolder model = model(tokenizer, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GgufWriter.write(model, folder.resolve("a.gguf"), F16))
                .withMessageContaining(
                        "tokenizer.json cannot go into a GGUF file, but the model can without it (--no-tokenizer): ")
                .withMessageContaining(reason);
        assertThat(folder.resolve("a.gguf")).doesNotExist();
    }
}
