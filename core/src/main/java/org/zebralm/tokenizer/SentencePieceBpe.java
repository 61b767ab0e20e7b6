package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// A SentencePiece BPE model as a `tokenizer.json`.
///
/// Known to differ: a control piece written out in a text, such as `<s>`, becomes its id, as everywhere in
/// [Tokenizer]; and where texts get a blank before them, the text after it gets one again. Of the other differences,
/// [SentencePieceEncoder#isNeededFor] says which models have them; those of a `tokenizer.model` are encoded by it.
public final class SentencePieceBpe {

    private SentencePieceBpe() {}

    /// Returns the `tokenizer.json`; nothing is put around a prompt.
    ///
    /// @throws IllegalArgumentException if no `tokenizer.json` gives the ids that SentencePiece would
    public static ObjectNode tokenizerJson(SentencePieceVocabulary vocabulary, SentencePieceText text) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding");
        vocabulary.addTo(json.putArray("added_tokens"));
        text.addTo(json, vocabulary);
        ObjectNode model = json.putObject("model").put("type", "BPE");
        model.putNull("dropout");
        model.put("unk_token", vocabulary.pieces().get(vocabulary.unknown()).text());
        model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        model.put("fuse_unk", true).put("byte_fallback", vocabulary.hasBytes());
        ObjectNode vocab = model.putObject("vocab");
        var merges = new SentencePieceMerges(vocabulary);
        for (int id = 0; id < vocabulary.size(); id++) {
            vocab.put(merges.name(id), id);
        }
        merges.addTo(model.putArray("merges"));
        return json;
    }
}
