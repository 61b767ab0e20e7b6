package org.zebralm.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// A handle on a native array, with the operations this project calls and no more.
///
/// Operations return new tensors, owned by the innermost open [Scope]. The few that change their receiver end
/// in `InPlace`. Views (`reshape`, `narrow`, `transpose`, `expand`) share memory with their source. Shapes are
/// outermost first.
public final class Tensor {
    private final org.bytedeco.pytorch.Tensor raw;

    Tensor(org.bytedeco.pytorch.Tensor raw) {
        Scope.require();
        this.raw = raw;
    }

    org.bytedeco.pytorch.Tensor raw() {
        return raw;
    }

    // Shape and type

    /// Returns the sizes of all axes.
    public long[] shape() {
        int rank = rank();
        long[] shape = new long[rank];
        for (int i = 0; i < rank; i++) {
            shape[i] = raw.size(i);
        }
        return shape;
    }

    public int rank() {
        return (int) raw.dim();
    }

    /// Returns the size of an axis; negative axes count from the last.
    public long size(int axis) {
        return raw.size(axis);
    }

    public long numElements() {
        return raw.numel();
    }

    public DType dtype() {
        return DType.of(raw.scalar_type());
    }

    /// Returns whether the memory has been given back, so that no other method may be called.
    public boolean isFreed() {
        return raw.isNull();
    }

    public boolean isCpu() {
        return raw.is_cpu();
    }

    /// Returns where the memory is.
    public Device device() {
        return raw.is_cpu() ? Device.CPU : Device.cuda(raw.device().index());
    }

    /// Returns the distance between neighbours along an axis, in elements.
    public long stride(int axis) {
        return raw.stride(axis);
    }

    /// Returns the address of the first element, for kernels that read raw memory.
    public long address() {
        return raw.data_ptr().address();
    }

    // Views and copies

    public Tensor reshape(long... shape) {
        return new Tensor(raw.reshape(shape));
    }

    public Tensor transpose(int a, int b) {
        return new Tensor(raw.transpose(a, b));
    }

    /// Returns the view of `length` entries from `start` along an axis.
    public Tensor narrow(int axis, long start, long length) {
        return new Tensor(raw.narrow(axis, start, length));
    }

    public Tensor unsqueeze(int axis) {
        return new Tensor(raw.unsqueeze(axis));
    }

    public Tensor expand(long... shape) {
        return new Tensor(raw.expand(shape));
    }

    /// Returns a view from the first element on, of another shape and with neighbours along each axis `strides`
    /// elements
    /// apart; this tensor has no gaps.
    public Tensor strided(long[] shape, long[] strides) {
        long needed = 1;
        for (int axis = 0; axis < shape.length; axis++) {
            if (shape[axis] == 0) {
                needed = 0;
                break;
            }
            needed = Math.addExact(needed, Math.multiplyExact(shape[axis] - 1, strides[axis]));
        }
        if (needed > numElements()) {
            throw new IllegalArgumentException(
                    "a view over " + needed + " elements does not fit a tensor of " + numElements());
        }
        return new Tensor(torch.as_strided(raw, shape, strides));
    }

    /// Returns a tensor whose elements lie in order without gaps: this one if they do already, else a copy.
    public Tensor contiguous() {
        return new Tensor(raw.contiguous());
    }

    public Tensor copy() {
        return new Tensor(raw.clone());
    }

    /// Returns the same values in another element type: this tensor's memory if it has that type already.
    public Tensor to(DType dtype) {
        return new Tensor(raw.to(dtype.scalarType()));
    }

    public Tensor to(Device device) {
        return new Tensor(raw.to(device.torchDevice(), raw.scalar_type()));
    }

    // Arithmetic

    public Tensor add(Tensor other) {
        return new Tensor(raw.add(other.raw));
    }

    public Tensor add(double term) {
        return new Tensor(raw.add(new Scalar(term)));
    }

    public Tensor sub(Tensor other) {
        return new Tensor(raw.sub(other.raw));
    }

    public Tensor mul(Tensor other) {
        return new Tensor(raw.mul(other.raw));
    }

    public Tensor mul(double factor) {
        return new Tensor(raw.mul(new Scalar(factor)));
    }

    public Tensor div(Tensor other) {
        return new Tensor(raw.div(other.raw));
    }

    public Tensor exp() {
        return new Tensor(raw.exp());
    }

    public Tensor abs() {
        return new Tensor(raw.abs());
    }

    /// Returns the nearest whole numbers, ties to even.
    public Tensor round() {
        return new Tensor(raw.round());
    }

    /// Returns the elements, or `least` where they are smaller.
    public Tensor clampMin(double least) {
        return new Tensor(raw.clamp_min(new Scalar(least)));
    }

    /// Returns the elements, or the nearer of both bounds where they lie outside.
    public Tensor clamp(double least, double largest) {
        return new Tensor(raw.clamp(new ScalarOptional(new Scalar(least)), new ScalarOptional(new Scalar(largest))));
    }

    public Tensor tanh() {
        return new Tensor(raw.tanh());
    }

    /// Returns the larger element of each pair, broadcast.
    public Tensor maximum(Tensor other) {
        return new Tensor(torch.maximum(raw, other.raw));
    }

    public Tensor log() {
        return new Tensor(raw.log());
    }

    /// Returns `log(exp(this) + exp(other))`, broadcast, without overflow.
    public Tensor logAddExp(Tensor other) {
        return new Tensor(raw.logaddexp(other.raw));
    }

    /// Returns where this is less than `other`, broadcast, as bool.
    public Tensor lessThan(Tensor other) {
        return new Tensor(raw.lt(other.raw));
    }

    public Tensor sum() {
        return new Tensor(raw.sum());
    }

    public Tensor sum(int axis, boolean keepAxis) {
        return new Tensor(raw.sum(new long[] {axis}, keepAxis, new ScalarTypeOptional()));
    }

    /// Returns the largest value along an axis.
    public Tensor max(int axis, boolean keepAxis) {
        return new Tensor(raw.amax(new long[] {axis}, keepAxis));
    }

    /// Returns the index of the largest value along an axis, the first of equals, as int64.
    public Tensor argmax(int axis) {
        return new Tensor(raw.argmax(new LongOptional(axis), false));
    }

    /// Returns the Euclidean norm of all elements, as a tensor of one float32.
    public Tensor norm() {
        return new Tensor(torch.linalg_vector_norm(
                raw, new Scalar(2.0), (long[]) null, false, new ScalarTypeOptional(DType.FLOAT32.scalarType())));
    }

    /// Returns the matrix product `[.., m, k] x [.., k, n]`; leading axes are broadcast.
    public Tensor matmul(Tensor other) {
        if (rank() < 2 || other.rank() < 2 || size(-1) != other.size(-2)) {
            throw new IllegalArgumentException("matmul needs [.., m, k] and [.., k, n]: got " + this + " and " + other);
        }
        return new Tensor(torch.matmul(raw, other.raw));
    }

    /// Returns `factor` times the products of two stacks of matrices, `[b, m, k] x [b, k, n]`, added in `dtype`
    /// and returned in it, also where the factors have fewer bits.
    ///
    /// Only CUDA has such products of mixed types; on the CPU `dtype` must be the factors' own.
    public Tensor matmul(Tensor other, double factor, DType dtype) {
        if (dtype() != dtype) {
            return MixedProduct.of(this, other, dtype).mulInPlace(factor);
        }
        Tensor product = Tensors.empty(device(), dtype, size(0), size(1), other.size(2));
        return product.setMatmulInPlace(0, this, other, factor);
    }

    /// Returns the rows that `indices` (int64) names, along the first axis.
    public Tensor rows(Tensor indices) {
        return new Tensor(torch.index_select(raw, 0, indices.raw));
    }

    /// Returns this with the rows of `source` added to those that `indices` (int64) names.
    public Tensor addRows(Tensor indices, Tensor source) {
        return new Tensor(raw.index_add(0, indices.raw, source.raw));
    }

    // In place

    public Tensor addInPlace(Tensor other) {
        raw.add_(other.raw);
        return this;
    }

    public Tensor addInPlace(double term) {
        raw.add_(new Scalar(term));
        return this;
    }

    public Tensor mulInPlace(double factor) {
        raw.mul_(new Scalar(factor));
        return this;
    }

    public Tensor mulInPlace(Tensor other) {
        raw.mul_(other.raw);
        return this;
    }

    public Tensor subInPlace(Tensor other) {
        raw.sub_(other.raw);
        return this;
    }

    public Tensor divInPlace(Tensor other) {
        raw.div_(other.raw);
        return this;
    }

    /// Sets stacked matrices `[b, m, n]` to `keep` times themselves plus `factor * a x b`; with `keep` 0 what
    /// they were is not read.
    public Tensor setMatmulInPlace(double keep, Tensor a, Tensor b, double factor) {
        raw.baddbmm_(a.raw, b.raw, new Scalar(keep), new Scalar(factor));
        return this;
    }

    /// Adds the product of two matrices, `[m, k]` and `[k, n]`, to this one.
    public Tensor addMatmulInPlace(Tensor a, Tensor b) {
        raw.addmm_(a.raw, b.raw);
        return this;
    }

    /// Adds `factor` times `other`.
    public Tensor addInPlace(Tensor other, double factor) {
        raw.add_(other.raw, new Scalar(factor));
        return this;
    }

    public Tensor expInPlace() {
        raw.exp_();
        return this;
    }

    public Tensor tanhInPlace() {
        raw.tanh_();
        return this;
    }

    public Tensor zeroInPlace() {
        raw.zero_();
        return this;
    }

    /// Copies the values of `source`, converting the element type where it differs.
    public Tensor copyInPlace(Tensor source) {
        if (!Arrays.equals(shape(), source.shape())) {
            throw new IllegalArgumentException("copy needs equal shapes: got " + this + " and " + source);
        }
        raw.copy_(source.raw);
        return this;
    }

    /// Sets the elements where `mask` (bool, broadcast) is true.
    public Tensor maskedFillInPlace(Tensor mask, double value) {
        raw.masked_fill_(mask.raw, new Scalar(value));
        return this;
    }

    /// Adds the rows of `source` to the rows that `indices` (int64) names.
    public Tensor addRowsInPlace(Tensor indices, Tensor source) {
        raw.index_add_(0, indices.raw, source.raw);
        return this;
    }

    // Autograd

    /// Returns the same memory without history.
    public Tensor detach() {
        return new Tensor(raw.detach());
    }

    /// Returns a leaf on the same memory whose gradient autograd will collect.
    public Tensor asLeaf() {
        org.bytedeco.pytorch.Tensor leaf = raw.detach();
        leaf.set_requires_grad(true);
        return new Tensor(leaf);
    }

    /// Returns whether autograd follows this tensor: a leaf, or something computed from one while history was
    /// recorded.
    public boolean requiresGrad() {
        return raw.requires_grad();
    }

    /// Returns the gradient collected so far, or null before any.
    public @Nullable Tensor grad() {
        org.bytedeco.pytorch.Tensor grad = raw.grad();
        // libtorch hands out a reference into the leaf, which would dangle once the leaf is freed: take a handle of
        // our own.
        return grad.defined() ? new Tensor(new org.bytedeco.pytorch.Tensor(grad)) : null;
    }

    /// Forgets the gradient collected so far.
    public void clearGrad() {
        raw.mutable_grad().reset();
    }

    // Values

    /// Returns the only element as a number.
    public double item() {
        return raw.item_double();
    }

    /// Returns all elements in order, as float32.
    public float[] toFloats() {
        Tensor source = to(Device.CPU).to(DType.FLOAT32).contiguous();
        return source.memory().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    /// Returns all elements in order, as float64.
    public double[] toDoubles() {
        Tensor source = to(Device.CPU).to(DType.FLOAT64).contiguous();
        return source.memory().toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
    }

    /// Returns all elements in order, as int64.
    public long[] toLongs() {
        Tensor source = to(Device.CPU).to(DType.INT64).contiguous();
        return source.memory().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    /// Returns a view of a contiguous CPU tensor's bytes, valid as long as the tensor is.
    @SuppressWarnings("restricted") // reinterpret: address and size are libtorch's own
    public MemorySegment memory() {
        if (!isCpu() || !raw.is_contiguous()) {
            throw new IllegalStateException("memory needs a contiguous tensor on the CPU: got " + this);
        }
        long bytes = numElements() * dtype().bytes();
        return bytes == 0
                ? MemorySegment.NULL
                : MemorySegment.ofAddress(address()).reinterpret(bytes);
    }

    /// Prints type and shape, `float32[2, 3]`.
    @Override
    public String toString() {
        return raw.isNull() ? "freed tensor" : dtype().label() + Arrays.toString(shape());
    }

    static TensorOptional optional(@Nullable Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor.raw);
    }
}
