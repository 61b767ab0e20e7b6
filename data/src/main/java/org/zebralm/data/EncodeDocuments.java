package org.zebralm.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.zebralm.tokenizer.Tokenizer;
import org.zebralm.tokenizer.WellFormed;

/// Turns documents into a token shard.
///
/// Documents are encoded many at a time, on all cores, while the next are read; a long one is cut into parts at places
/// that do not change its ids ([TextPieces]), so memory stays bounded. A byte-level BPE tokenizer of a known kind is
/// encoded by ourselves ([BpeEncoder]), any other by the native library. Whether that has such places is tried once
/// on a few texts; a document is encoded whole where it has none.
///
/// Where a document spells the end-of-text token out, it is encoded as the characters it consists of: only the writer
/// ends documents.
///
/// @param tokenizer encodes
/// @param endOfText the token that ends each document, as `tokenizer.json` spells it
public record EncodeDocuments(Tokenizer tokenizer, String endOfText) {

    /// The native library keeps over 100 bytes for each token of a call.
    private static final int CALL_CHARACTERS = 1 << 20;

    /// The native library's time for a character grows with the text: pieces of 4k took half the time of 32k.
    private static final int PIECE_CHARACTERS = 1 << 12;

    /// Our own encoder's does not; pieces are as long as a task, and both short enough to keep all cores busy.
    private static final int TASK_CHARACTERS = 1 << 18;

    private static final List<String> PROBES = List.of("one two three four", "x = 1;\ny = 2\nzz", "\nend.\n(it)\n");

    /// Told after each batch written.
    @FunctionalInterface
    public interface Progress {
        void encoded(long documents, long characters, long tokens);
    }

    /// What went into a shard.
    ///
    /// @param read what was read, and what was not
    /// @param documents documents written
    /// @param characters their length
    /// @param tokens tokens written
    /// @param loneSurrogates lone surrogates replaced
    public record Encoded(ReadReport read, long documents, long characters, long tokens, long loneSurrogates) {}

    public EncodeDocuments {
        if (tokenizer.idOf(endOfText).isEmpty()) {
            throw new IllegalArgumentException(
                    "the end-of-text token must be in the vocabulary: " + tokenizer.path() + " has no " + endOfText);
        }
        if (endOfText.length() < 2) {
            throw new IllegalArgumentException("the end-of-text token must have two characters: got " + endOfText);
        }
    }

    /// Encodes a source into a shard; without a single document that is an error, and no file is left.
    public Encoded write(DocumentSource source, Path shard, Progress progress) {
        return write(source, shard, progress, BpeEncoder.of(tokenizer));
    }

    /// Encodes by the native library even where we could ourselves: to compare.
    public Encoded writeByLibrary(DocumentSource source, Path shard, Progress progress) {
        return write(source, shard, progress, Optional.empty());
    }

    private Encoded write(DocumentSource source, Path shard, Progress progress, Optional<BpeEncoder> own) {
        int endOfTextId = tokenizer.idOf(endOfText).orElseThrow();
        Batches batches = own.map(encoder -> new Batches(
                        texts -> texts.stream().map(encoder::encode).toList(), TASK_CHARACTERS, TASK_CHARACTERS))
                .orElseGet(() -> new Batches(
                        tokenizer::encodeAll, CALL_CHARACTERS, canBeCut() ? PIECE_CHARACTERS : Integer.MAX_VALUE));
        try (TokenShardWriter writer = TokenShardWriter.create(shard, tokenizer, endOfTextId);
                var run = new Run(writer, progress, batches)) {
            ReadReport read = source.forEach(run::add);
            run.finish();
            if (run.documents == 0) {
                throw new IllegalArgumentException(
                        "there must be text to encode: no document found, skipped " + read.skipped());
            }
            writer.finish();
            return new Encoded(read, run.documents, run.characters, writer.numTokens(), run.loneSurrogates);
        }
    }

    private boolean canBeCut() {
        return PROBES.stream().allMatch(probe -> {
            List<String> pieces = TextPieces.cut(probe, 2);
            var joined = new ArrayList<Integer>();
            tokenizer.encodeAll(pieces).forEach(ids -> add(ids, joined));
            var whole = new ArrayList<Integer>();
            add(tokenizer.encode(probe), whole);
            return joined.equals(whole);
        });
    }

    private static void add(int[] ids, List<Integer> list) {
        for (int id : ids) {
            list.add(id);
        }
    }

    /// How texts are encoded.
    ///
    /// @param encode the ids of each text
    /// @param batchCharacters characters encoded at once
    /// @param pieceCharacters characters of a text, at which longer ones are cut
    private record Batches(Function<List<String>, List<int[]>> encode, int batchCharacters, int pieceCharacters) {}

    /// A part of a document.
    private record Piece(String text, boolean endsDocument) {}

    /// A batch's pieces with the ids of each.
    private record Ids(List<Piece> pieces, List<int[]> ids, long characters) {}

    /// The pieces gathered for the next batch, and the batches under way.
    private final class Run implements AutoCloseable {

        private final TokenShardWriter writer;
        private final Progress progress;
        private final Batches batches;
        private final Pipeline<Ids> pipeline =
                new Pipeline<>(Runtime.getRuntime().availableProcessors(), this::append);
        private List<Piece> pieces = new ArrayList<>();
        private long gathered;
        private long documents;
        private long characters;
        private long loneSurrogates;

        Run(TokenShardWriter writer, Progress progress, Batches batches) {
            this.writer = writer;
            this.progress = progress;
            this.batches = batches;
        }

        void add(Document document) {
            WellFormed text = WellFormed.of(document.text());
            loneSurrogates += text.numReplaced();
            int start = 0;
            for (int at = text.text().indexOf(endOfText);
                    at >= 0;
                    at = text.text().indexOf(endOfText, at + 1)) {
                // Cut inside the literal, it is no token.
                addPieces(text.text().substring(start, at + 1));
                start = at + 1;
            }
            addPieces(text.text().substring(start));
            add(new Piece("", true));
        }

        private void addPieces(String text) {
            TextPieces.cut(text, batches.pieceCharacters()).forEach(piece -> add(new Piece(piece, false)));
        }

        private void add(Piece piece) {
            pieces.add(piece);
            gathered += piece.text().length();
            if (gathered >= batches.batchCharacters()) {
                encode();
            }
        }

        private void encode() {
            List<Piece> batch = pieces;
            long length = gathered;
            pieces = new ArrayList<>();
            gathered = 0;
            pipeline.add(() -> {
                List<int[]> ids =
                        batches.encode().apply(batch.stream().map(Piece::text).toList());
                return new Ids(batch, ids, length);
            });
        }

        private void append(Ids batch) {
            for (int i = 0; i < batch.pieces().size(); i++) {
                writer.append(batch.ids().get(i));
                if (batch.pieces().get(i).endsDocument()) {
                    writer.endDocument();
                    documents++;
                }
            }
            characters += batch.characters();
            progress.encoded(documents, characters, writer.numTokens());
        }

        void finish() {
            encode();
            pipeline.finish();
        }

        @Override
        public void close() {
            pipeline.close();
        }
    }
}
