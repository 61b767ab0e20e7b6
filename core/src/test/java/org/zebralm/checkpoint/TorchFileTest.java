package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Files that PyTorch wrote (`oracle/torch_files.py`), and files that it never would.
class TorchFileTest {
    private static final long[] PAIR = {2};
    private static final long[] ONE = {1};

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "protocol-2.bin",
                "protocol-3.bin",
                "protocol-4.bin",
                "protocol-5.bin",
                "legacy.bin",
                "with-scalars.bin",
                "nested.bin"
            })
    void everyTensorIsWhatPyTorchSaved(String name) {
        try (var expected = SafetensorsFile.open(Fixtures.path("torch/expected.safetensors"));
                var file = TorchFile.open(Fixtures.path("torch/" + name));
                var _ = Scope.open()) {
            assertThat(file.names()).containsExactlyInAnyOrderElementsOf(expected.names());
            for (String tensor : expected.names()) {
                assertThat(file.dtype(tensor)).as(tensor).isEqualTo(expected.dtype(tensor));
                assertThat(file.shape(tensor)).as(tensor).isEqualTo(expected.shape(tensor));
                assertThat(file.tensor(tensor).shape()).as(tensor).isEqualTo(expected.shape(tensor));
                assertThat(file.tensor(tensor).toDoubles())
                        .as(tensor)
                        .isEqualTo(expected.tensor(tensor).toDoubles());
                assertThat(file.tensor(tensor, DType.FLOAT64).toDoubles())
                        .as(tensor)
                        .isEqualTo(expected.tensor(tensor).toDoubles());
            }
            assertThat(file.areEqual("base", "tied")).isTrue();
            assertThat(file.areEqual("base", "transposed")).isFalse();
            assertThat(file.areEqual("int8", "uint8")).isFalse();
        }
    }

    @Test
    void tensorsOfAZipFileLieOnTheMapping() {
        try (var file = TorchFile.open(Fixtures.path("torch/protocol-2.bin"));
                var _ = Scope.open()) {
            long base = file.tensor("base").address();
            assertThat(file.tensor("tied").address()).isEqualTo(base);
            assertThat(file.tensor("transposed").address()).isEqualTo(base);
            assertThat(file.tensor("slice").address()).isEqualTo(base + 4 * (2 * 4 + 1));
        }
    }

    /// Storages of the old format lie at any byte and are copied, and a loader keeps what it reads in a scope of its
    /// own.
    @ParameterizedTest
    @ValueSource(strings = {"protocol-2.bin", "legacy.bin"})
    void tensorsOutliveTheScopeTheyAreReadIn(String name) {
        try (var expected = SafetensorsFile.open(Fixtures.path("torch/expected.safetensors"));
                var file = TorchFile.open(Fixtures.path("torch/" + name));
                var kept = new Lifetime();
                var _ = Scope.open()) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String tensor : expected.names()) {
                try (var _ = Scope.open()) {
                    tensors.put(tensor, kept.keep(file.tensor(tensor, file.dtype(tensor))));
                }
                for (int bytes = 1; bytes <= 256; bytes++) {
                    Tensors.full(85, DType.UINT8, bytes); // takes what was freed, whatever its size
                }
            }
            tensors.forEach((tensor, values) -> assertThat(values.toDoubles())
                    .as(tensor)
                    .isEqualTo(expected.tensor(tensor).toDoubles()));
        }
    }

    @Test
    void severalModelsInAFileAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchFile.open(Fixtures.path("torch/ambiguous.bin")))
                .withMessageContaining("must hold one model, but has tensors under each of model, ema");
    }

    @Test
    void aClassIsRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchFile.open(Fixtures.path("torch/names-a-class.bin")))
                .withMessageContaining("names-a-class.bin")
                .withMessageContaining("the pickle names pathlib.");
    }

    @Test
    void aModelInShardsIsTheSameModel() {
        TransformersFixture fixture = TransformersFixture.of("llama-bin");
        try (var model = LoadedModel.open(fixture.folder(), DType.FLOAT32, new PortableAttention())) {
            assertThat(fixture.maxDifference(model.zebra())).isLessThanOrEqualTo(1e-4);
        }
    }

    @Test
    void safetensorsGoBeforeBin() throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(Fixtures.path("llama/" + name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("pytorch_model.bin"), "not read");

        LoadedModel.open(folder, DType.FLOAT32, new PortableAttention()).close();
    }

    @Test
    void aFileWithItsConfigBesideItIsAModel() throws IOException {
        Files.copy(Fixtures.path("llama/config.json"), folder.resolve("config.json"));
        Path weights = Files.copy(Fixtures.path("llama/model.safetensors"), folder.resolve("other.safetensors"));
        LoadedModel.open(weights, DType.FLOAT32, new PortableAttention()).close();

        Files.delete(folder.resolve("config.json"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(weights))
                .withMessageContaining("other.safetensors needs a config.json beside it");
    }

    @ParameterizedTest
    @CsvSource({
        "os, system",
        "posix, system",
        "builtins, eval",
        "__builtin__, exec",
        "torch, load",
        "torch.hub, load",
        "torch._utils, _rebuild_tensor",
        "torch, ShortStorage",
        "numpy.core.multiarray, _reconstruct",
        "collections, defaultdict"
    })
    void whateverElseAPickleNamesIsRefused(String module, String name) throws IOException {
        byte[] line = PickleBytes.begin()
                .global(module, name)
                .op('(')
                .text("x")
                .op('t', 'R')
                .end();
        byte[] stack = PickleBytes.begin()
                .text(module)
                .text(name)
                .op(0x93, '(')
                .text("x")
                .op('t', 'R')
                .end();

        for (byte[] pickle : new byte[][] {line, stack}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> open(pickle, 8))
                    .withMessageContaining("a.bin: archive/data.pkl: at byte ")
                    .withMessageContaining("the pickle names " + module + "." + name);
        }
    }

    /// INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, REDUCE's text form, PERSID, GET, STRING, EMPTY_SET, BINBYTES8, nothing.
    @ParameterizedTest
    @ValueSource(ints = {'i', 'o', 0x81, 0x92, 0x82, 'P', 'g', 'S', 0x8f, 0x8e, 0, 0xff})
    void whateverElseAPickleDoesIsRefused(int instruction) {
        byte[] pickle = PickleBytes.begin()
                .op('(', instruction)
                .line("os")
                .line("system")
                .end();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> open(pickle, 8))
                .withMessageContaining("got the instruction 0x%02x".formatted(instruction));
    }

    @Test
    void aTensorMustLieWithinItsStorage() throws IOException {
        long most = Long.MAX_VALUE;
        refuses("must lie within the 2 elements", 0, new long[] {3}, ONE);
        refuses("must lie within the 2 elements", 1, PAIR, ONE);
        refuses("must lie within the 2 elements", -1, PAIR, ONE);
        refuses("must lie within the 2 elements", 0, PAIR, PAIR);
        refuses("must lie within the 2 elements", 3, new long[] {0}, ONE);
        refuses("must lie within the 2 elements", 0, new long[] {most, most}, new long[] {0, 0});
        refuses("must lie within the 2 elements", most, PAIR, new long[] {most});
        refuses("must lie within the 2 elements", 0, PAIR, new long[] {most});
        refuses("whole numbers from 0", 0, new long[] {-2}, ONE);
        refuses("whole numbers from 0", 1, PAIR, new long[] {-1});
        refuses("at most 64 whole numbers", 0, new long[65], new long[65]);
        refuses("as many strides as axes", 0, PAIR, new long[] {1, 1});
        refuses("twice the file's bytes", 0, new long[] {1L << 40}, new long[] {0});
        refuses("twice the file's bytes", 0, new long[] {1L << 62}, new long[] {0});
    }

    private void refuses(String rule, long offset, long[] shape, long[] strides) {
        byte[] pickle = PickleBytes.begin()
                .op('}')
                .text("x")
                .tensor("0", 2, offset, shape, strides)
                .op('s')
                .end();
        assertThatIllegalArgumentException().isThrownBy(() -> open(pickle, 8)).withMessageContaining(rule);
    }

    @Test
    void aStorageMustHaveItsElements() {
        byte[] pickle = PickleBytes.begin()
                .op('}')
                .text("x")
                .tensor("0", 2, 0, PAIR, ONE)
                .op('s')
                .end();
        byte[] other = PickleBytes.begin()
                .op('}')
                .text("x")
                .tensor("1", 2, 0, PAIR, ONE)
                .op('s')
                .end();

        assertThat(names(pickle, 8)).containsExactly("x");
        for (int size : new int[] {4, 9, 16, 0}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> open(pickle, size))
                    .withMessageContaining("x needs a storage of 2 elements of float32, but the file has " + size);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> open(other, 8))
                .withMessageContaining("but the file has none there");
    }

    @Test
    void aValueMayContainItself() {
        byte[] pickle = PickleBytes.begin()
                .op('}', 'q', 0)
                .text("x")
                .tensor("0", 2, 0, PAIR, ONE)
                .op('s')
                .text("self")
                .op('h', 0, 's')
                .end();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> open(pickle, 8))
                .withMessageContaining("must hold tensors by name: got a dictionary under self");
    }

    @Test
    void aPickleThatIsNotADictionaryOfTensorsIsRefused() {
        refusesPickle("holds a list", PickleBytes.begin().op(']'));
        refusesPickle(
                "holds no tensors by name",
                PickleBytes.begin().op('}').text("x").whole(3).op('s'));
        refusesPickle(
                "a key must be a text or a whole number", PickleBytes.begin().op('}', 'N', 'N', 's'));
        refusesPickle("takes a value that it did not make", PickleBytes.begin());
        refusesPickle("takes a value that it did not make", PickleBytes.begin().op('N', '(', 0x85));
        refusesPickle("ends a list that it did not begin", PickleBytes.begin().op('t'));
        refusesPickle("recalls 7", PickleBytes.begin().op('h', 7));
        refusesPickle("at most 8 bytes", PickleBytes.begin().op(0x8a, 9));
        refusesPickle("protocol must be from 2 to 5: got 1", new PickleBytes().op(0x80, 1));
        refusesPickle("must be shorter than 2 GiB", PickleBytes.begin().op(0x8d, 0, 0, 0, 0, 0, 0, 0, 1));
        refusesPickle(
                "2147483392 bytes are wanted where 1 are left",
                PickleBytes.begin().op('X', 0, 255, 255, 127));
        refusesPickle("not valid UTF-8", PickleBytes.begin().op(0x8c, 1, 0xff));
        refusesPickle(
                "only a dictionary may have attributes", PickleBytes.begin().op('N', '}', 'b'));
        refusesPickle("only a name can be called", PickleBytes.begin().op('N', ')', 'R'));
        refusesPickle(
                "must not call torch.FloatStorage",
                PickleBytes.begin().global("torch", "FloatStorage").op(')', 'R'));
        refusesPickle(
                "a storage must be named by",
                PickleBytes.begin().text("storage").op('Q'));
        refusesPickle("a storage must have a type", PickleBytes.begin().storage("float32", "0", 2));
        refusesPickle("a storage must have a type", PickleBytes.begin().storage("FloatStorage", "0", -2));
    }

    private void refusesPickle(String rule, PickleBytes pickle) {
        byte[] bytes = pickle.end();
        assertThatIllegalArgumentException().isThrownBy(() -> open(bytes, 8)).withMessageContaining(rule);
    }

    @Test
    void aZipFileMustBeOnePyTorchWouldWrite() throws IOException {
        byte[] pickle = PickleBytes.begin().op('}').end();
        refusesZip("must be little-endian", Map.of("a/data.pkl", pickle, "a/byteorder", utf8("big")), ZipEntry.STORED);
        refusesZip("must have one entry data.pkl", Map.of("a/data", pickle), ZipEntry.STORED);
        refusesZip("must have one entry data.pkl", Map.of("a/data.pkl", pickle, "b/data.pkl", pickle), ZipEntry.STORED);
        refusesZip("must be stored as it is", Map.of("a/data.pkl", pickle), ZipEntry.DEFLATED);
    }

    private void refusesZip(String rule, Map<String, byte[]> entries, int method) throws IOException {
        Path path = zip(entries, method);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchFile.open(path))
                .withMessageContaining(rule);
    }

    @ParameterizedTest
    @ValueSource(strings = {"protocol-2.bin", "legacy.bin"})
    void everyTruncationIsRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(Fixtures.path("torch/" + name));
        Path cut = folder.resolve("cut.bin");
        for (int length = 0; length < whole.length; length += 7) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> TorchFile.open(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void entriesThatShareBytesAreRefused() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("a/data.pkl", PickleBytes.begin().op('}').end());
        entries.put("a/data/0", new byte[8]);
        byte[] bytes = Files.readAllBytes(zip(entries, ZipEntry.STORED));
        ByteBuffer zip = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int directory = zip.getInt(bytes.length - 6);
        int second = directory + 46 + "a/data.pkl".length();
        // The second entry's directory record and name become the first's, all but one letter of the name.
        zip.putInt(second + 42, zip.getInt(directory + 42));
        Path path = Files.write(folder.resolve("shared.bin"), bytes);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchFile.open(path))
                .withMessageContaining("a/data/0 has another name where it lies");
    }

    @Test
    void aBinFileThatIsNeitherFormatIsRefused() throws IOException {
        Path path = Files.writeString(folder.resolve("a.bin"), "version https://git-lfs.github.com/spec/v1");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> TorchFile.open(path))
                .withMessageContaining("is no PyTorch checkpoint");
    }

    private Iterable<String> names(byte[] pickle, int storageBytes) {
        try (TorchFile file = open(pickle, storageBytes)) {
            return file.names();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// A checkpoint with this pickle and one storage of so many bytes.
    private TorchFile open(byte[] pickle, int storageBytes) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("archive/data.pkl", pickle);
        entries.put("archive/byteorder", utf8("little"));
        entries.put("archive/data/0", new byte[storageBytes]);
        return TorchFile.open(zip(entries, ZipEntry.STORED));
    }

    private Path zip(Map<String, byte[]> entries, int method) throws IOException {
        Path path = folder.resolve("a.bin");
        try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
            for (var named : entries.entrySet()) {
                var entry = new ZipEntry(named.getKey());
                entry.setMethod(method);
                if (method == ZipEntry.STORED) {
                    var crc = new CRC32();
                    crc.update(named.getValue());
                    entry.setSize(named.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(named.getValue());
                zip.closeEntry();
            }
        }
        return path;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
