package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

class SafetensorsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(DType.class)
    void everyElementTypeComesBack(DType dtype) {
        Path path = folder.resolve("a.safetensors");
        try (var _ = Scope.open()) {
            Tensor tensor = Tensors.of(new float[] {0, 1, 1, 0, 1, 0}, 2, 3).to(dtype);
            SafetensorsWriter.write(path, Map.of("x", tensor), Map.of());
            try (var file = SafetensorsFile.open(path)) {
                assertThat(file.dtype("x")).isEqualTo(dtype);
                assertThat(file.tensor("x").dtype()).isEqualTo(dtype);
                assertThat(file.tensor("x").shape()).containsExactly(2, 3);
                assertThat(file.tensor("x").toFloats()).containsExactly(0, 1, 1, 0, 1, 0);
            }
        }
    }

    @Test
    void saveLoadSaveGivesTheSameBytes() {
        Path first = folder.resolve("first.safetensors");
        Path second = folder.resolve("second.safetensors");
        Map<String, String> metadata = Map.of("format", "pt", "é", "\"quoted\"", "a", "b");
        try (var _ = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("z", Tensors.normal(1, 1, 3, 5));
            tensors.put("empty", Tensors.empty(DType.FLOAT32, 0, 4));
            tensors.put("scalar", Tensors.of(new double[] {0.1}));
            tensors.put("turned", Tensors.normal(1, 2, 3, 5).transpose(0, 1));
            tensors.put("half", Tensors.normal(1, 3, 7).to(DType.BFLOAT16));
            SafetensorsWriter.write(first, tensors, metadata);
            try (var file = SafetensorsFile.open(first)) {
                assertThat(file.names()).containsExactly("z", "empty", "scalar", "turned", "half");
                assertThat(file.metadata()).isEqualTo(metadata);
                assertThat(file.tensor("turned").toFloats())
                        .isEqualTo(tensors.get("turned").toFloats());
                Map<String, Tensor> again = new LinkedHashMap<>();
                file.names().forEach(name -> again.put(name, file.tensor(name)));
                SafetensorsWriter.write(second, again, file.metadata());
            }
        }
        assertThat(second).hasSameBinaryContentAs(first);
    }

    @Test
    void piecesMadeWhileWritingGiveTheBytesOfTheWhole() {
        Path whole = folder.resolve("whole.safetensors");
        Path pieces = folder.resolve("pieces.safetensors");
        try (var _ = Scope.open()) {
            Tensor x = Tensors.normal(1, 1, 6, 5);
            SafetensorsWriter.write(whole, Map.of("x", x), DType.BFLOAT16, Map.of());
            var pending = PendingTensor.of(DType.BFLOAT16, new long[] {6, 5}, sink -> {
                sink.take(x.narrow(0, 0, 1));
                sink.take(x.narrow(0, 1, 5).to(DType.BFLOAT16));
            });
            SafetensorsWriter.writeAsMade(pieces, Map.of("x", pending), Map.of());
        }
        assertThat(pieces).hasSameBinaryContentAs(whole);
    }

    @Test
    void piecesThatDoNotFillATensorAreNoFile() {
        Path path = folder.resolve("a.safetensors");
        var pending = PendingTensor.of(DType.INT64, new long[] {5}, sink -> {
            try (var _ = Scope.open()) {
                sink.take(Tensors.arange(4));
            }
        });
        assertThatThrownBy(() -> SafetensorsWriter.writeAsMade(path, Map.of("x", pending), Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the pieces of x must fill it: got bytes up to 32 of 40");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void tensorsLieOnTheMappedFileAndBeginAtMultiplesOfEight() throws IOException {
        Path path = folder.resolve("a.safetensors");
        try (var _ = Scope.open()) {
            SafetensorsWriter.write(path, Map.of("xyz", Tensors.arange(4)), Map.of());
            try (var file = SafetensorsFile.open(path)) {
                assertThat(file.tensor("xyz").address())
                        .isEqualTo(file.bytes("xyz").address());
                assertThat(file.bytes("xyz").address() % 8).isZero();
            }
        }
        assertThat(Files.size(path) % 8).isZero();
    }

    @Test
    void aTensorOutOfStepWithItsElementsIsCopied() {
        Path path = folder.resolve("a.safetensors");
        try (var _ = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("odd", Tensors.of(new boolean[] {true, false, true}, 3));
            tensors.put("x", Tensors.of(new float[] {1, 2}, 2));
            SafetensorsWriter.write(path, tensors, Map.of());
            try (var file = SafetensorsFile.open(path)) {
                assertThat(file.tensor("x").address() % 4).isZero();
                assertThat(file.tensor("x").toFloats()).containsExactly(1, 2);
            }
        }
    }

    @Test
    void aClosedFileGivesNoTensors() {
        Path path = folder.resolve("a.safetensors");
        try (var _ = Scope.open()) {
            SafetensorsWriter.write(path, Map.of("x", Tensors.arange(4)), Map.of());
            var file = SafetensorsFile.open(path);
            file.close();
            file.close();
            assertThatThrownBy(() -> file.tensor("x")).hasMessageContaining("has been closed");
        }
    }

    /// Headers with what is wrong with them, in front of 8 bytes of tensors.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} trailing | Unrecognized token
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}{}        | something follows
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | Duplicate
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'dtype':'F32'}} | Duplicate
            {'x':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}          | tensor x: float32[3] takes 12 bytes, but its data_offsets span 8
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}}         | tensor x: data_offsets must hold whole numbers from 0
            {'x':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}         | tensor x: shape must hold whole numbers from 0
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}          | tensor x: data_offsets must ascend
            {'x':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}         | tensor x: data_offsets must ascend within the 8 bytes of tensors: got 0 and 16
            {'x':{'dtype':'F32','shape':[9223372036854775807,2],'data_offsets':[0,8]}} | tensor x: shape [9223372036854775807, 2] has more than
            {'x':{'dtype':'F32','shape':[99999999999999999999],'data_offsets':[0,8]}} | tensor x: shape must hold whole numbers
            {'x':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}}        | tensor x: shape must hold whole numbers
            {'x':{'dtype':'F32','shape':2,'data_offsets':[0,8]}}            | tensor x: shape must be an array
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8,8]}}        | tensor x: data_offsets must have at most 2
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0]}}            | tensor x: needs dtype, shape and two data_offsets
            {'x':{'shape':[2],'data_offsets':[0,8]}}                        | tensor x: needs dtype
            {'x':{'dtype':'F4','shape':[2],'data_offsets':[0,8]}}           | tensor x: dtype F4 is not implemented
            {'x':{'dtype':7,'shape':[2],'data_offsets':[0,8]}}              | tensor x: dtype must be a string
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'at':1}}   | tensor x: unknown key at
            {'x':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}          | the tensors end at byte 4 of 8
            {'x':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}          | tensor x: leaves a gap before it
            {'x':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'y':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | tensor y: overlaps the tensor before it
            {'x':7}                                                         | tensor x: a tensor must be described by an object
            {'__metadata__':{'a':1}}                                        | metadata must be an object of strings
            {'__metadata__':'a'}                                            | metadata must be an object of strings
            {}                                                              | the tensors end at byte 0 of 8
            {'x':                                                           | not valid JSON
            [1,2]                                                           | the header must begin with {
            """)
    void aHeaderThatBreaksARuleIsRefusedByName(String header, String problem) throws IOException {
        byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        Path path = write(json.length, json, new byte[8]);

        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a.safetensors: ")
                .hasMessageContaining(problem);
    }

    @ParameterizedTest
    @CsvSource({"3000000000", "-1", "9223372036854775807", "11", "1", "0", "100000001"})
    void aHeaderLengthBeyondTheFileIsRefusedWithoutAllocating(long length) throws IOException {
        Path path = write(length, "{        }".getBytes(StandardCharsets.UTF_8), new byte[0]);

        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "the header's length must be from 2 to 10 bytes: got " + Long.toUnsignedString(length));
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws IOException {
        byte[] json = {'{', '"', (byte) 0xC3, '"', ':', '1', '}'};

        assertThatThrownBy(() -> SafetensorsFile.open(write(json.length, json, new byte[0])))
                .hasMessageContaining("not valid UTF-8");
    }

    @Test
    void nestingWithoutEndIsRefused() throws IOException {
        byte[] json = new byte[1_000_000];
        Arrays.fill(json, (byte) '[');
        byte[] start = "{\"__metadata__\":{\"a\":".getBytes(StandardCharsets.UTF_8);
        System.arraycopy(start, 0, json, 0, start.length);

        assertThatThrownBy(() -> SafetensorsFile.open(write(json.length, json, new byte[0])))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void everyTruncationOfAFileIsRefused() throws IOException {
        Path path = folder.resolve("whole.safetensors");
        try (var _ = Scope.open()) {
            SafetensorsWriter.write(path, Map.of("x", Tensors.arange(2)), Map.of("a", "b"));
        }
        byte[] whole = Files.readAllBytes(path);
        Path cut = folder.resolve("cut.safetensors");
        for (int length = 0; length < whole.length; length++) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SafetensorsFile.open(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none.safetensors")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none.safetensors");
    }

    private Path write(long length, byte[] json, byte[] data) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(length).put(json).put(data);
        return Files.write(folder.resolve("a.safetensors"), bytes.array());
    }
}
