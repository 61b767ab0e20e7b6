package org.zebralm.cache;

/// What of a prompt was computed before, and why no more of it.
///
/// Of `promptTokens`, the first `reused` had their global keys in the cache. The local layers' windows were taken from
/// the cache as they were after `restored` tokens; `recomputed` tokens were computed once more to rebuild windows up to
/// `reused`. So `promptTokens - reused + recomputed` tokens were computed, no more.
public record PrefixUse(int promptTokens, int reused, int restored, int recomputed, Limit limit) {
    /// Why reuse ended where it did.
    public enum Limit {
        /// All but the last token, which is always computed: its logits are what is asked for.
        NONE("all of it was cached but the last token, which is always computed"),
        EMPTY("nothing is cached that begins like it"),
        DIVERGES("what is cached goes on otherwise from there"),
        ENDS("what is cached ends there"),
        EVICTED("what followed was cached once and gave way to other sequences; a larger cache would have kept it"),
        GRID("results that do not depend on other requests reuse whole chunks only"),
        LOGPROBS("log-probabilities of all of the prompt were asked for"),
        DISABLED("prefix reuse is switched off");

        private final String reason;

        Limit(String reason) {
            this.reason = reason;
        }

        /// Returns the reason as a clause.
        public String reason() {
            return reason;
        }
    }

    /// Returns how many tokens of the prompt were computed.
    public int computed() {
        return promptTokens - reused + recomputed;
    }
}
