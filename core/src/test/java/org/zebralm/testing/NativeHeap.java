package org.zebralm.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;

/// What native code has allocated and not freed, for tests of leaks.
///
/// The size of the process is no measure: the Java heap grows with it.
public final class NativeHeap {
    /// `struct mallinfo2` of glibc: ten numbers.
    private static final MemoryLayout INFO =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG));

    private static final int IN_BLOCKS_OF_THEIR_OWN = 4;
    private static final int IN_USE = 7;

    private static final Optional<MethodHandle> MALLINFO = find();

    private NativeHeap() {}

    @SuppressWarnings("restricted") // the function is the C library's, and takes nothing
    private static Optional<MethodHandle> find() {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup()
                .find("mallinfo2")
                .map(address -> linker.downcallHandle(address, FunctionDescriptor.of(INFO)));
    }

    /// Returns the bytes that `malloc` has given out, of all threads; without glibc the size of the process.
    public static long bytes() {
        if (MALLINFO.isEmpty()) {
            return Pointer.physicalBytes();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = (MemorySegment) MALLINFO.get().invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE)
                    + info.getAtIndex(ValueLayout.JAVA_LONG, IN_BLOCKS_OF_THEIR_OWN);
        } catch (Throwable e) {
            throw new IllegalStateException("mallinfo2 failed", e);
        }
    }
}
