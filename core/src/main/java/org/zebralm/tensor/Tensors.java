package org.zebralm.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Makes tensors. All of them on the CPU unless a [Device] is named.
public final class Tensors {
    private Tensors() {}

    /// Returns a tensor whose elements are not set yet.
    public static Tensor empty(DType dtype, long... shape) {
        return empty(Device.CPU, dtype, shape);
    }

    public static Tensor empty(Device device, DType dtype, long... shape) {
        return new Tensor(torch.empty(shape, options(device, dtype), null));
    }

    public static Tensor zeros(DType dtype, long... shape) {
        return zeros(Device.CPU, dtype, shape);
    }

    public static Tensor zeros(Device device, DType dtype, long... shape) {
        return new Tensor(torch.zeros(shape, options(device, dtype)));
    }

    public static Tensor full(double value, DType dtype, long... shape) {
        return new Tensor(torch.full(shape, new Scalar(value), options(Device.CPU, dtype)));
    }

    /// Returns normally distributed values, float32, a function of `seed` alone.
    public static Tensor normal(double std, long seed, long... shape) {
        Tensor tensor = empty(DType.FLOAT32, shape);
        tensor.raw().normal_(0, std, new GeneratorOptional(torch.createCPUGenerator(seed)));
        return tensor;
    }

    /// Returns `[0, 1, .., length - 1]` as int64.
    public static Tensor arange(long length) {
        return arange(Device.CPU, length);
    }

    public static Tensor arange(Device device, long length) {
        return new Tensor(torch.arange(new Scalar(length), options(device, DType.INT64)));
    }

    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = shaped(DType.FLOAT32, values.length, shape);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, values.length);
        return tensor;
    }

    public static Tensor of(double[] values, long... shape) {
        Tensor tensor = shaped(DType.FLOAT64, values.length, shape);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_DOUBLE_UNALIGNED, 0, values.length);
        return tensor;
    }

    public static Tensor of(long[] values, long... shape) {
        Tensor tensor = shaped(DType.INT64, values.length, shape);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_LONG_UNALIGNED, 0, values.length);
        return tensor;
    }

    public static Tensor of(boolean[] values, long... shape) {
        Tensor tensor = shaped(DType.BOOL, values.length, shape);
        MemorySegment memory = tensor.memory();
        for (int i = 0; i < values.length; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
        }
        return tensor;
    }

    /// Returns values as int32.
    public static Tensor ofInts(int... values) {
        Tensor tensor = empty(DType.INT32, values.length);
        MemorySegment.copy(values, 0, tensor.memory(), ValueLayout.JAVA_INT_UNALIGNED, 0, values.length);
        return tensor;
    }

    /// Returns ids as int64, the type libtorch indexes with.
    public static Tensor ofIds(int... ids) {
        Tensor tensor = empty(DType.INT64, ids.length);
        MemorySegment memory = tensor.memory();
        for (int i = 0; i < ids.length; i++) {
            memory.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, ids[i]);
        }
        return tensor;
    }

    /// Returns a tensor on memory of the caller's, which must stay valid, and unmoved, as long as the tensor is
    /// used.
    public static Tensor over(MemorySegment memory, DType dtype, long... shape) {
        long needed = numElements(shape) * dtype.bytes();
        if (memory.byteSize() < needed) {
            throw new IllegalArgumentException("a tensor of " + needed + " bytes does not fit " + memory.byteSize());
        }
        return new Tensor(torch.from_blob(new Address(memory), shape, options(Device.CPU, dtype)));
    }

    /// Joins tensors along an axis.
    public static Tensor cat(List<Tensor> tensors, int axis) {
        TensorVector vector = new TensorVector(tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            vector.put(i, tensors.get(i).raw());
        }
        return new Tensor(torch.cat(vector, axis));
    }

    static long numElements(long... shape) {
        long n = 1;
        for (long size : shape) {
            n = Math.multiplyExact(n, size);
        }
        return n;
    }

    private static Tensor shaped(DType dtype, long length, long... shape) {
        if (numElements(shape) != length) {
            throw new IllegalArgumentException(
                    length + " values do not fill a shape of " + java.util.Arrays.toString(shape));
        }
        return empty(dtype, shape);
    }

    private static TensorOptions options(Device device, DType dtype) {
        Scope.require();
        return new TensorOptions(dtype.scalarType())
                .device(new org.bytedeco.pytorch.DeviceOptional(device.torchDevice()));
    }

    /// A pointer that owns nothing.
    private static final class Address extends Pointer {
        Address(MemorySegment memory) {
            address = memory.address();
        }
    }
}
