package org.zebralm.model;

/// Whether queries and keys are normalised before they are rotated.
public enum QueryKeyNorm {
    NONE,
    /// Each head by itself, with one weight for all (Qwen 3, Gemma 3).
    HEAD,
    /// All heads of a token together (OLMo 2 and 3).
    PROJECTION
}
