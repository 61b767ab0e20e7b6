package org.zebralm.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Tensor;

/// A stretch of neighbouring keys and values in memory: a page, a half of a ring, or the chunk being computed.
///
/// `k_SKH` and `v_SKH` are `[keys, numKvHeads, headDim]`, views of whatever holds them; the first key stands at
/// `position` of its sequence. Int8 keys and values come with their `scales`, all others without.
///
/// What kernels look up of every range at every token is looked up once: a sequence of some thousand tokens has a
/// hundred pages in each layer, whose tensors have left the caches by the time the next token comes to them.
public final class KeyRange {
    /// The largest number an int8 element takes: symmetric, so -128 is left out.
    private static final double LARGEST = 127;

    private final Tensor k_SKH;
    private final Tensor v_SKH;
    private final @Nullable KeyScales scales;
    private final long position;
    private final int length;
    private final int heads;
    private final int width;
    private final DType dtype;
    private final Device device;
    private @Nullable RowView keys;
    private @Nullable RowView values;

    /// Makes a range of keys, with scales if they are int8.
    public KeyRange(Tensor k_SKH, Tensor v_SKH, @Nullable KeyScales scales, long position) {
        dtype = k_SKH.dtype();
        if (k_SKH.rank() != 3 || !Arrays.equals(k_SKH.shape(), v_SKH.shape()) || dtype != v_SKH.dtype()) {
            throw new IllegalArgumentException(
                    "keys and values must be [keys, numKvHeads, headDim] of one dtype: got " + k_SKH + " and " + v_SKH);
        }
        if (position < 0) {
            throw new IllegalArgumentException("position must not be negative: got " + position);
        }
        if ((dtype == DType.INT8) != (scales != null)) {
            throw new IllegalArgumentException(
                    "int8 keys need scales, and no others have them: got " + k_SKH + " and " + scales);
        }
        if (scales != null
                && (scales.k_SK().size(0) != k_SKH.size(0) || scales.k_SK().size(1) != k_SKH.size(1))) {
            throw new IllegalArgumentException(
                    "each key of each head needs its scale: got " + scales.k_SK() + " for " + k_SKH);
        }
        this.k_SKH = k_SKH;
        this.v_SKH = v_SKH;
        this.scales = scales;
        this.position = position;
        length = (int) k_SKH.size(0);
        heads = (int) k_SKH.size(1);
        width = (int) k_SKH.size(2);
        device = k_SKH.device();
    }

    /// Makes a range of keys that need no scales.
    public KeyRange(Tensor k_SKH, Tensor v_SKH, long position) {
        this(k_SKH, v_SKH, null, position);
    }

    /// Returns floating-point keys and values as int8, each row scaled so that its largest element is 127.
    public static KeyRange quantize(Tensor k_SKH, Tensor v_SKH, long position) {
        Tensor kScale_SK1 = scale(k_SKH);
        Tensor vScale_SK1 = scale(v_SKH);
        long keys = k_SKH.size(0);
        long heads = k_SKH.size(1);
        return new KeyRange(
                k_SKH.to(DType.FLOAT32).div(kScale_SK1).round().to(DType.INT8),
                v_SKH.to(DType.FLOAT32).div(vScale_SK1).round().to(DType.INT8),
                new KeyScales(kScale_SK1.reshape(keys, heads), vScale_SK1.reshape(keys, heads)),
                position);
    }

    private static Tensor scale(Tensor x_SKH) {
        // A row of zeros keeps a scale it can be divided by.
        return x_SKH.to(DType.FLOAT32)
                .abs()
                .max(2, true)
                .mulInPlace(1 / LARGEST)
                .clampMin(Float.MIN_NORMAL);
    }

    /// Returns the keys, `[keys, numKvHeads, headDim]`.
    public Tensor k_SKH() {
        return k_SKH;
    }

    /// Returns the values, `[keys, numKvHeads, headDim]`.
    public Tensor v_SKH() {
        return v_SKH;
    }

    /// Returns the factors of int8 keys and values, else null.
    public @Nullable KeyScales scales() {
        return scales;
    }

    /// Returns the position of the first key.
    public long position() {
        return position;
    }

    /// Returns the number of keys.
    public int length() {
        return length;
    }

    int heads() {
        return heads;
    }

    int width() {
        return width;
    }

    DType dtype() {
        return dtype;
    }

    Device device() {
        return device;
    }

    /// Returns where the keys lie.
    RowView keys() {
        RowView view = keys;
        if (view == null) {
            view = RowView.of(k_SKH, scales == null ? null : scales.k_SK());
            keys = RowView.isOf(k_SKH) ? view : null;
        }
        return view;
    }

    /// Returns where the values lie.
    RowView values() {
        RowView view = values;
        if (view == null) {
            view = RowView.of(v_SKH, scales == null ? null : scales.v_SK());
            values = RowView.isOf(v_SKH) ? view : null;
        }
        return view;
    }

    /// Fails if the memory of the keys or values has been freed.
    void requireMemory() {
        if (k_SKH.isFreed()
                || v_SKH.isFreed()
                || (scales != null && (scales.k_SK().isFreed() || scales.v_SK().isFreed()))) {
            throw new IllegalStateException("the keys from position " + position + " on have been freed");
        }
    }

    /// Returns the position after the last key.
    public long end() {
        return position + length();
    }

    /// Returns the part whose positions lie in `[from, to)`.
    KeyRange slice(long from, long to) {
        if (from <= position && to >= end()) {
            return this;
        }
        long start = from - position;
        return new KeyRange(
                k_SKH.narrow(0, start, to - from),
                v_SKH.narrow(0, start, to - from),
                scales == null ? null : scales.narrow(start, to - from),
                from);
    }

    /// Returns this range with floating-point keys and values of `dtype`.
    KeyRange to(DType dtype) {
        if (scales == null) {
            return k_SKH.dtype() == dtype ? this : new KeyRange(k_SKH.to(dtype), v_SKH.to(dtype), position);
        }
        return new KeyRange(
                k_SKH.to(DType.FLOAT32).mulInPlace(scales.k_SK().unsqueeze(2)).to(dtype),
                v_SKH.to(DType.FLOAT32).mulInPlace(scales.v_SK().unsqueeze(2)).to(dtype),
                position);
    }
}
