package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecialTokensTest {

    @TempDir
    Path folder;

    @Test
    void tokensAreStringsOrObjects() throws IOException {
        config("""
                {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null,
                 "unk_token": {"__type": "AddedToken", "content": "<unk>"}, "add_bos_token": true,
                 "additional_special_tokens": ["<a>", {"content": "<b>"}], "model_max_length": 1e30}""");
        assertThat(read())
                .isEqualTo(new SpecialTokens("<s>", "</s>", "<unk>", null, List.of("<a>", "<b>"), true, null));
    }

    @Test
    void nothingIsKnownWithoutFiles() {
        assertThat(read()).isEqualTo(SpecialTokens.UNKNOWN);
    }

    @Test
    void theMapCountsUnlessTheConfigListsItsTokens() throws IOException {
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"bos_token\": \"<map>\"}");
        config("{\"bos_token\": \"<config>\", \"eos_token\": \"<e>\"}");
        assertThat(read().bos()).isEqualTo("<map>");
        assertThat(read().eos()).isEqualTo("<e>");
        config("{\"bos_token\": \"<config>\", \"added_tokens_decoder\": {}}");
        assertThat(read().bos()).isEqualTo("<config>");
    }

    @Test
    void promptsGetWhatTheTokenizerPutsAroundThemOrElseWhatTheConfigSays() throws IOException {
        Path file = TinyTokenizers.bytes(folder);
        int bos = TinyTokenizers.END_OF_TEXT;
        assertThat(prompt(file)).containsExactly('h', 'i');
        config("{\"bos_token\": \"<|endoftext|>\"}");
        assertThat(prompt(file)).containsExactly('h', 'i');
        config("{\"bos_token\": \"<|endoftext|>\", \"add_bos_token\": true}");
        assertThat(prompt(file)).containsExactly(bos, 'h', 'i');
        config("{\"eos_token\": \"<|endoftext|>\", \"add_bos_token\": true, \"add_eos_token\": true}");
        assertThat(prompt(file)).containsExactly('h', 'i', bos);

        config("{\"bos_token\": \"<|endoftext|>\", \"add_bos_token\": null}");
        assertThat(prompt(file)).containsExactly('h', 'i');

        // transformers 5 takes such flags out of the config before it makes a tokenizer of a tokenizer.json.
        String silent = Files.readString(file);
        String post = PromptTemplate.of(List.of(new PromptTemplate.Token("<|endoftext|>", bos)), List.of())
                .toString();
        Files.writeString(file, silent.replace("\"post_processor\":null", "\"post_processor\":" + post));
        config("{}");
        assertThat(prompt(file)).containsExactly(bos, 'h', 'i');
        config("{\"bos_token\": \"<|endoftext|>\", \"add_bos_token\": false}");
        assertThat(prompt(file)).containsExactly(bos, 'h', 'i');

        String offsets = "{\"type\":\"Sequence\",\"processors\":[{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                + "\"trim_offsets\":true,\"use_regex\":true}]}";
        Files.writeString(file, silent.replace("\"post_processor\":null", "\"post_processor\":" + offsets));
        assertThat(prompt(file)).containsExactly('h', 'i');
        config("{\"bos_token\": \"<|endoftext|>\", \"add_bos_token\": true}");
        assertThat(prompt(file)).containsExactly(bos, 'h', 'i');
    }

    @Test
    void badFilesAreNamed() throws IOException {
        config("{\"bos_token\": 1}");
        refused("tokenizer_config.json: bos_token must be a string or an object with a content: got 1");
        config("{\"add_bos_token\": \"yes\"}");
        refused("add_bos_token must be true or false: got \"yes\"");
        config("[]");
        refused("must hold a JSON object");
        config("{");
        refused("tokenizer_config.json is not valid JSON");
        config("{\"bos_token\": \"<none>\", \"add_bos_token\": true}");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tokenizer.load(TinyTokenizers.bytes(folder)))
                .withMessageContaining("bos_token must be in the vocabulary to be put around prompts: got <none>");
    }

    private void refused(String message) {
        assertThatIllegalArgumentException().isThrownBy(this::read).withMessageContaining(message);
    }

    private SpecialTokens read() {
        return SpecialTokens.beside(folder.resolve("tokenizer.json"));
    }

    private void config(String json) throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), json);
    }

    private static int[] prompt(Path file) {
        try (Tokenizer tokenizer = Tokenizer.load(file)) {
            return tokenizer.encodePrompt("hi");
        }
    }
}
