package org.zebralm.generate;

import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// One subscriber's reading of an output: a virtual thread that hands over as many tokens as were asked for.
final class LiveSubscription implements Flow.Subscription {
    private final LiveOutput output;
    private final Flow.Subscriber<? super OutputToken> subscriber;
    private final Semaphore asked = new Semaphore(0);
    private volatile boolean isCancelled;
    private volatile @Nullable IllegalArgumentException violation;

    LiveSubscription(LiveOutput output, Flow.Subscriber<? super OutputToken> subscriber) {
        this.output = output;
        this.subscriber = subscriber;
    }

    void start() {
        Thread.ofVirtual().name("zebra-output").start(this::run);
    }

    private void run() {
        subscriber.onSubscribe(this);
        try {
            while (output.hasNext()) { // the end needs not be asked for
                asked.acquire();
                IllegalArgumentException wrong = violation;
                if (wrong != null) {
                    output.cancel();
                    subscriber.onError(wrong);
                    return;
                }
                if (isCancelled) {
                    return;
                }
                subscriber.onNext(output.next());
            }
            if (!isCancelled) {
                subscriber.onComplete();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            output.cancel();
        } catch (GenerationException e) {
            subscriber.onError(e);
        }
    }

    @Override
    public void request(long n) {
        if (n < 1) {
            violation = new IllegalArgumentException("a subscriber must ask for at least one token: got " + n);
            asked.release();
        } else {
            // More than a sequence can have is as good as without end.
            asked.release((int)
                    Math.min(n, Integer.MAX_VALUE / 2 - (long) Math.min(asked.availablePermits(), 1 << 29)));
        }
    }

    @Override
    public void cancel() {
        isCancelled = true;
        output.cancel();
        asked.release();
    }
}
