package org.zebralm.data;

/// How documents become rows of tokens. In either case no token attends across documents.
public enum Packing {
    /// Each document goes whole into the row where it leaves the least room, longest documents first (best-fit
    /// decreasing; Ding et al., *Fewer Truncations Improve Language Modeling*, 2024). Only documents longer than a
    /// row are cut. What stays empty at the ends of rows is filled up with ignored targets.
    BEST_FIT,
    /// Documents are laid one after the other and cut where rows end: no padding, and about one document in a
    /// row is cut.
    SEQUENTIAL
}
