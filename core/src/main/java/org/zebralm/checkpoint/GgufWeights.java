package org.zebralm.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The weights of a GGUF file as Hugging Face has them: under its names, queries and keys of a Llama in its order,
/// the norms of a Gemma without the 1 that llama.cpp adds to them beforehand, and no sinks that take no probability
/// ([GgufGranite]).
final class GgufWeights implements WeightSource {
    private final GgufFile file;
    private final GgufArchitecture architecture;
    private final int numHeads;
    private final int numKvHeads;
    private final Map<String, GgufHeader.Entry> entries = new LinkedHashMap<>();

    /// @param file is closed with this
    GgufWeights(GgufFile file, GgufArchitecture architecture, int numHeads, int numKvHeads) {
        this.file = file;
        this.architecture = architecture;
        this.numHeads = numHeads;
        this.numKvHeads = numKvHeads;
        file.tensors().forEach((name, entry) -> {
            boolean isNeutral = architecture == GgufArchitecture.GRANITE_SWA && GgufNames.isSinks(name);
            if (!isNeutral && !name.equals(GgufNames.ROPE_FACTORS)) {
                String known = GgufNames.huggingFace(name, architecture);
                if (entries.put(known, entry) != null) {
                    throw new IllegalArgumentException(file.path() + ": two tensors must not both be " + known);
                }
            }
        });
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public DType dtype(String name) {
        DType plain = entry(name).type().plain;
        return plain == null ? DType.FLOAT32 : plain;
    }

    @Override
    public String storedType(String name) {
        return isQuantized(name) ? entry(name).type().name() : dtype(name).label();
    }

    @Override
    public boolean isQuantized(String name) {
        return entry(name).type().plain == null;
    }

    @Override
    public long[] shape(String name) {
        return entry(name).shape();
    }

    @Override
    public Tensor tensor(String name) {
        return arranged(name, dtype(name));
    }

    @Override
    public Tensor tensor(String name, DType dtype) {
        return arranged(name, dtype).to(dtype).contiguous();
    }

    private Tensor arranged(String name, DType dtype) {
        GgufHeader.Entry entry = entry(name);
        Tensor stored = file.tensor(entry, dtype);
        if (architecture.isGemma() && entry.name().endsWith("norm.weight")) {
            return stored.add(-1);
        }
        if (architecture.rotatesNeighbours()) {
            // Names end in .weight, or .bias where the projections have one.
            if (name.contains(".self_attn.q_proj.")) {
                return RotaryOrder.fromNeighbours(stored, numHeads);
            }
            if (name.contains(".self_attn.k_proj.")) {
                return RotaryOrder.fromNeighbours(stored, numKvHeads);
            }
        }
        return stored;
    }

    private GgufHeader.Entry entry(String name) {
        return TensorNames.find(entries, name, file.path());
    }

    @Override
    public void close() {
        file.close();
    }
}
