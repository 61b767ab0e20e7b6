package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tokenizer.Tokenizer;

/// Our encoder gives the ids of the Rust library, and leaves to it what it does not know.
class BpeEncoderTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void idsAreThoseOfTheRustLibrary(SplitPattern split) throws IOException {
        check(split, _ -> {});
    }

    @Test
    void wordsThatAreTokensArePreferredWhereTheFileSaysSo() throws IOException {
        check(SplitPattern.LLAMA3, json -> {
            ObjectNode model = json.withObject("model");
            model.put("ignore_merges", true);
            // No merges lead to these.
            model.withObject("vocab").put("zzqqj", 900).put("\u0120zzqqj", 901);
        });
    }

    @Test
    void addedTokensAreFoundInTheirOrder() throws IOException {
        check(SplitPattern.GPT4, json -> {
            add(json, 700, "<tool>", true, false);
            add(json, 701, "<tool>>", true, false);
            add(json, 702, "zzqqj", false, true);
            add(json, 703, "qqj<to", false, true);
            add(json, 704, "    ", false, false);
        });
    }

    @Test
    void builtInExpressionIsGpt2s() throws IOException {
        check(
                SplitPattern.GPT2,
                json -> json.putObject("pre_tokenizer")
                        .put("type", "ByteLevel")
                        .put("add_prefix_space", false)
                        .put("trim_offsets", true)
                        .put("use_regex", true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"normalizer", "dropout", "prefix space", "expression", "single word", "bytes", "behavior", "gap"
            })
    void otherKindsAreLeftToTheRustLibrary(String what) throws IOException {
        try (Tokenizer tokenizer = tokenizer(SplitPattern.LLAMA3, json -> {
            ObjectNode split = (ObjectNode) json.at("/pre_tokenizer/pretokenizers/0");
            switch (what) {
                case "normalizer" -> json.putObject("normalizer").put("type", "NFC");
                case "dropout" -> json.withObject("model").put("dropout", 0.1);
                case "prefix space" ->
                    ((ObjectNode) json.at("/pre_tokenizer/pretokenizers/1")).put("add_prefix_space", true);
                case "expression" -> split.putObject("pattern").put("Regex", "\\p{N}{1,2}|\\P{N}+");
                case "single word" -> {
                    add(json, 700, "tool", true, false);
                    ((ObjectNode) json.at("/added_tokens/1")).put("single_word", true);
                }
                case "bytes" -> json.withObject("/model/vocab").remove("\u0100");
                case "behavior" -> split.put("behavior", "MergedWithPrevious");
                // The library gives the next free id instead.
                case "gap" -> add(json, 800, "tool", true, false);
                default -> throw new AssertionError(what);
            }
        })) {
            assertThat(BpeEncoder.of(tokenizer)).isEmpty();
        }
    }

    private void check(SplitPattern split, Consumer<ObjectNode> change) throws IOException {
        try (Tokenizer tokenizer = tokenizer(split, change)) {
            BpeEncoder encoder = BpeEncoder.of(tokenizer).orElseThrow();
            List<String> texts = new ArrayList<>(SampleTexts.TRICKY);
            String pieces = "<tool>x<tool>>zzqqj zzqqj<tool>    zzqqj<to'ſ <|endoftext|> aa zzqqjj";
            texts.add(pieces);
            texts.add(pieces.repeat(30));
            texts.add("");
            for (int seed = 0; seed < 40; seed++) {
                texts.add(SampleTexts.unicode(seed, 500));
                texts.add(SampleTexts.words(seed, 300));
                // Words past the length up to which all symbols are looked through.
                texts.add(SampleTexts.words(seed, 60).replace(" ", ""));
            }
            List<int[]> expected = tokenizer.encodeAll(texts);
            for (int i = 0; i < texts.size(); i++) {
                assertThat(encoder.encode(texts.get(i))).as(texts.get(i)).isEqualTo(expected.get(i));
                // By memory now.
                assertThat(encoder.encode(texts.get(i))).as(texts.get(i)).isEqualTo(expected.get(i));
            }
        }
    }

    private static void add(ObjectNode json, int id, String content, boolean special, boolean normalized) {
        json.withArray("added_tokens")
                .addObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", normalized)
                .put("special", special);
    }

    private Tokenizer tokenizer(SplitPattern split, Consumer<ObjectNode> change) throws IOException {
        Path path = folder.resolve("tokenizer.json");
        String text = String.join("\n", SampleTexts.TRICKY).repeat(3) + SampleTexts.words(4, 900);
        new BpeTrainer(700).train(Words.count(split, text), (_, _) -> {}).write(path);
        var mapper = new ObjectMapper();
        ObjectNode json = (ObjectNode) mapper.readTree(path.toFile());
        change.accept(json);
        Files.write(path, mapper.writeValueAsBytes(json));
        return Tokenizer.load(path);
    }
}
