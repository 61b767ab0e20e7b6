package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AddedTokensTest {

    /// Every way of stripping and touching words, and tokens that begin others.
    @Test
    void tokensAreTakenOutAsTheRustLibraryDoes() {
        byte[] model = SentencePieceFixture.read("gemma").model();
        ObjectNode json = SentencePieceModel.parse(model).tokenizerJson();
        ArrayNode added = json.withArray("added_tokens");
        for (int flags = 0; flags < 8; flags++) {
            add(added, 800 + flags, "<" + flags + ">", flags);
        }
        add(added, 808, "<0><", 0);
        add(added, 809, "Ж", 4);
        try (Tokenizer rust = open(json)) {
            json.withObject("model").put(Vocabulary.SENTENCE_PIECE_MODEL, model);
            try (Tokenizer ours = open(json)) {
                List<String> parts = List.of(
                        "<0>",
                        "<1>",
                        "<2>",
                        "<3>",
                        "<4>",
                        "<5>",
                        "<6>",
                        "<7>",
                        "<0><",
                        "<0",
                        "Ж",
                        "a",
                        "B",
                        "_",
                        "日",
                        "\u0301",
                        "\uD83E\uDD93",
                        " ",
                        "  ",
                        "\u3000",
                        "\u00A0",
                        "\u0085",
                        "\n",
                        "\t",
                        "\u200B",
                        ".",
                        "<bos>",
                        "<table>");
                var random = new SplittableRandom(1);
                int numTokens = 0;
                for (int i = 0; i < 4000; i++) {
                    var text = new StringBuilder();
                    for (int n = random.nextInt(12); n >= 0; n--) {
                        text.append(parts.get(random.nextInt(parts.size())));
                    }
                    int[] expected = rust.encode(text.toString());
                    assertThat(ours.encode(text.toString())).as(text.toString()).containsExactly(expected);
                    numTokens += expected.length;
                }
                assertThat(numTokens).isGreaterThan(10_000);
            }
        }
    }

    private static void add(ArrayNode tokens, int id, String content, int flags) {
        tokens.addObject()
                .put("id", id)
                .put("content", content)
                .put("lstrip", (flags & 1) != 0)
                .put("rstrip", (flags & 2) != 0)
                .put("single_word", (flags & 4) != 0)
                .put("normalized", false)
                .put("special", true);
    }

    private static Tokenizer open(ObjectNode json) {
        return Tokenizer.of(
                json.toString().getBytes(StandardCharsets.UTF_8), SpecialTokens.UNKNOWN, Path.of("tokenizer.json"));
    }
}
