package org.zebralm.generate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.cache.CacheFullException;
import org.zebralm.cache.PagePool;
import org.zebralm.cache.PrefixState;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.kernel.SmallProducts;
import org.zebralm.model.DecodePass;
import org.zebralm.model.PageLayout;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.ProductChoice;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.BriefThread;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.FreeMemory;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// Continues many prompts at once: batched, with what they have in common computed once.
///
/// ```java
/// try (var engine = new Engine(model, EngineConfig.defaults())) {
///     LiveOutput output = engine.submit(GenerationRequest.of(SamplingConfig.greedy(100), prompt)).output();
///     output.forEachRemaining(token -> System.out.print(token.text()));
/// }
/// ```
///
/// One platform thread owns the model's passes and all caches; requests come from any thread, virtual ones included,
/// and
/// are read there. What happens when is told by [EngineLoop], what is reused by [org.zebralm.cache.PrefixTree].
///
/// The model is the caller's, and outlives the engine.
public final class Engine implements AutoCloseable {
    /// Some memory is left for what passes through the model need.
    private static final double SHARE_OF_AVAILABLE = 0.5;

    /// As many sequences as kernels of our own decode at once; libtorch decodes more.
    private static final int MOST_DECODED = SmallProducts.MAX_ROWS;

    private final Zebra model;
    private final EngineConfig config;
    private final @Nullable Tokenizer tokenizer;
    private final Set<Integer> endOfSequence;
    private final PagePool pool;
    private final ModelSteps steps;
    private final EngineLoop loop;
    private final boolean isInvariant;

    /// Weights of 8 bits as they are decoded with.
    private final Lifetime packing = new Lifetime();

    private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile EngineStats stats;
    private volatile boolean isClosed;

    /// Starts an engine that knows ids only, for a model whose end token is its config's.
    public Engine(Zebra model, EngineConfig config) {
        this(model, config, List.of(), null);
    }

    /// Starts an engine.
    ///
    /// @param endTokens ids that end a text (`ModelFolder.stopTokenIds`), beside that of the model's config
    /// @param tokenizer turns ids into text; without one outputs have none
    public Engine(Zebra model, EngineConfig config, Collection<Integer> endTokens, @Nullable Tokenizer tokenizer) {
        this.model = model;
        this.config = config;
        this.tokenizer = tokenizer;
        endOfSequence = StopTokens.endOfSequence(model.config(), endTokens);
        DType computed = model.dtype();
        PageLayout layout = PageLayout.of(model.config(), Objects.requireNonNullElse(config.cacheDType(), computed));
        isInvariant = switch (config.invariance()) {
            case ON -> true;
            case OFF -> false;
            case AUTO -> computed == DType.FLOAT32 && !model.isQuantized();
        };
        pool = new PagePool(layout, config.cacheBytes() == 0 ? defaultBytes(layout) : config.cacheBytes());
        boolean packs = !isInvariant && computed == DType.BFLOAT16 && model.isQuantized();
        steps = new ModelSteps(packs ? packed(model) : model, DecodePass.of(model, MOST_DECODED, !isInvariant));
        loop = new EngineLoop(steps, config, pool, isInvariant ? EngineConfig.GRID : 1);
        stats = loop.stats();
        thread = Thread.ofPlatform().name("zebra-engine").daemon().start(this::run);
    }

    private Zebra packed(Zebra quantized) {
        // Tensors are for platform threads; the caller's may be a virtual one.
        return BriefThread.call("zebra-packing", () -> {
            try (var _ = Autograd.recording(false)) {
                return quantized.packed(packing);
            }
        });
    }

    /// What is available, but not more than as many sequences as may run can fill and be kept for.
    private long defaultBytes(PageLayout layout) {
        long whole = EngineLoop.mostBytes(layout, model.config().maxPositions(), config.prefillChunk());
        long wanted = 2 * whole * config.maxRunning();
        return Math.max(whole, Math.min(wanted, (long) (FreeMemory.bytes() * SHARE_OF_AVAILABLE)));
    }

    /// Returns whether results do not depend on what else is running ([EngineConfig.Invariance]).
    public boolean isInvariant() {
        return isInvariant;
    }

    public EngineConfig config() {
        return config;
    }

    /// Takes a request; its outputs come about from now on.
    ///
    /// @throws IllegalArgumentException if the request does not fit the model or the budget, telling by how much
    /// @throws EngineBusyException if as many requests wait as may
    /// @throws IllegalStateException if the engine is closed
    public Submission submit(GenerationRequest request) {
        ZebraConfig sizes = model.config();
        SamplingConfig sampling = request.sampling();
        sampling.requireFit(sizes.vocabSize());
        int[] prompt = request.promptWithin(sizes.maxPositions());
        requireIds(prompt);
        StopTokens stops = StopTokens.of(sampling, endOfSequence);
        long now = System.nanoTime();
        long deadline = request.timeout() == null
                ? Long.MAX_VALUE
                : now + request.timeout().toNanos();
        List<EngineSequence> sequences = new ArrayList<>();
        for (int sample = 0; sample < sampling.numSamples(); sample++) {
            sequences.add(new EngineSequence(
                    new LiveOutput(this::wake),
                    sampling,
                    new Sampler(sampling, sample, stops, prompt),
                    new TextOutput(tokenizer, sampling, stops, sizes.maxPositions(), prompt),
                    now,
                    deadline,
                    prompt));
        }
        requireRoom(prompt.length, sequences.getFirst().mostTokens(sizes.maxPositions()));
        if (stats.waiting() + commands.size() >= config.maxWaiting()) {
            throw new EngineBusyException("no more than " + config.maxWaiting()
                    + " requests may wait: got one more; try again later or raise maxWaiting");
        }
        command(() -> sequences.forEach(loop::submit));
        return new Submission(sequences.stream().map(EngineSequence::live).toList());
    }

    private void requireIds(int... prompt) {
        for (int id : prompt) {
            if (id < 0 || id >= model.config().vocabSize()) {
                throw new IllegalArgumentException("a token id must be below vocabSize: got " + id
                        + " with a vocabulary of " + model.config().vocabSize());
            }
        }
    }

    private void requireRoom(int promptLength, int total) {
        long needed = EngineLoop.mostBytes(pool.layout(), total, loop.longestChunk());
        if (needed > pool.budget()) {
            throw new IllegalArgumentException("a request's keys and values must fit into the cache: got "
                    + promptLength
                    + " tokens and up to " + (total - promptLength) + " more, which take " + needed
                    + " bytes of a budget of " + pool.budget() + "; shorten it, lower maxTokens or raise cacheBytes");
        }
    }

    private void command(Runnable command) {
        synchronized (commands) { // so that none comes after the thread has looked for the last time
            if (isClosed) {
                throw new IllegalStateException("the engine is closed");
            }
            commands.add(command);
        }
    }

    private void wake() {
        commands.add(() -> {});
    }

    /// Runs `work` on the engine's thread, between turns, and waits for it.
    <T> T call(Supplier<T> work) {
        var result = new CompletableFuture<T>();
        command(() -> {
            try {
                T made = work.get();
                stats = loop.stats();
                result.complete(made);
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /// Computes a beginning, if it is not in the cache, and writes its keys and values to a file: a long document
    /// computed
    /// once, for [#loadPrefix] here or in another process with the same model.
    ///
    /// @return how many of the tokens are in the file: all, or where results are invariant the whole chunks of them
    /// @throws IllegalArgumentException as [#submit], or if nothing is left to save
    public int savePrefix(Path file, int... tokens) {
        int length = loop.tree().alignedLength(tokens.length);
        if (!config.reusesPrefixes() || length == 0) {
            throw new IllegalArgumentException(
                    config.reusesPrefixes()
                            ? "a prefix must have at least " + EngineConfig.GRID
                                    + " tokens where results are invariant: got " + tokens.length
                            : "prefix reuse is switched off; set reusesPrefixes to save prefixes");
        }
        int[] kept = Arrays.copyOf(tokens, length);
        submit(GenerationRequest.of(SamplingConfig.greedy(1), kept)).await();
        return call(() -> {
            try (var _ = Scope.open()) {
                PrefixFile.write(file, kept, loop.tree().save(kept), ModelFingerprint.of(model));
            }
            return length;
        });
    }

    /// Reads a beginning from a file; prompts that begin like it do not compute it.
    ///
    /// @return how many tokens it has
    /// @throws IllegalArgumentException if the file is no prefix, or of another model, weights or cache type
    /// @throws CacheFullException if the budget has no room for it
    public int loadPrefix(Path file) {
        return call(() -> {
            try (var _ = Scope.open();
                    var opened = SafetensorsFile.open(file)) {
                PrefixState state = PrefixFile.read(opened, pool.layout(), ModelFingerprint.of(model));
                int[] tokens = PrefixFile.tokens(opened);
                requireIds(tokens);
                loop.tree().load(tokens, state);
                return tokens.length;
            }
        });
    }

    /// Forgets all prefixes kept.
    public void clearPrefixes() {
        call(() -> {
            loop.tree().clear();
            return true;
        });
    }

    /// Returns what the engine is doing and has done.
    public EngineStats stats() {
        return stats;
    }

    private void run() {
        try (var _ = Autograd.recording(false)) {
            ProductChoice.setFastest(!isInvariant);
            while (!isClosed) {
                if (!loop.hasWork()) {
                    commands.take().run();
                }
                for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                    command.run();
                }
                loop.turn();
                stats = loop.stats();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (commands) {
                isClosed = true;
            }
            for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                command.run(); // submissions fail with the rest
            }
            loop.close();
            steps.close();
            packing.close();
            stats = loop.stats();
        }
    }

    /// Ends all outputs under way, which fail, and frees the caches.
    @Override
    public void close() {
        isClosed = true;
        wake();
        boolean wasInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                wasInterrupted = true;
            }
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
