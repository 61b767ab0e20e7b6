package org.zebralm.generate;

import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.LaunchSettings;
import org.zebralm.model.Zebra;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.BriefThread;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// A model opened for text: text in, text out.
///
/// ```java
/// try (LanguageModel model = LanguageModel.open(folder)) {
///     SamplingConfig sampling =
///             new SamplingConfig.Builder().temperature(0.7).maxTokens(200).build();
///     model.stream("Once upon a time", sampling).texts().forEachRemaining(System.out::print);
/// }
/// ```
///
/// It owns weights, tokenizer and an [Engine], which computes all requests together. Any number of threads may use
/// it, virtual ones included: what touches tensors happens on the engine's thread. How to use it: `docs/java.md`.
public final class LanguageModel implements AutoCloseable {
    private final LoadedModel loaded;
    private final Tokenizer tokenizer;
    private final Engine engine;

    /// Held for reading by whoever uses the tokenizer, for writing by what frees it.
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();

    private boolean isClosed;

    private LanguageModel(OpenedModel opened, EngineConfig config) {
        loaded = opened.loaded();
        tokenizer = opened.tokenizer();
        engine = new Engine(loaded.zebra(), config, loaded.folder().stopTokenIds(), tokenizer);
    }

    /// Opens a model folder, or a file that holds a model ([ModelFolder#read]), as its weights are stored.
    ///
    /// @throws IllegalArgumentException if it cannot be used, saying why
    public static LanguageModel open(Path path) {
        return at(path).open();
    }

    /// Begins to open a model with settings.
    public static Builder at(Path path) {
        return new Builder(path);
    }

    // --- Text ---

    /// Continues a text, and returns what follows it, once it is whole.
    ///
    /// @throws IllegalArgumentException as [#stream]
    /// @throws GenerationException if computing it failed
    public String generate(String prompt, SamplingConfig sampling) {
        return stream(prompt, sampling).await().generation().text();
    }

    /// Continues a text, and returns what follows it as it comes.
    ///
    /// @throws IllegalArgumentException if the prompt does not fit the model, or settings contradict it
    /// @throws EngineBusyException if too many requests wait
    public LiveOutput stream(String prompt, SamplingConfig sampling) {
        return submit(GenerationRequest.of(sampling, encode(prompt))).output();
    }

    /// Takes a request in ids: for several samples, time limits and prompts that slide.
    ///
    /// @throws IllegalArgumentException as [#stream]
    public Submission submit(GenerationRequest request) {
        return whileOpen(() -> engine.submit(request));
    }

    /// Returns the ids of a text to continue, with what the model's tokenizer puts around one; of none, the token that
    /// begins a text, where the model has one.
    public int[] encode(String prompt) {
        int[] ids = whileOpen(() -> tokenizer.encodePrompt(prompt));
        int bos = loaded.folder().config().bosTokenId();
        return ids.length == 0 && bos >= 0 ? new int[] {bos} : ids;
    }

    // --- Conversations ---

    /// Begins a conversation in the model's own format.
    ///
    /// @throws IllegalArgumentException if the model has no chat template, as [#chatFormat]
    public Conversation chat(SamplingConfig sampling) {
        return chat(sampling, chatFormat());
    }

    /// Begins a conversation in another format, such as [ChatFormat#plain].
    public Conversation chat(SamplingConfig sampling, ChatFormat format) {
        return new Conversation(this, format, sampling);
    }

    /// Reads the model's own chat template.
    ///
    /// @throws IllegalArgumentException if it has none that can be used
    public ChatFormat chatFormat() {
        try {
            return ChatFormat.of(loaded.folder().chatTemplate());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + "; put its chat_template.jinja there, or talk to it with ChatFormat.plain()", e);
        }
    }

    // --- Prefixes ---

    /// Computes a text that prompts are to begin with, and writes its keys and values to a file.
    ///
    /// @return how many of its tokens are in the file ([Engine#savePrefix])
    /// @throws IllegalArgumentException as [Engine#savePrefix]
    public int savePrefix(Path file, String text) {
        int[] ids = encode(text);
        return whileOpen(() -> engine.savePrefix(file, ids));
    }

    /// Reads such a file; prompts that begin with its tokens do not compute them.
    ///
    /// @return its tokens
    /// @throws IllegalArgumentException if it is no prefix of this model
    public int[] loadPrefix(Path file) {
        engine.loadPrefix(file);
        return engine.call(() -> {
            try (var _ = Scope.open();
                    var opened = SafetensorsFile.open(file)) {
                return PrefixFile.tokens(opened);
            }
        });
    }

    // --- Parts ---

    /// Returns what computes the requests; closed with this model.
    public Engine engine() {
        return engine;
    }

    /// Returns the tokenizer; closed with this model.
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// Returns the model itself, for platform threads; closed with this one.
    public Zebra zebra() {
        return loaded.zebra();
    }

    /// Returns the folder the model came from, and its settings.
    public ModelFolder folder() {
        return loaded.folder();
    }

    /// Does `work` while the model cannot be closed.
    <T> T whileOpen(Supplier<T> work) {
        use.readLock().lock();
        try {
            if (isClosed) {
                throw new IllegalStateException("the model " + folder().path() + " is closed");
            }
            return work.get();
        } finally {
            use.readLock().unlock();
        }
    }

    /// Ends all outputs under way, which fail, and frees everything.
    @Override
    public void close() {
        engine.close();
        use.writeLock().lock();
        try {
            if (!isClosed) {
                isClosed = true;
                loaded.close();
                tokenizer.close();
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    /// Collects how a model is opened.
    public static final class Builder {
        private final Path path;
        private @Nullable DType dtype;
        private @Nullable Integer positions;
        private @Nullable QuantizationConfig quantization;
        private EngineConfig config = EngineConfig.defaults();

        private Builder(Path path) {
            this.path = path;
        }

        /// Sets the type that is computed in; null, the default, takes that of the stored weights.
        public Builder dtype(@Nullable DType value) {
            dtype = value;
            return this;
        }

        /// Sets how long a context may be; null, the default, takes what the model was made for
        /// ([ModelFolder#withPositions]).
        public Builder positions(@Nullable Integer value) {
            positions = value;
            return this;
        }

        /// Rounds matrices to 8 or 4 bits as they are read; null, the default, takes them as they are stored.
        public Builder quantization(@Nullable QuantizationConfig value) {
            quantization = value;
            return this;
        }

        /// Sets memory and scheduling.
        public Builder engine(EngineConfig value) {
            config = value;
            return this;
        }

        /// Opens the model: weights and tokenizer side by side.
        ///
        /// @throws IllegalArgumentException if it cannot be used, saying why
        public LanguageModel open() {
            LaunchSettings.warnOnce();
            FutureTask<AttentionKernel> attention = OpenedModel.beginLoading();
            ModelFolder read = ModelFolder.read(path);
            ModelFolder folder = positions == null ? read : read.withPositions(positions);
            DType type = dtype != null ? dtype : Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
            OpenedModel opened = OpenedModel.open(folder, type, quantization, attention);
            boolean started = false;
            try {
                LanguageModel model = BriefThread.call("zebra-loading", () -> new LanguageModel(opened, config));
                started = true;
                return model;
            } finally {
                if (!started) {
                    opened.loaded().close();
                    opened.tokenizer().close();
                }
            }
        }
    }
}
