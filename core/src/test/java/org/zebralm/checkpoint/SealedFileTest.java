package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class SealedFileTest {
    private static final Map<String, String> METADATA = Map.of("step", "3");

    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path path;

    @SuppressWarnings("NullAway.Init") // set before each test
    private byte[] bytes;

    @BeforeEach
    void write() throws IOException {
        path = folder.resolve("state.safetensors");
        try (var _ = Scope.open()) {
            SealedFile.write(path, tensors(), METADATA);
        }
        bytes = Files.readAllBytes(path);
    }

    /// Of several types and sizes: an empty one, an odd number of bytes, elements that lie in another order.
    private static Map<String, Tensor> tensors() {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("turned", Tensors.normal(1, 1, 30, 5).transpose(0, 1));
        tensors.put("empty", Tensors.empty(DType.FLOAT32, 0, 4));
        tensors.put("odd", Tensors.of(new float[] {1, 2, 3}, 3).to(DType.UINT8));
        tensors.put("half", Tensors.normal(1, 3, 70).to(DType.BFLOAT16));
        tensors.put("count", Tensors.of(new double[] {7}).to(DType.INT64));
        return tensors;
    }

    @Test
    void tensorsAndMetadataComeBack() {
        try (var _ = Scope.open();
                SafetensorsFile file = SealedFile.open(path)) {
            Map<String, Tensor> expected = tensors();
            assertThat(file.names()).containsAll(expected.keySet());
            expected.forEach((name, tensor) -> {
                assertThat(file.dtype(name)).isEqualTo(tensor.dtype());
                assertThat(file.tensor(name).toDoubles()).as(name).isEqualTo(tensor.toDoubles());
            });
            assertThat(file.metadata()).isEqualTo(METADATA);
        }
    }

    @Test
    void theChecksumsAreCrc32cOfTheHeaderAndOfEachTensor() {
        try (var _ = Scope.open();
                SafetensorsFile file = SafetensorsFile.open(path)) {
            long[] stored = file.tensor(SealedFile.CHECKSUMS).toLongs();
            int at = (int) file.headerBytes();
            assertThat(stored[0]).isEqualTo(crc32c(Arrays.copyOf(bytes, at)));
            int i = 1;
            for (String name : tensors().keySet()) {
                int end = at + (int) file.bytes(name).byteSize();
                assertThat(stored[i++]).as(name).isEqualTo(crc32c(Arrays.copyOfRange(bytes, at, end)));
                at = end;
            }
        }
    }

    @Test
    void theSizeIsKnownBeforehand() {
        try (var _ = Scope.open()) {
            assertThat(SealedFile.size(tensors(), METADATA)).isEqualTo(bytes.length);
        }
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        var random = new SplittableRandom(1);
        for (int at = 0; at < bytes.length; at++) {
            byte[] altered = bytes.clone();
            altered[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(path, altered);
            assertThatThrownBy(() -> SealedFile.open(path))
                    .as("bit flipped in byte " + at)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(path.toString());
        }
    }

    @Test
    void everyLengthButTheWholeIsNoticed() throws IOException {
        for (int length = 0; length < bytes.length; length++) {
            Files.write(path, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> SealedFile.open(path))
                    .as("cut to " + length + " bytes")
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(path.toString());
        }
        Files.write(path, Arrays.copyOf(bytes, bytes.length + 1));
        assertThatThrownBy(() -> SealedFile.open(path)).isInstanceOf(IllegalArgumentException.class);
        Files.write(path, bytes);
        assertThatCode(() -> SealedFile.open(path).close()).doesNotThrowAnyException();
    }

    @Test
    void blocksOfZerosAsAPowerCutLeavesThemAreNoticed() throws IOException {
        int block = 64;
        for (int at = 0; at + block <= bytes.length; at += block) {
            byte[] altered = bytes.clone();
            Arrays.fill(altered, at, at + block, (byte) 0);
            Files.write(path, altered);
            assertThatThrownBy(() -> SealedFile.open(path))
                    .as("zeros from byte " + at)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anOrdinarySafetensorsFileIsNotTakenForOne() {
        try (var _ = Scope.open()) {
            SafetensorsWriter.write(path, tensors(), METADATA);
        }
        assertThatThrownBy(() -> SealedFile.open(path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has no checksums");
    }

    /// Bit by bit: polynomial 0x1EDC6F41, reflected (RFC 3720, appendix B.4).
    private static long crc32c(byte... data) {
        int crc = -1;
        for (byte value : data) {
            crc ^= value & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
            }
        }
        return ~crc & 0xFFFFFFFFL;
    }
}
