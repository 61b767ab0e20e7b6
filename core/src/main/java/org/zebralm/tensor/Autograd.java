package org.zebralm.tensor;

import java.util.List;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// libtorch's reverse mode: whether history is recorded, and the walk back.
///
/// The mode belongs to the thread (in native code), and is off on the threads that generate.
public final class Autograd {
    private Autograd() {}

    /// Sets the recording of history until the returned guard is closed.
    public static Guard recording(boolean enabled) {
        Torch.requirePlatformThread();
        Torch.load();
        return new Guard(new AutoGradMode(enabled));
    }

    /// Returns whether this thread records history.
    public static boolean isRecording() {
        Torch.load();
        return GradMode.is_enabled();
    }

    /// Adds to each leaf's gradient what `gradients` of `outputs` give it.
    public static void backward(List<Tensor> outputs, List<Tensor> gradients) {
        torch.backward(vector(outputs), vector(gradients), new BoolOptional(), false, new TensorVector());
    }

    private static TensorVector vector(List<Tensor> tensors) {
        TensorVector vector = new TensorVector(tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            vector.put(i, tensors.get(i).raw());
        }
        return vector;
    }

    /// Restores the mode that was before.
    public static final class Guard implements AutoCloseable {
        private final AutoGradMode mode;

        private Guard(AutoGradMode mode) {
            this.mode = mode;
            mode.retainReference(); // whatever scope closes in between, this guard alone ends the mode
        }

        @Override
        public void close() {
            mode.deallocate();
        }
    }
}
