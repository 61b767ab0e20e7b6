package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tokenizer.Tokenizer;

class EncodeDocumentsTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void longDocumentsHaveTheIdsOfTheWhole(SplitPattern split) {
        String tricky = String.join("\n", SampleTexts.TRICKY) + SampleTexts.words(3, 900);
        List<String> texts = List.of(tricky.repeat(100), "short", tricky, "日本語".repeat(9000), "x\ny\n".repeat(5000));
        try (Tokenizer tokenizer = tokenizer(split)) {
            List<int[]> expected = tokenizer.encodeAll(texts);
            assertThat(BpeEncoder.of(tokenizer)).isPresent();
            Path own = folder.resolve("own");
            Path library = folder.resolve("library");
            encode(tokenizer, texts, own);
            new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT)
                    .writeByLibrary(Words.documents(texts), library, (_, _, _) -> {});
            for (Path path : List.of(own, library)) {
                try (TokenShard shard = TokenShard.open(path, tokenizer)) {
                    assertThat(shard.numDocuments()).isEqualTo(texts.size());
                    for (int document = 0; document < texts.size(); document++) {
                        assertThat(ids(shard, document)).isEqualTo(expected.get(document));
                        assertThat(shard.token(shard.documentStart(document + 1) - 1))
                                .isEqualTo(BpeVocabulary.END_OF_TEXT_ID);
                    }
                }
            }
        }
    }

    @Test
    void whatFailsWhileEncodingIsHandedOnAndLeavesNoFile() {
        Path path = folder.resolve("shard");
        try (Tokenizer tokenizer = tokenizer(SplitPattern.GPT4)) {
            DocumentSource broken = consumer -> {
                consumer.accept(new Document("x", "some text"));
                throw new IllegalStateException("broken");
            };
            assertThatIllegalStateException()
                    .isThrownBy(() -> new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT)
                            .write(broken, path, (_, _, _) -> {}))
                    .withMessage("broken");
            assertThat(path).doesNotExist();
        }
    }

    @Test
    void spelledOutEndOfTextEndsNoDocument() {
        String text = "a<|endoftext|>b<|endoftext|><|endoftext|>";
        try (Tokenizer tokenizer = tokenizer(SplitPattern.LLAMA3)) {
            Path path = folder.resolve("shard");
            var encoded = encode(tokenizer, List.of(text, "\uD83Ec"), path);
            assertThat(encoded.loneSurrogates()).isEqualTo(1);
            try (TokenShard shard = TokenShard.open(path, tokenizer)) {
                assertThat(shard.numDocuments()).isEqualTo(2);
                assertThat(ids(shard, 0)).doesNotContain(BpeVocabulary.END_OF_TEXT_ID);
                assertThat(tokenizer.decode(ids(shard, 0))).isEqualTo(text);
                assertThat(encoded.tokens()).isEqualTo(shard.numTokens());
            }
        }
    }

    @Test
    void cutsFallOnlyWhereAskedAndSafe() {
        String text = "aa bb  cc\ndd \nee" + "日".repeat(10) + " ff gg";
        for (int size = 1; size < text.length(); size++) {
            List<String> pieces = TextPieces.cut(text, size);
            assertThat(String.join("", pieces)).isEqualTo(text);
            assertThat(pieces).isSubsetOf(all(text, List.of("aa| bb  cc\n|dd \nee", "日".repeat(10) + " ff| gg")));
        }
    }

    @Test
    void nothingToEncodeIsAnErrorAndLeavesNoFile() {
        Path path = folder.resolve("shard");
        try (Tokenizer tokenizer = tokenizer(SplitPattern.GPT2)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> encode(tokenizer, List.of(), path))
                    .withMessageContaining("text");
            assertThat(path).doesNotExist();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new EncodeDocuments(tokenizer, "</s>"))
                    .withMessageContaining("</s>");
        }
    }

    /// Every run of parts of the marked text, in which `|` stands where a cut may fall.
    private static List<String> all(String text, List<String> marked) {
        String[] parts = String.join("", marked).split("\\|", -1);
        assertThat(String.join("", parts)).isEqualTo(text);
        var runs = new ArrayList<String>();
        for (int from = 0; from < parts.length; from++) {
            var run = new StringBuilder();
            for (int to = from; to < parts.length; to++) {
                runs.add(run.append(parts[to]).toString());
            }
        }
        return runs;
    }

    private Tokenizer tokenizer(SplitPattern split) {
        Path path = folder.resolve("tokenizer.json");
        String text = String.join("\n", SampleTexts.TRICKY).repeat(3) + SampleTexts.words(4, 900);
        new BpeTrainer(800).train(Words.count(split, text), (_, _) -> {}).write(path);
        return Tokenizer.load(path);
    }

    private static EncodeDocuments.Encoded encode(Tokenizer tokenizer, List<String> texts, Path path) {
        return new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT)
                .write(Words.documents(texts), path, (_, _, _) -> {});
    }

    private static int[] ids(TokenShard shard, int document) {
        int[] ids = new int[(int) shard.documentLength(document) - 1];
        shard.read(shard.documentStart(document), ids.length, ids, 0);
        return ids;
    }
}
