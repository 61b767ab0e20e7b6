package org.zebralm.checkpoint;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// The names of Python's that a pickle of tensors may use; whatever else it names, it is refused.
final class TorchGlobals {
    static final String REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
    static final String REBUILD_PARAMETER = "torch._utils._rebuild_parameter";
    static final String ORDERED_DICT = "collections.OrderedDict";

    private static final Map<String, DType> STORAGES = Map.of(
            "torch.DoubleStorage", DType.FLOAT64,
            "torch.FloatStorage", DType.FLOAT32,
            "torch.HalfStorage", DType.FLOAT16,
            "torch.BFloat16Storage", DType.BFLOAT16,
            "torch.LongStorage", DType.INT64,
            "torch.IntStorage", DType.INT32,
            "torch.CharStorage", DType.INT8,
            "torch.ByteStorage", DType.UINT8,
            "torch.BoolStorage", DType.BOOL);

    /// Types of elements that are named beside tensors, in the settings that training programs save.
    private static final Set<String> DTYPES = Set.of(
            "torch.float64",
            "torch.float32",
            "torch.float16",
            "torch.bfloat16",
            "torch.int64",
            "torch.int32",
            "torch.int16",
            "torch.int8",
            "torch.uint8",
            "torch.bool");

    private TorchGlobals() {}

    static boolean isKnown(String name) {
        return name.equals(REBUILD_TENSOR)
                || name.equals(REBUILD_PARAMETER)
                || name.equals(ORDERED_DICT)
                || STORAGES.containsKey(name)
                || DTYPES.contains(name);
    }

    /// Returns the type of the elements in a storage of this name, or null if it is no storage.
    static @Nullable DType storageType(String name) {
        return STORAGES.get(name);
    }
}
