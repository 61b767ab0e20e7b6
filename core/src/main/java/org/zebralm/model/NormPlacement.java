package org.zebralm.model;

/// Where a layer has norms.
public enum NormPlacement {
    /// Before attention and before the feed-forward part (Llama).
    BEFORE,
    /// After each of them, before it joins the residual line (OLMo 2 and 3).
    AFTER,
    /// Before and after each of them (Gemma).
    AROUND,
    /// One before both, which work side by side on its output (Cohere).
    PARALLEL
}
