package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The weights of a llama2.c checkpoint, float32, memory-mapped.
///
/// A kind of weight is stored for all layers together, in an order that the version decides.
final class Llama2cWeights implements WeightSource {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String NORM = "model.norm.weight";
    private static final String HEAD = "lm_head.weight";
    private static final String INPUT_NORM = "input_layernorm.weight";
    private static final String POST_NORM = "post_attention_layernorm.weight";
    private static final String QUERY = "self_attn.q_proj.weight";
    private static final String KEY = "self_attn.k_proj.weight";

    private final MappedFile file;
    private final Llama2cHeader header;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long end;

    private record Entry(MemorySegment bytes, long rows, long columns) {}

    private Llama2cWeights(MappedFile file) {
        this.file = file;
        this.header = Llama2cHeader.read(file.path().toString(), file.bytes());
        this.end = header.bytes();
        layOut();
        if (end != file.bytes().byteSize()) {
            throw new IllegalArgumentException(file.path() + " must have " + end + " bytes for the sizes it names: got "
                    + file.bytes().byteSize() + "; it is cut short, or no llama2.c checkpoint");
        }
    }

    /// Maps a file.
    ///
    /// @throws IllegalArgumentException if its size is not that of the model it describes
    /// @throws java.io.UncheckedIOException if it cannot be read
    static Llama2cWeights open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean opened = false;
        try {
            var weights = new Llama2cWeights(file);
            opened = true;
            return weights;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    Llama2cHeader header() {
        return header;
    }

    private void layOut() {
        int d = header.hiddenSize();
        if (header.version() == 0) {
            add(EMBEDDING, header.vocabSize(), d);
            addLayers(INPUT_NORM, d, 1);
            layOutAttention();
            addLayers(POST_NORM, d, 1);
            layOutFeedForward();
            add(NORM, d, 1);
            end = Math.addExact(end, (long) header.maxPositions() * header.headDim() * Float.BYTES); // rotations
        } else {
            addLayers(INPUT_NORM, d, 1);
            addLayers(POST_NORM, d, 1);
            add(NORM, d, 1);
            add(EMBEDDING, header.vocabSize(), d);
            layOutAttention();
            layOutFeedForward();
        }
        if (!header.tied()) {
            add(HEAD, header.vocabSize(), d);
        }
    }

    private void layOutAttention() {
        int d = header.hiddenSize();
        int keys = header.numKvHeads() * header.headDim();
        addLayers(QUERY, d, d);
        addLayers(KEY, keys, d);
        addLayers("self_attn.v_proj.weight", keys, d);
        addLayers("self_attn.o_proj.weight", d, d);
    }

    private void layOutFeedForward() {
        addLayers("mlp.gate_proj.weight", header.intermediateSize(), header.hiddenSize());
        addLayers("mlp.down_proj.weight", header.hiddenSize(), header.intermediateSize());
        addLayers("mlp.up_proj.weight", header.intermediateSize(), header.hiddenSize());
    }

    private void addLayers(String name, long rows, long columns) {
        for (int layer = 0; layer < header.numLayers(); layer++) {
            add("model.layers." + layer + "." + name, rows, columns);
        }
    }

    private void add(String name, long rows, long columns) {
        MemorySegment all = file.bytes();
        long size = rows * columns * Float.BYTES;
        if (end > all.byteSize() - size) {
            throw new IllegalArgumentException(file.path() + ": " + name + " must end within the file's "
                    + all.byteSize() + " bytes: got byte " + (end + size)
                    + "; it is cut short, or no llama2.c checkpoint");
        }
        entries.put(name, new Entry(all.asSlice(end, size), rows, columns));
        end += size;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public DType dtype(String name) {
        return DType.FLOAT32;
    }

    @Override
    public long[] shape(String name) {
        Entry entry = entry(name);
        return entry.columns == 1 ? new long[] {entry.rows} : new long[] {entry.rows, entry.columns};
    }

    @Override
    public Tensor tensor(String name) {
        file.requireOpen();
        Tensor stored = MappedFile.tensor(entry(name).bytes, DType.FLOAT32, shape(name));
        if (name.endsWith(QUERY)) {
            return RotaryOrder.fromNeighbours(stored, header.numHeads());
        }
        return name.endsWith(KEY) ? RotaryOrder.fromNeighbours(stored, header.numKvHeads()) : stored;
    }

    private Entry entry(String name) {
        return TensorNames.find(entries, name, file.path());
    }

    @Override
    public void close() {
        file.close();
    }
}
