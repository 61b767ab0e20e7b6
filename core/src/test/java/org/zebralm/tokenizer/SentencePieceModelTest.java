package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.tokenizer.ProtobufBytes.field;
import static org.zebralm.tokenizer.ProtobufBytes.joined;
import static org.zebralm.tokenizer.ProtobufBytes.message;
import static org.zebralm.tokenizer.ProtobufBytes.piece;
import static org.zebralm.tokenizer.ProtobufBytes.text;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class SentencePieceModelTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @FieldSource("org.zebralm.tokenizer.SentencePieceFixture#NAMES")
    void textsHaveTheIdsOfSentencePiece(String name) throws IOException {
        SentencePieceFixture fixture = SentencePieceFixture.read(name);
        assertThat(fixture.cases()).hasSizeGreaterThan(90);
        try (Tokenizer tokenizer = load(fixture.model())) {
            for (SentencePieceFixture.Case given : fixture.cases()) {
                assertThat(tokenizer.encode(given.text()))
                        .as(escaped(given.text()))
                        .containsExactly(
                                given.ids().stream().mapToInt(Integer::intValue).toArray());
            }
        }
    }

    /// What is written into a model folder gives the same ids, also to a text with others.
    @ParameterizedTest
    @FieldSource("org.zebralm.tokenizer.SentencePieceFixture#NAMES")
    void theTokenizerJsonMadeOfAModelHasItsIds(String name) throws IOException {
        SentencePieceFixture fixture = SentencePieceFixture.read(name);
        Path json = folder.resolve("tokenizer.json");
        try (Tokenizer tokenizer = load(fixture.model())) {
            Files.write(json, tokenizer.json());
        }
        try (Tokenizer tokenizer = Tokenizer.load(json)) {
            List<int[]> all = tokenizer.encodeAll(fixture.cases().stream()
                    .map(SentencePieceFixture.Case::text)
                    .toList());
            for (int i = 0; i < all.size(); i++) {
                SentencePieceFixture.Case given = fixture.cases().get(i);
                assertThat(all.get(i))
                        .as(escaped(given.text()))
                        .containsExactly(
                                given.ids().stream().mapToInt(Integer::intValue).toArray());
            }
        }
    }

    @ParameterizedTest
    @FieldSource("org.zebralm.tokenizer.SentencePieceFixture#NAMES")
    void idsHaveTheTextOfSentencePiece(String name) throws IOException {
        SentencePieceFixture fixture = SentencePieceFixture.read(name);
        try (Tokenizer tokenizer = load(fixture.model())) {
            for (SentencePieceFixture.Case given : fixture.cases()) {
                // SentencePiece shows the unknown piece as another text than its name.
                String expected = given.decoded().replace(" \u2047 ", "<unk>");
                int[] ids = given.ids().stream().mapToInt(Integer::intValue).toArray();
                assertThat(tokenizer.decode(ids)).as(escaped(given.text())).isEqualTo(expected);
            }
        }
    }

    /// The Rust library takes what replaces the beginning of a character with its marks for all of it, so that the
    /// `tokenizer.json` alone gives other ids.
    @Test
    void marksOnReplacedCharactersStay() throws IOException {
        byte[] model = SentencePieceFixture.read("rules").model();
        try (Tokenizer tokenizer = load(model)) {
            assertThat(tokenizer.encode("\u00A0\u0302x")).containsExactly(353, 0, 398);
        }
        ObjectNode json = SentencePieceModel.parse(model).tokenizerJson();
        byte[] alone = json.toString().getBytes(StandardCharsets.UTF_8);
        try (Tokenizer tokenizer = Tokenizer.of(alone, SpecialTokens.UNKNOWN, folder)) {
            assertThat(tokenizer.encode("\u00A0\u0302x")).containsExactly(95);
        }
    }

    /// Ids by hand: SentencePiece joins the pair furthest left, which makes `ab c` of `abc` in both models.
    @Test
    void ofPiecesOfEqualScoreTheOneFurthestLeftIsMade() throws IOException {
        byte[] rest = joined(
                piece("a", -3, 1),
                piece("b", -3, 1),
                piece("c", -3, 1),
                message(2, field(3, 2)),
                message(3, field(3, 0), field(4, 0)));
        byte[] unknown = piece("<unk>", 0, 2);
        try (Tokenizer tokenizer = load(joined(unknown, piece("ab", -1, 1), piece("bc", -1, 1), rest))) {
            assertThat(tokenizer.encode("abc")).containsExactly(1, 5);
        }
        try (Tokenizer tokenizer = load(joined(unknown, piece("bc", -1, 1), piece("ab", -1, 1), rest))) {
            assertThat(tokenizer.encode("abc")).containsExactly(2, 5);
        }
    }

    @Test
    void promptsOfModelsWithRulesAreFramedToo() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"), "{\"add_bos_token\": true, \"add_eos_token\": true}");
        byte[] model = SentencePieceFixture.read("unigram").model();
        try (Tokenizer tokenizer = load(model)) {
            int bos = tokenizer.idOf("<s>").orElseThrow();
            int eos = tokenizer.idOf("</s>").orElseThrow();
            int[] text = tokenizer.encode("a\u00A0\u0302x");
            int[] prompt = new int[text.length + 2];
            prompt[0] = bos;
            System.arraycopy(text, 0, prompt, 1, text.length);
            prompt[text.length + 1] = eos;
            assertThat(tokenizer.encodePrompt("a\u00A0\u0302x")).containsExactly(prompt);
            assertThat(tokenizer.promptBeginning()).containsExactly(bos);
            // Special tokens written out are taken out first, and what stands between them is a text each.
            assertThat(tokenizer.encode("<s>a\u00A0\u0302x</s>")).containsExactly(prompt);
        }
    }

    @Test
    void aDamagedModelInATokenizerJsonIsRefused() throws IOException {
        byte[] model = SentencePieceFixture.read("unigram").model();
        ObjectNode json = SentencePieceModel.parse(model).tokenizerJson();
        refusedJson(json, "!", "base64");
        refusedJson(json, "AAAA", "a field must have a number");
        json.putObject("post_processor").put("type", "RobertaProcessing");
        refusedJson(json, Base64.getEncoder().encodeToString(model), "must be of type TemplateProcessing");
        json.putObject("post_processor").put("type", "TemplateProcessing").putArray("single");
        refusedJson(json, Base64.getEncoder().encodeToString(model), "the text once: got it 0 times");
    }

    private void refusedJson(ObjectNode json, String model, String message) {
        json.withObject("model").put(Vocabulary.SENTENCE_PIECE_MODEL, model);
        byte[] bytes = json.toString().getBytes(StandardCharsets.UTF_8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Tokenizer.of(bytes, SpecialTokens.UNKNOWN, folder))
                .withMessageContaining(message);
    }

    @Test
    void aTokenizerModelBeginsPromptsWithItsBos() throws IOException {
        try (Tokenizer tokenizer = load(SentencePieceFixture.read("gemma").model())) {
            assertThat(tokenizer.encodePrompt("a")[0]).isEqualTo(2);
            assertThat(tokenizer.encodePrompt("a")).hasSize(tokenizer.encode("a").length + 1);
            assertThat(tokenizer.specialTokens().bos()).isEqualTo("<bos>");
            assertThat(tokenizer.specialTokens().eos()).isEqualTo("<eos>");
            assertThat(new String(tokenizer.json(), StandardCharsets.UTF_8)).contains("TemplateProcessing");
        }
    }

    @Test
    void whatLiesBesideTheModelDecidesAboutPrompts() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"add_bos_token\": false, \"add_eos_token\": true, \"eos_token\": {\"content\": \"</s>\"}}");
        try (Tokenizer tokenizer = load(SentencePieceFixture.read("llama").model())) {
            int[] text = tokenizer.encode("a");
            int[] prompt = Arrays.copyOf(text, text.length + 1);
            prompt[text.length] = tokenizer.idOf("</s>").orElseThrow();
            assertThat(tokenizer.encodePrompt("a")).isEqualTo(prompt);
        }
    }

    @Test
    void tokensAddedLaterAreRead() throws IOException {
        Path added = Files.writeString(folder.resolve("added_tokens.json"), "{\"<|x|>\": 700, \"<unk>\": 0}");
        try (Tokenizer tokenizer = load(SentencePieceFixture.read("llama").model())) {
            assertThat(tokenizer.vocabSize()).isEqualTo(701);
            assertThat(tokenizer.encode("a<|x|>b")).contains(700);
        }
        Files.writeString(added, "{\"<|x|>\": 702}");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> load(SentencePieceFixture.read("llama").model()))
                .withMessageContaining("without a gap")
                .withMessageContaining("<|x|> with id 702, not 700");
    }

    @Test
    void fileOfAnotherKindIsNamed() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> load("IQ== 0\nIg== 1\n".getBytes(StandardCharsets.US_ASCII)))
                .withMessageContaining("tiktoken");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> load("zebra".getBytes(StandardCharsets.US_ASCII)))
                .withMessageContaining("tokenizer.model")
                .withMessageContaining("SentencePiece");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> load(new byte[0]))
                .withMessageContaining("1 to 2097152 pieces: got 0");
    }

    @Test
    void modelsThatNoTokenizerJsonCanStandForAreRefused() {
        byte[] unknown = piece("<unk>", 0, 2);
        refused("must be of type BPE or UNIGRAM: got WORD", unknown, message(2, field(3, 3)));
        refused("treat_whitespace_as_suffix must not be set", unknown, message(2, field(3, 2), field(24, 1)));
        refused("denormalizer_spec", unknown, message(5, text(2, "x")));
        refused("\"x\" has ids 1 and 2", unknown, piece("x", 0, 1), piece("x", 0, 1));
        refused("one piece must be the unknown one: got none", piece("x", 0, 1));
        refused("a number from 1 to 6: got 7", piece("x", 0, 7));
        refused("byte_fallback must be false", unknown, message(2, field(3, 2), field(35, 1)));
        refused("from <0x00> to <0xFF>: got 1", unknown, piece("<0x01>", 0, 6));
        refused("finite number: \"x\" has NaN", unknown, piece("x", Float.NaN, 1));
        byte[] bpe = message(2, field(3, 2));
        refused("\"ab\" needs U+0062", bpe, unknown, piece("ab", 0, 1), piece("a", -1, 1));
        refused("unused piece must not be made from others", bpe, unknown, piece("a", -2, 1), piece("aa", -1, 5));
        refused("at most 256 characters: got 300", bpe, unknown, piece("a", -2, 1), piece("a".repeat(300), -1, 1));
        refused("no unused pieces", unknown, piece("aa", -1, 5));
    }

    private static void refused(String message, byte[]... fields) {
        byte[] model = joined(fields);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SentencePieceModel.parse(model).tokenizerJson())
                .withMessageContaining(message);
    }

    private Tokenizer load(byte[] model) throws IOException {
        return Tokenizer.load(Files.write(folder.resolve("tokenizer.model"), model));
    }

    private static String escaped(String text) {
        return text.codePoints().mapToObj("%04X "::formatted).reduce(text + "  ", String::concat);
    }
}
