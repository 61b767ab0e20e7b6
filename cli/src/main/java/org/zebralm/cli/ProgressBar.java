package org.zebralm.cli;

import java.time.Duration;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/// Progress of a long piece of work.
///
/// On a terminal it is one line, drawn over: bar, share done, the caller's words, time left. Elsewhere it is a plain
/// line now and then, so that a log stays readable. Safe to call at every step: it draws at most ten times a second.
///
/// ```
/// try (var progress = new ProgressBar(Terminal.stderr(), "train", steps)) {
///     progress.update(step, "loss 3.21  " + Units.count(rate) + " tok/s");
///     progress.println("validation loss 3.30");
/// }
/// ```
public final class ProgressBar implements AutoCloseable {
    private static final long REDRAW_NANOS = Duration.ofMillis(100).toNanos();
    private static final long LINE_NANOS = Duration.ofSeconds(10).toNanos();
    private static final int BAR_CELLS = 24;
    private static final String ERASE = "\r\033[K";

    private final Terminal terminal;
    private final String label;
    private final long total;
    private final LongFunction<String> amount;
    private final LongSupplier nanoTime;

    private long startNanos;
    private long startDone;
    private boolean started;
    private long shownNanos;
    private long shownDone = -1;
    private long done;
    private String text = "";
    private boolean onScreen;

    /// @param total what `done` will be at the end
    public ProgressBar(Terminal terminal, String label, long total) {
        this(terminal, label, total, System::nanoTime);
    }

    ProgressBar(Terminal terminal, String label, long total, LongSupplier nanoTime) {
        this(terminal, label, total, Long::toString, nanoTime);
    }

    private ProgressBar(
            Terminal terminal, String label, long total, LongFunction<String> amount, LongSupplier nanoTime) {
        if (total < 1) {
            throw new IllegalArgumentException("total must be at least 1: got " + total);
        }
        this.terminal = terminal;
        this.label = label;
        this.total = total;
        this.amount = amount;
        this.nanoTime = nanoTime;
    }

    /// A bar whose numbers are bytes: `1.5 MiB/3 MiB`.
    static ProgressBar ofBytes(Terminal terminal, String label, long total) {
        return new ProgressBar(terminal, label, total, Units::bytes, System::nanoTime);
    }

    /// Says how far the work is; the first call starts the clock, with `done` as what an earlier run had done.
    public synchronized void update(long done, String text) {
        long now = nanoTime.getAsLong();
        this.done = done;
        this.text = text;
        if (!started) {
            started = true;
            startNanos = now;
            startDone = done;
        } else if (done < total && now - shownNanos < (terminal.interactive() ? REDRAW_NANOS : LINE_NANOS)) {
            return;
        }
        show(now);
    }

    /// Prints a line that stays, above the bar.
    public synchronized void println(String line) {
        erase();
        terminal.out().println(line);
        if (started && terminal.interactive()) {
            show(nanoTime.getAsLong());
        }
        terminal.out().flush();
    }

    /// Shows the last state once more and ends the line.
    @Override
    public synchronized void close() {
        if (started && (terminal.interactive() || shownDone != done)) {
            show(nanoTime.getAsLong());
        }
        if (onScreen) {
            terminal.out().println();
            terminal.out().flush();
            onScreen = false;
        }
    }

    private void show(long now) {
        shownNanos = now;
        shownDone = done;
        if (terminal.interactive()) {
            terminal.out().print(ERASE + barLine(now));
            onScreen = true;
        } else {
            terminal.out().println(join(label, numbers(), text, timing(now)));
        }
        terminal.out().flush();
    }

    private void erase() {
        if (onScreen) {
            terminal.out().print(ERASE);
            onScreen = false;
        }
    }

    private String barLine(long now) {
        String rest = join(numbers(), text, timing(now));
        // One column stays free: a full last column makes some terminals wrap, and the next redraw would leave it
        // behind.
        int room = terminal.width() - 1;
        int cells = Math.min(BAR_CELLS, room - label.length() - rest.length() - 3);
        if (cells >= 5) {
            return label + " " + bar(cells) + "  " + rest;
        }
        String line = join(label, rest);
        return line.length() <= room ? line : line.substring(0, Math.max(0, room));
    }

    private String bar(int cells) {
        int filled = (int) (cells * Math.clamp((double) done / total, 0, 1));
        if (terminal.color()) {
            return "\033[32m" + cell("━", "#").repeat(filled) + "\033[90m"
                    + cell("━", "-").repeat(cells - filled) + "\033[0m";
        }
        return cell("█", "#").repeat(filled) + cell("░", "-").repeat(cells - filled);
    }

    private String cell(String unicode, String ascii) {
        return terminal.unicode() ? unicode : ascii;
    }

    private String numbers() {
        return amount.apply(done) + "/" + amount.apply(total);
    }

    private String timing(long now) {
        Duration elapsed = Duration.ofNanos(now - startNanos);
        if (done >= total) {
            return "in " + Units.duration(elapsed);
        }
        long advanced = done - startDone;
        if (advanced <= 0 || elapsed.isZero()) {
            return "";
        }
        double left = (double) elapsed.toNanos() * (total - done) / advanced;
        return Units.duration(Duration.ofSeconds(Math.round(left / 1e9))) + " left";
    }

    private static String join(String... parts) {
        return String.join(
                "  ", Stream.of(parts).filter(part -> !part.isEmpty()).toList());
    }
}
