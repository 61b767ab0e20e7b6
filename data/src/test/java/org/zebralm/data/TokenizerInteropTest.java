package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tokenizer.Tokenizer;

/// Ten megabytes of mixed text have the same ids here and in Python's `tokenizers`, by files either trained
/// (`oracle/tokenizer_interop.py`).
///
/// Needs a Python with tokenizers, named by the environment variable `ZEBRA_ORACLE_PYTHON`: see `oracle/README.md`.
@Tag("interop")
class TokenizerInteropTest {

    private static final long BYTES = 10_000_000;
    private static final int VOCAB_SIZE = 8_000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void ourFileGivesTheirIds(SplitPattern split) throws IOException, InterruptedException {
        List<String> documents = MixedText.documents(BYTES);
        Path tokenizer = folder.resolve("tokenizer.json");
        WordCounts words = WordCounts.of(Words.documents(documents), split, _ -> {});
        new BpeTrainer(VOCAB_SIZE).train(words, (_, _) -> {}).write(tokenizer);
        compare(tokenizer, documents, texts(documents));
    }

    @ParameterizedTest
    @EnumSource
    void theirFileGivesOurIds(SplitPattern split) throws IOException, InterruptedException {
        List<String> documents = MixedText.documents(BYTES);
        Path texts = texts(documents);
        Path tokenizer = folder.resolve("tokenizer.json");
        List<String> arguments =
                new ArrayList<>(List.of("train", texts.toString(), tokenizer.toString(), Integer.toString(VOCAB_SIZE)));
        if (split != SplitPattern.GPT2) {
            arguments.add(split.regex());
        }
        python(arguments);
        compare(tokenizer, documents, texts);
    }

    private void compare(Path tokenizerJson, List<String> documents, Path texts)
            throws IOException, InterruptedException {
        Path ids = folder.resolve("ids");
        python(List.of("encode", tokenizerJson.toString(), texts.toString(), ids.toString()));
        IntBuffer theirs = ByteBuffer.wrap(Files.readAllBytes(ids))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer();
        Path shard = folder.resolve("shard");
        try (Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
            assertThat(BpeEncoder.of(tokenizer)).as("encoded by ourselves").isPresent();
            new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT)
                    .write(Words.documents(documents), shard, (_, _, _) -> {});
            try (TokenShard ours = TokenShard.open(shard, tokenizer)) {
                assertThat(ours.numDocuments()).isEqualTo(documents.size());
                for (int document = 0; document < documents.size(); document++) {
                    int[] expected = new int[theirs.get()];
                    theirs.get(expected);
                    int[] actual = new int[(int) ours.documentLength(document) - 1];
                    ours.read(ours.documentStart(document), actual.length, actual, 0);
                    assertThat(actual).as(documents.get(document)).isEqualTo(expected);
                }
                assertThat(theirs.hasRemaining()).isFalse();
            }
        }
    }

    private Path texts(List<String> documents) throws IOException {
        var mapper = new ObjectMapper();
        List<String> lines = new ArrayList<>();
        long bytes = 0;
        for (String document : documents) {
            lines.add(mapper.writeValueAsString(document));
            bytes += document.getBytes(StandardCharsets.UTF_8).length;
        }
        assertThat(bytes).isGreaterThanOrEqualTo(BYTES * 9 / 10);
        return Files.writeString(folder.resolve("texts.jsonl"), lines.stream().collect(Collectors.joining("\n")));
    }

    private static void python(List<String> arguments) throws IOException, InterruptedException {
        String python = System.getenv("ZEBRA_ORACLE_PYTHON");
        assertThat(python)
                .as("ZEBRA_ORACLE_PYTHON must name a Python with tokenizers: see oracle/README.md")
                .isNotNull();
        List<String> command = new ArrayList<>(List.of(python, "../oracle/tokenizer_interop.py"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
    }
}
