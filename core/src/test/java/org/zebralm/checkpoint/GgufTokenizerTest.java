package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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

/// Vocabularies in GGUF files against Python's tokenizers, by `oracle/gguf_files.py`.
class GgufTokenizerTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "smollm", "llama-bpe", "qwen2"})
    void idsAndTextAreThoseOfTheTokenizersLibrary(String pre) throws IOException {
        JsonNode cases = new ObjectMapper()
                .readTree(Fixtures.path("gguf/tokenizers.json").toFile())
                .path("cases")
                .path(pre);
        assertThat(cases).isNotEmpty();
        try (Tokenizer tokenizer = open("tokenizer-" + pre + ".gguf")) {
            for (JsonNode expected : cases) {
                String text = expected.path("text").asText();
                int[] ids = expected.path("ids")
                        .valueStream()
                        .mapToInt(JsonNode::intValue)
                        .toArray();
                assertThat(tokenizer.encode(text)).as(text).containsExactly(ids);
                assertThat(tokenizer.decode(ids))
                        .isEqualTo(expected.path("decoded").asText());
            }
            int bos = tokenizer.idOf("<|begin|>").orElseThrow();
            int hello = tokenizer.encode("Hello")[0];
            assertThat(tokenizer.encodePrompt("Hello")[0]).isEqualTo(pre.equals("llama-bpe") ? bos : hello);
        }
    }

    private static Tokenizer open(String name) {
        return Objects.requireNonNull(new GgufModel(Fixtures.path("gguf/" + name)).tokenizer());
    }

    @Test
    void aFileWithoutAVocabularyHasNoTokenizer() {
        assertThat(new GgufModel(Fixtures.path("gguf/llama.gguf")).tokenizer()).isNull();
    }

    @Test
    void theChatTemplateKnowsTheSpecialTokens() throws IOException {
        var chat = Chat.of(List.of(Chat.message("user", "Hi")));
        var model = new GgufModel(Fixtures.path("gguf/tokenizer-qwen2.gguf"));
        assertThat(model.chatTemplate().render(chat).text()).isEqualTo("<|begin|>Hi<|end|>");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufModel(Fixtures.path("gguf/llama.gguf")).chatTemplate())
                .withMessageContaining("llama.gguf must have a text tokenizer.chat_template")
                .withMessageContaining("got none");
        Path broken = Files.write(
                folder.resolve("b.gguf"),
                new GgufBytes(3, 0, 1)
                        .key("tokenizer.chat_template", "{% if %}")
                        .end(new byte[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufModel(broken).chatTemplate())
                .withMessageContaining("b.gguf: ");
    }

    /// Pieces with scores, as llama.cpp's converter writes them, against SentencePiece itself.
    @ParameterizedTest
    @ValueSource(strings = {"llama", "gemma"})
    void piecesWithScoresGiveTheIdsOfSentencePiece(String name) throws IOException {
        JsonNode cases = new ObjectMapper()
                .readTree(Fixtures.path("sentencepiece/" + name + ".json").toFile())
                .path("cases");
        assertThat(cases).hasSizeGreaterThan(90);
        try (Tokenizer tokenizer = open("sentencepiece-" + name + ".gguf")) {
            for (JsonNode expected : cases) {
                String text = expected.path("text").asText();
                int[] ids = expected.path("ids")
                        .valueStream()
                        .mapToInt(JsonNode::intValue)
                        .toArray();
                assertThat(tokenizer.encode(text)).as(text).containsExactly(ids);
                assertThat(tokenizer.decode(ids))
                        .isEqualTo(expected.path("decoded").asText().replace(" \u2047 ", "<unk>"));
            }
            assertThat(tokenizer.encodePrompt("a"))
                    .startsWith(tokenizer
                            .idOf(name.equals("llama") ? "<s>" : "<bos>")
                            .orElseThrow());
        }
    }

    @Test
    void whatIsNotImplementedIsRefusedByName() throws IOException {
        refuses(
                "model must be llama (SentencePiece BPE) or gpt2 (byte-level BPE): got \"bert\"",
                vocabulary(2).key("tokenizer.ggml.model", "bert"));
        refuses(
                "pre must be one of gpt-2",
                vocabulary(3).key("tokenizer.ggml.model", "gpt2").key("tokenizer.ggml.pre", "unheard-of"));
        refuses(
                "bos_token_id must be one of the 3 tokens: got 3",
                vocabulary(5)
                        .key("tokenizer.ggml.model", "gpt2")
                        .key("tokenizer.ggml.pre", "gpt-2")
                        .key("tokenizer.ggml.merges", new String[] {"a b"})
                        .key("tokenizer.ggml.bos_token_id", 3));
        refuses(
                "merges must join two tokens to a third: got \"a c\"",
                vocabulary(4)
                        .key("tokenizer.ggml.model", "gpt2")
                        .key("tokenizer.ggml.pre", "gpt-2")
                        .key("tokenizer.ggml.merges", new String[] {"a c"}));
        refuses(
                "scores must have a number for each of the 3 tokens: got 0",
                vocabulary(2).key("tokenizer.ggml.model", "llama"));
        refuses(
                "each token must be there once: \"a\"",
                new GgufBytes(3, 0, 3)
                        .key("tokenizer.ggml.tokens", "a", "a")
                        .key("tokenizer.ggml.model", "gpt2")
                        .key("tokenizer.ggml.pre", "gpt-2"));
        refuses("tokens must be a list", new GgufBytes(3, 0, 1).key("tokenizer.ggml.tokens", 7));
    }

    private static GgufBytes vocabulary(int numKeys) {
        return new GgufBytes(3, 0, numKeys).key("tokenizer.ggml.tokens", "a", "b", "ab");
    }

    private void refuses(String rule, GgufBytes bytes) throws IOException {
        Path path = Files.write(folder.resolve("a.gguf"), bytes.end(new byte[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufModel(path).tokenizer())
                .withMessageContaining("a.gguf: ")
                .withMessageContaining(rule);
    }
}
