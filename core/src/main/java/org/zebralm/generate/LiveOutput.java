package org.zebralm.generate;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// One output of a request while it comes about.
///
/// Its tokens can be read once, by one thread: as an [Iterator] that waits for each, or as a [Flow.Publisher]. Whoever
/// wants the whole waits for [#result]. A slow reader holds nothing up. Any thread may [#cancel], virtual threads
/// included.
public final class LiveOutput implements Iterator<OutputToken> {
    /// What the engine puts into the queue: a token, or the end.
    private sealed interface Event {}

    private record Token(OutputToken token) implements Event {}

    private record End() implements Event {}

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<EngineResult> result = new CompletableFuture<>();
    private final AtomicBoolean isRead = new AtomicBoolean();
    private final Runnable wake;
    private volatile boolean isCancelled;
    private @Nullable OutputToken next;
    private boolean hasEnded;

    /// @param wake makes the engine look
    LiveOutput(Runnable wake) {
        this.wake = wake;
    }

    void put(OutputToken token) {
        events.add(new Token(token));
    }

    void complete(EngineResult outcome) {
        result.complete(outcome);
        events.add(new End());
    }

    void fail(Throwable failure) {
        result.completeExceptionally(failure);
        events.add(new End());
    }

    boolean isCancelled() {
        return isCancelled;
    }

    /// Ends the output at the next token; what came until then is its result.
    public void cancel() {
        isCancelled = true;
        wake.run();
    }

    /// Returns what becomes of this output; fails with a [GenerationException] if it fails.
    public CompletableFuture<EngineResult> result() {
        return result.copy();
    }

    /// Waits for the end.
    ///
    /// @throws GenerationException if the output failed
    public EngineResult await() {
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof GenerationException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /// Waits for the next token, and returns whether there is one.
    ///
    /// @throws GenerationException if the output failed
    @Override
    public boolean hasNext() {
        if (next == null && !hasEnded) {
            isRead.set(true);
            try {
                switch (events.take()) {
                    case Token(OutputToken token) -> next = token;
                    case End _ -> {
                        hasEnded = true;
                        await();
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                cancel();
                throw new GenerationException("waiting for a token was interrupted; the output is cancelled", e);
            }
        }
        return next != null;
    }

    @Override
    public OutputToken next() {
        if (!hasNext() || next == null) {
            throw new NoSuchElementException("the output has ended");
        }
        OutputToken token = next;
        next = null;
        return token;
    }

    /// Returns the text in pieces as they come, none of them empty: the same tokens, read as text.
    public Iterator<String> texts() {
        return new Iterator<>() {
            private String piece = "";

            @Override
            public boolean hasNext() {
                while (piece.isEmpty() && LiveOutput.this.hasNext()) {
                    piece = LiveOutput.this.next().text();
                }
                return !piece.isEmpty();
            }

            @Override
            public String next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the output has ended");
                }
                String text = piece;
                piece = "";
                return text;
            }
        };
    }

    /// Returns the tokens for one subscriber, on a virtual thread, as many as it asks for. Cancelling the subscription
    /// cancels the output.
    public Flow.Publisher<OutputToken> publisher() {
        return subscriber -> {
            if (isRead.getAndSet(true)) {
                subscriber.onSubscribe(new IdleSubscription());
                subscriber.onError(new IllegalStateException("an output can be read once: it has a reader already"));
                return;
            }
            new LiveSubscription(this, subscriber).start();
        };
    }

    private static final class IdleSubscription implements Flow.Subscription {
        @Override
        public void request(long n) {
            // There is nothing to come.
        }

        @Override
        public void cancel() {
            // There is nothing to end.
        }
    }
}
