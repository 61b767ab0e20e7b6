package org.zebralm.data;

/// The ends of documents kept for evaluation: for a few long texts, where choosing among whole documents
/// ([HeldOut]) would choose none or too much.
///
/// A document is cut at the first line end at or after its training share, so that no line stands on both
/// sides.
///
/// @param share the part of each document held out, from above 0 to below 1
public record HeldOutTail(double share) {

    public HeldOutTail {
        if (!(share > 0 && share < 1)) {
            throw new IllegalArgumentException("the held-out share must be above 0 and below 1: got " + share);
        }
    }

    /// The beginnings, to train on.
    public DocumentSource training(DocumentSource source) {
        return consumer -> source.forEach(document -> {
            int cut = cut(document.text());
            if (cut > 0) {
                consumer.accept(new Document(document.id(), document.text().substring(0, cut)));
            }
        });
    }

    /// The ends, to evaluate on.
    public DocumentSource evaluation(DocumentSource source) {
        return consumer -> source.forEach(document -> {
            int cut = cut(document.text());
            if (cut < document.text().length()) {
                consumer.accept(new Document(document.id(), document.text().substring(cut)));
            }
        });
    }

    private int cut(String text) {
        int lineEnd = text.indexOf('\n', (int) (text.length() * (1 - share)));
        return lineEnd < 0 ? text.length() : lineEnd + 1;
    }
}
