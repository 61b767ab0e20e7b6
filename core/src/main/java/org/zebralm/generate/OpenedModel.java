package org.zebralm.generate;

import java.nio.file.Files;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.BriefThread;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Torch;
import org.zebralm.tokenizer.Tokenizer;

/// A model's weights and its tokenizer, read side by side.
record OpenedModel(Tokenizer tokenizer, LoadedModel loaded) {

    /// Begins to load libtorch and to choose the attention, which takes longer than to read a model's settings.
    static FutureTask<AttentionKernel> beginLoading() {
        return BriefThread.start("zebra-libtorch", () -> {
            Torch.load();
            return AttentionKernels.forDevice(Device.CPU);
        });
    }

    /// Opens both, each on a platform thread of its own, and waits for both, whether or not the first one fails.
    ///
    /// @param quantization what matrices are rounded to as they are read, or null
    static OpenedModel open(
            ModelFolder folder,
            DType dtype,
            @Nullable QuantizationConfig quantization,
            FutureTask<AttentionKernel> attention) {
        FutureTask<LoadedModel> weights = BriefThread.start(
                "zebra-weights", () -> LoadedModel.open(folder, dtype, BriefThread.await(attention), quantization));
        FutureTask<Tokenizer> text = BriefThread.start("zebra-tokenizer", () -> tokenizer(folder));
        Tokenizer tokenizer = null;
        LoadedModel loaded = null;
        Throwable failure = null;
        try {
            tokenizer = BriefThread.await(text);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        try {
            loaded = BriefThread.await(weights);
        } catch (RuntimeException | Error e) {
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
        }
        if (tokenizer != null && loaded != null) {
            return new OpenedModel(tokenizer, loaded);
        }
        close(tokenizer, loaded);
        throw BriefThread.unchecked(failure);
    }

    private static void close(@Nullable Tokenizer tokenizer, @Nullable LoadedModel loaded) {
        if (tokenizer != null) {
            tokenizer.close();
        }
        if (loaded != null) {
            loaded.close();
        }
    }

    private static Tokenizer tokenizer(ModelFolder folder) {
        Tokenizer tokenizer = folder.tokenizer();
        if (tokenizer == null) {
            throw new IllegalArgumentException(folder.path()
                    + " has no tokenizer.json or tokenizer.model, which turns text into tokens; copy it "
                    + (Files.isDirectory(folder.path()) ? "there" : "into the file's folder"));
        }
        return tokenizer;
    }
}
