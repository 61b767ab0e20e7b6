package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A model folder with random weights, each of whose tokens is a character; nothing ends its texts.
final class TinyTextModel {
    static final int VOCABULARY = 96;

    /// Writes out who speaks, a message a line.
    static final String CHAT_TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ '\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}assistant: {% endif %}";

    private static final ObjectMapper JSON = new ObjectMapper();

    private TinyTextModel() {}

    static void write(Path folder) throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(Fixtures.path("llama").resolve(file), folder.resolve(file));
        }
        ObjectNode tokenizer = JSON.createObjectNode().put("version", "1.0");
        tokenizer.putArray("added_tokens");
        tokenizer.putNull("normalizer").putNull("post_processor");
        for (String part : List.of("pre_tokenizer", "decoder")) {
            tokenizer
                    .putObject(part)
                    .put("type", "ByteLevel")
                    .put("add_prefix_space", false)
                    .put("trim_offsets", true)
                    .put("use_regex", true);
        }
        ObjectNode bpe = tokenizer.putObject("model").put("type", "BPE");
        ObjectNode vocab = bpe.putObject("vocab");
        bpe.putArray("merges");
        // The printable characters, a blank as byte-level tokenizers write it, and a line break.
        for (char c = '!'; c <= '~'; c++) {
            vocab.put(String.valueOf(c), c - '!');
        }
        vocab.put("Ġ", VOCABULARY - 2).put("Ċ", VOCABULARY - 1);
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer.toString());
        endTokens(folder, List.of());
    }

    static void writeChat(Path folder) throws IOException {
        write(folder);
        Files.writeString(folder.resolve("chat_template.jinja"), CHAT_TEMPLATE);
    }

    static void endTokens(Path folder, List<Integer> ids) throws IOException {
        ObjectNode config = JSON.createObjectNode();
        ids.forEach(config.putArray("eos_token_id")::add);
        Files.writeString(folder.resolve("generation_config.json"), config.toString());
    }
}
