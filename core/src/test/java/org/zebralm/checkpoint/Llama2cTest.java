package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// llama2.c's checkpoints and tokenizers.
class Llama2cTest {
    private static final int[] IDS = {3, 9, 4, 7, 7, 30, 2, 11, 5, 40, 8};

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0, true", "0, false", "1, true", "1, false"})
    void aModelIsTheSameInEitherVersion(int version, boolean tied) throws IOException {
        ZebraConfig config = TinyModel.config(tied, GLOBAL, GLOBAL);
        try (var tiny = TinyModel.of(config, 1)) {
            Path file = write(Llama2cFiles.model(tiny, version));
            try (var loaded = LoadedModel.open(file, DType.FLOAT32, new PortableAttention())) {
                assertThat(loaded.folder().config()).isEqualTo(config);
                assertThat(loaded.folder().storedDType()).isEqualTo(DType.FLOAT32);
                assertThat(loaded.folder().stopTokenIds()).containsExactly(2, 1);
                assertThat(logits(loaded.zebra())).isEqualTo(logits(tiny.zebra()));
            }
        }
    }

    @Test
    void aFileOfAnotherSizeIsRefused() throws IOException {
        try (var tiny = TinyModel.of(TinyModel.config(true, GLOBAL), 1)) {
            byte[] whole = Llama2cFiles.model(tiny, 0);
            for (int size : new int[] {28, 100, 3000, whole.length - 4}) {
                Path file = write(Arrays.copyOf(whole, size));
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> ModelFolder.read(file))
                        .withMessageContaining("it is cut short, or no llama2.c checkpoint");
            }
            Path longer = write(Arrays.copyOf(whole, whole.length + 4));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ModelFolder.read(longer))
                    .withMessageContaining("must have " + whole.length + " bytes for the sizes it names: got ");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            16,24,1,4,0,48,64          | each of its first numbers must be a size from 1 to 1048576: got 0
            16,24,1,4,2,48,-64         | each of its first numbers must be a size from 1 to 1048576: got -64
            16,24,2000000000,4,2,48,64 | each of its first numbers must be a size from 1 to 1048576: got 2000000000
            16,24,1,4,3,48,64          | the key-value heads must share them: got 4 and 3
            18,24,1,4,2,48,64          | the heads must share width 18
            16,24,1,4,2,-2147483648,64 | each of its first numbers must be a size from 1 to 1048576: got -2147483648
            1048576,1048576,1048576,2,1,1048576,1048576 | must end within the file's
            """)
    void sizesThatNoModelHasAreRefused(String sizes, String rule) throws IOException {
        int[] numbers =
                Arrays.stream(sizes.split(",")).mapToInt(Integer::parseInt).toArray();
        Path file = write(Llama2cFiles.ints(64, numbers));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(file))
                .withMessageContaining("a.bin")
                .withMessageContaining(rule);
    }

    @Test
    void weightsOfEightBitsAreRefusedByVersion() throws IOException {
        Path file = write(Llama2cFiles.ints(256, 0x616b3432, 2, 16, 24, 1, 4, 2, 48, 64));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(file))
                .withMessageContaining("must be of version 0 or 1: got 2, whose weights are int8");
    }

    /// Pieces: three for control, 256 bytes, and `▁ a b ▁a ab ▁ab` with falling scores.
    @Test
    void theTokenizerMergesByScoreAndFallsBackToBytes() throws IOException {
        try (Tokenizer tokenizer = Llama2cTokenizer.open(writeTokenizer(265), 265)) {
            // "▁ab": of "▁a" (262, score -1) and "ab" (263, -2), the first merges first, and then both with b.
            assertThat(tokenizer.encode("ab")).containsExactly(264);
            assertThat(tokenizer.encode("aab")).containsExactly(262, 263);
            // é is C3 A9 in UTF-8; bytes follow the three tokens for control.
            assertThat(tokenizer.encode("é")).containsExactly(259, 3 + 0xC3, 3 + 0xA9);
            assertThat(tokenizer.encodePrompt("ab")).containsExactly(1, 264);
            assertThat(tokenizer.decode(tokenizer.encode("ab é  a"))).isEqualTo("ab é  a");
            assertThat(tokenizer.idOf("<s>")).hasValue(1);
        }
    }

    @Test
    void aTokenizerOfAnotherSizeThanTheModelIsRefused() throws IOException {
        Path file = writeTokenizer(265);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> Llama2cTokenizer.open(file, 264))
                .withMessageContaining("as many pieces as its model has tokens, 264: got more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Llama2cTokenizer.open(file, 266))
                .withMessageContaining("266: got 265");
    }

    private static float[] logits(Zebra zebra) {
        try (var _ = Scope.open()) {
            return zebra.forward(IDS, CumulativeLengths.of(0, IDS.length)).toFloats();
        }
    }

    private Path writeTokenizer(int size) throws IOException {
        return Files.write(folder.resolve("tokenizer.bin"), Llama2cFiles.tokenizer(size));
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("a.bin"), bytes);
    }
}
