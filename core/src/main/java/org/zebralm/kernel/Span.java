package org.zebralm.kernel;

/// Which keys a query may see.
public sealed interface Span {
    /// Returns the span of every key up to the query itself.
    static Span global() {
        return new Global();
    }

    /// Returns the position of the first key that a query at `position` sees; the last is the query itself.
    long firstVisible(long position);

    /// Every key up to the query itself.
    record Global() implements Span {
        @Override
        public long firstVisible(long position) {
            return 0;
        }
    }

    /// The last `window` keys, the query's own included: positions `p - window + 1 .. p`.
    ///
    /// transformers, vLLM and llama.cpp count the same way; the published Zebra code's `window_size` is one less.
    record Local(int window) implements Span {
        public Local {
            if (window < 1) {
                throw new IllegalArgumentException(
                        "window counts the query itself, so it must be at least 1: got " + window);
            }
        }

        @Override
        public long firstVisible(long position) {
            return Math.max(0, position - window + 1);
        }
    }

    /// Returns the number of (query, key) pairs attended by `numQueries` queries from `position` on.
    default long pairs(long position, long numQueries) {
        return switch (this) {
            case Global _ -> numQueries * position + numQueries * (numQueries + 1) / 2;
            case Local(int window) -> {
                // The first queries see everything before them; the rest see exactly the window.
                long growing = Math.clamp(window - 1L - position, 0, numQueries);
                yield global().pairs(position, growing) + (numQueries - growing) * window;
            }
        };
    }
}
