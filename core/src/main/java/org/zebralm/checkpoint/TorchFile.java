package org.zebralm.checkpoint;

import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.zebralm.checkpoint.PickleValue.Items;
import org.zebralm.checkpoint.PickleValue.Storage;
import org.zebralm.checkpoint.PickleValue.Text;
import org.zebralm.checkpoint.PickleValue.View;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// What `torch.save` wrote: a pickle that describes tensors, and the storages they lie on, memory-mapped.
///
/// Since PyTorch 1.6 that is a zip file with a stored entry for the pickle and for each storage; before, pickles and
/// storages follow each other. Both are read. See `torch/serialization.py`.
final class TorchFile implements WeightSource {
    private static final System.Logger LOG = System.getLogger(TorchFile.class.getName());

    /// How the old format begins: a pickle of the number 0x1950a86a20f9469cfc6c.
    private static final byte[] LEGACY_MAGIC = {
        (byte) 0x80,
        2,
        (byte) 0x8a,
        10,
        0x6c,
        (byte) 0xfc,
        (byte) 0x9c,
        0x46,
        (byte) 0xf9,
        0x20,
        0x6a,
        (byte) 0xa8,
        0x50,
        0x19,
        '.'
    };

    private static final int ZIP_MAGIC = 0x04034b50;
    private static final int LEGACY_PROTOCOL = 1001;
    private static final String PICKLE = "/data.pkl";

    /// Room for small tensors that repeat their elements in a small file.
    private static final long SLACK = 1 << 20;

    private final MappedFile file;
    private final Map<String, View> tensors;
    private final Map<String, MemorySegment> storages;

    private TorchFile(MappedFile file, StateDict state, Map<String, MemorySegment> storages) {
        this.file = file;
        this.storages = storages;
        if (!state.key().isEmpty()) {
            LOG.log(Level.INFO, "{0}: taking the tensors under \"{1}\"", file.path(), state.key());
        }
        this.tensors = Collections.unmodifiableMap(state.tensors());
        requireBounded();
    }

    /// Maps a file and reads which tensors it holds.
    ///
    /// @throws IllegalArgumentException if it is damaged, or its pickle holds anything but tensors and plain values
    /// @throws java.io.UncheckedIOException if it cannot be read
    static TorchFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean opened = false;
        try {
            TorchFile read = isZip(file.bytes()) ? openZip(file) : openLegacy(file);
            opened = true;
            return read;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    /// Returns whether a file begins as one of the two formats does.
    static boolean isTorch(Path path) {
        try (MappedFile file = MappedFile.open(path)) {
            return isZip(file.bytes()) || isLegacy(file.bytes());
        }
    }

    private static boolean isZip(MemorySegment bytes) {
        return bytes.byteSize() >= Integer.BYTES && new ByteCursor("", bytes).readInt() == ZIP_MAGIC;
    }

    private static boolean isLegacy(MemorySegment bytes) {
        return bytes.byteSize() >= LEGACY_MAGIC.length
                && bytes.asSlice(0, LEGACY_MAGIC.length).mismatch(MemorySegment.ofArray(LEGACY_MAGIC)) == -1;
    }

    private static TorchFile openZip(MappedFile file) {
        String path = file.path().toString();
        Map<String, MemorySegment> entries = ZipDirectory.read(path, file.bytes());
        List<String> pickles =
                entries.keySet().stream().filter(name -> name.endsWith(PICKLE)).toList();
        if (pickles.size() != 1) {
            throw new IllegalArgumentException(path + " must have one entry " + PICKLE.substring(1) + " to be a PyTorch"
                    + " checkpoint: got " + pickles.size());
        }
        String pickle = pickles.getFirst();
        String folder = pickle.substring(0, pickle.length() - PICKLE.length()) + "/";
        MemorySegment order = entries.get(folder + "byteorder");
        if (order != null && !"little".equals(shortText(order))) {
            throw new IllegalArgumentException(path + " must be little-endian: its byteorder says otherwise");
        }
        Map<String, MemorySegment> storages = new HashMap<>();
        String data = folder + "data/";
        entries.forEach((name, bytes) -> {
            if (name.startsWith(data)) {
                storages.put(name.substring(data.length()), bytes);
            }
        });
        var in = new ByteCursor(path + ": " + pickle, Objects.requireNonNull(entries.get(pickle)));
        return new TorchFile(file, StateDict.find(path, Unpickler.read(in)), storages);
    }

    private static String shortText(MemorySegment bytes) {
        byte[] text = bytes.asSlice(0, Math.min(bytes.byteSize(), 16)).toArray(ValueLayout.JAVA_BYTE);
        return new String(text, StandardCharsets.US_ASCII);
    }

    /// Five pickles (a magic number, the protocol, the system, the tensors, the storages' keys in order), then for
    /// each storage the number of its elements and their bytes.
    private static TorchFile openLegacy(MappedFile file) {
        String path = file.path().toString();
        if (!isLegacy(file.bytes())) {
            throw new IllegalArgumentException(
                    path + " is no PyTorch checkpoint: it begins neither as a zip file nor as"
                            + " what PyTorch wrote before 1.6");
        }
        var in = new ByteCursor(path, file.bytes());
        in.take(LEGACY_MAGIC.length);
        if (!(Unpickler.read(in) instanceof PickleValue.Whole(long protocol)) || protocol != LEGACY_PROTOCOL) {
            throw in.refuse("the checkpoint's protocol must be " + LEGACY_PROTOCOL);
        }
        boolean isLittle = Unpickler.read(in) instanceof PickleValue.Dictionary(Map<PickleValue, PickleValue> system)
                && new PickleValue.Flag(true).equals(system.get(new Text("little_endian")));
        if (!isLittle) {
            throw in.refuse("the checkpoint must be little-endian");
        }
        StateDict state = StateDict.find(path, Unpickler.read(in));
        Map<String, DType> types = storageTypes(state);
        if (!(Unpickler.read(in) instanceof Items(List<PickleValue> keys))) {
            throw in.refuse("the storages' keys must be a list");
        }
        Map<String, MemorySegment> storages = new HashMap<>();
        for (PickleValue item : keys) {
            String key = item instanceof Text(String text) ? text : "";
            DType type = types.get(key);
            if (type == null) {
                throw in.refuse("a storage that no tensor lies on cannot be skipped: got " + item.describe());
            }
            long count = in.readLong();
            if (count < 0 || count > in.remaining() / type.bytes()) {
                throw in.refuse("a storage must end within the file: got " + Long.toUnsignedString(count)
                        + " elements where " + in.remaining() + " bytes are left");
            }
            storages.put(key, in.take(count * type.bytes()));
        }
        return new TorchFile(file, state, storages);
    }

    private static Map<String, DType> storageTypes(StateDict state) {
        Map<String, DType> types = new HashMap<>();
        state.tensors()
                .values()
                .forEach(view -> types.put(view.storage().key(), view.storage().dtype()));
        return types;
    }

    private void requireBounded() {
        List<String> problems = new ArrayList<>();
        long limit = 2 * file.bytes().byteSize() + SLACK;
        long left = limit;
        for (var tensor : tensors.entrySet()) {
            Storage storage = tensor.getValue().storage();
            MemorySegment bytes = storages.get(storage.key());
            int width = storage.dtype().bytes();
            if (bytes == null || bytes.byteSize() % width != 0 || bytes.byteSize() / width != storage.numElements()) {
                problems.add(tensor.getKey() + " needs a storage of " + storage.numElements() + " elements of "
                        + storage.dtype().label() + ", but the file has "
                        + (bytes == null ? "none" : bytes.byteSize() + " bytes") + " there");
                continue;
            }
            // The product fits: the view has been checked against its storage.
            long numElements = tensor.getValue().shape().stream().reduce(1L, (a, b) -> a * b);
            left = numElements > left / width ? -1 : left - numElements * width;
            if (left < 0) {
                problems.add(
                        "the tensors together must have at most twice the file's bytes, repeated elements counted: "
                                + tensor.getKey() + " is too much");
                break;
            }
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(file.path() + ":\n  " + String.join("\n  ", problems));
        }
    }

    @Override
    public Set<String> names() {
        return tensors.keySet();
    }

    @Override
    public DType dtype(String name) {
        return view(name).storage().dtype();
    }

    @Override
    public long[] shape(String name) {
        return longs(view(name).shape());
    }

    @Override
    public Tensor tensor(String name) {
        View view = view(name);
        file.requireOpen();
        DType dtype = view.storage().dtype();
        MemorySegment storage =
                Objects.requireNonNull(storages.get(view.storage().key()));
        MemorySegment from = storage.asSlice(view.offset() * dtype.bytes());
        return MappedFile.tensor(from, dtype, from.byteSize() / dtype.bytes())
                .strided(longs(view.shape()), longs(view.strides()));
    }

    private static long[] longs(List<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private View view(String name) {
        return TensorNames.find(tensors, name, file.path());
    }

    @Override
    public void close() {
        file.close();
    }
}
