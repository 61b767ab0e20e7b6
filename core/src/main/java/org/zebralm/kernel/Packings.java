package org.zebralm.kernel;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.FlashAttention.Packing;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The cumulative lengths last used, on the device: all layers of a step ask for the same, and each upload
/// would wait for everything the device has been given.
final class Packings {
    /// Those of local and of global layers, of a few calls at a time.
    private static final int CAPACITY = 8;

    private final Device device;
    private final Lifetime lifetime = new Lifetime();
    private final Map<Ends, Tensor> uploaded = new LinkedHashMap<>(16, 0.75f, true);

    /// Cumulative lengths compared by value.
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode are ours
    private record Ends(int[] values) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Ends ends && Arrays.equals(values, ends.values);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }
    }

    Packings(Device device) {
        this.device = device;
    }

    /// Returns the packing of sequences with these cumulative lengths; it is good until the eighth call after.
    Packing get(int[] queryEnds, int[] keyEnds) {
        return new Packing(upload(queryEnds), upload(keyEnds), longest(queryEnds), longest(keyEnds));
    }

    private Tensor upload(int[] ends) {
        Tensor known = uploaded.get(new Ends(ends));
        if (known != null) {
            return known;
        }
        Tensor tensor = lifetime.keep(Tensors.ofInts(ends).to(device));
        uploaded.put(new Ends(ends.clone()), tensor);
        if (uploaded.size() > CAPACITY) {
            var oldest = uploaded.entrySet().iterator();
            lifetime.drop(oldest.next().getValue());
            oldest.remove();
        }
        return tensor;
    }

    private static int longest(int[] ends) {
        int longest = 0;
        for (int i = 1; i < ends.length; i++) {
            longest = Math.max(longest, ends[i] - ends[i - 1]);
        }
        return longest;
    }
}
