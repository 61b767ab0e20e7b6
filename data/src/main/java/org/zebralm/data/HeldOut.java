package org.zebralm.data;

/// The documents kept for evaluation, chosen by a hash of their id or of their text.
///
/// A document's side depends on nothing but that and the share: more data, another order or another seed never
/// moves one from training to evaluation. A greater share only adds documents.
///
/// @param share the part held out, from 0 to below 1; 0.02 holds out about two in a hundred
public record HeldOut(double share) {

    /// 2^63, the number of hash values.
    private static final double HASHES = 0x1p63;

    public HeldOut {
        if (!(share >= 0 && share < 1)) {
            throw new IllegalArgumentException("the held-out share must be from 0 to below 1: got " + share);
        }
    }

    /// Whether a document is kept for evaluation.
    public boolean contains(Document document) {
        return hash(document.id()) < share * HASHES;
    }

    /// Whether a text is kept for evaluation, wherever it stands.
    boolean contains(TextHash hash) {
        return hash.high() >>> 1 < share * HASHES;
    }

    /// The documents to train on, where texts decide and not their ids.
    public DocumentSource trainingTexts(DocumentSource source) {
        return source.where(document -> !contains(TextHash.of(document.text())));
    }

    /// The documents to evaluate on.
    public DocumentSource evaluation(DocumentSource source) {
        return source.where(this::contains);
    }

    /// The documents to train on: all the others.
    public DocumentSource training(DocumentSource source) {
        return source.where(document -> !contains(document));
    }

    /// 63 bits of SHA-256.
    static long hash(String id) {
        return TextHash.of(id).high() >>> 1;
    }
}
