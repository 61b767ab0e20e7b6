package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;

/// What is planned together: the endless stream of a mixture in segments of equally many rows, each a function
/// of the seed and its index.
///
/// Each segment has equally many tokens of a stream, which is what makes the shares exact; a document longer than
/// a row is cut before, and a piece belongs where it starts. A segment's rows come in random order.
///
/// A mixture that is one stream and not too large has an epoch in each segment. Then every epoch takes equally
/// many rows, since best fit depends on nothing but the lengths. Otherwise the number of rows is what the first
/// segments need and a little more; a segment that needs more still has some documents cut to fill the gaps.
final class Segments {

    /// With these many rows at least, what is lost at the ends of stretches is a small share.
    private static final int MIN_ROWS = 512;

    /// In fewer rows of one stream the same few documents would share rows for ever.
    private static final int MIN_ROWS_OF_ONE_STREAM = 16;

    private static final int MAX_ROWS = 4096;
    private static final long MAX_TOKENS = 1L << 26;

    private static final int PROBES = 8;

    private final List<DocumentStream> streams;
    private final double[] upTo;
    private final Packing packing;
    private final int length;
    private final long seed;
    private final Round round;
    private final int numRows;
    private final PackingReport report;

    Segments(Mixture mixture, Packing packing, int length, long seed) {
        this.packing = packing;
        this.length = length;
        this.seed = seed;
        List<StreamShare> shares = StreamShare.of(mixture, seed);
        this.streams = shares.stream().map(StreamShare::stream).toList();
        this.upTo = new double[shares.size() + 1];
        for (int i = 0; i < shares.size(); i++) {
            upTo[i + 1] = upTo[i] + shares.get(i).share();
        }
        // So that the stretches of a segment add up to it.
        upTo[shares.size()] = 1;
        this.round = Round.of(shares, packing, length);
        List<List<Piece>> probes = new ArrayList<>();
        for (int i = 0; i < round.probes(); i++) {
            probes.add(pieces(i));
        }
        this.numRows =
                packing == Packing.SEQUENTIAL ? (int) (round.tokens() / round.segments() / length) : rowsFor(probes);
        this.report = PackingReport.of(probes.stream().map(this::lay).toList(), length);
    }

    int numRows() {
        return numRows;
    }

    PackingReport report() {
        return report;
    }

    /// The rows of a segment.
    List<List<Piece>> rows(long segment) {
        List<Piece> pieces = pieces(segment);
        Random random = Seeds.random(seed, -1, segment);
        if (packing == Packing.SEQUENTIAL) {
            // Streams would otherwise come one after the other; within one the order is random already.
            pieces = reordered(pieces, random);
        }
        return reordered(lay(pieces), random);
    }

    private List<List<Piece>> lay(List<Piece> pieces) {
        return switch (packing) {
            case BEST_FIT -> BestFit.pack(pieces, length, numRows);
            case SEQUENTIAL -> joined(pieces);
        };
    }

    private List<List<Piece>> joined(List<Piece> pieces) {
        List<List<Piece>> rows = new ArrayList<>();
        int room = 0;
        for (Piece piece : pieces) {
            Piece rest = piece;
            while (rest.length() > 0) {
                if (room == 0) {
                    rows.add(new ArrayList<>());
                    room = length;
                }
                int n = Math.min(room, rest.length());
                rows.getLast().add(rest.head(n));
                rest = rest.tail(n);
                room -= n;
            }
        }
        return rows;
    }

    private List<Piece> pieces(long segment) {
        List<Piece> pieces = new ArrayList<>();
        Consumer<Piece> sink = pieces::add;
        for (int i = 0; i < streams.size(); i++) {
            long from = start(i, segment);
            long to = start(i, segment + 1);
            switch (packing) {
                case BEST_FIT -> streams.get(i).startingIn(from, to, length, sink);
                case SEQUENTIAL -> streams.get(i).within(from, to, sink);
            }
        }
        return pieces;
    }

    /// Where a segment starts in a stream.
    private long start(int stream, long segment) {
        long start = round.start(segment);
        return (long) (start * upTo[stream + 1]) - (long) (start * upTo[stream]);
    }

    private int rowsFor(List<List<Piece>> probes) {
        double[] needed = probes.stream()
                .mapToDouble(pieces -> BestFit.pack(pieces, length).size())
                .toArray();
        if (round.isEpochs()) {
            return (int) needed[0];
        }
        double mean = 0;
        double most = 0;
        for (double rows : needed) {
            mean += rows / needed.length;
            most = Math.max(most, rows);
        }
        double variance = 0;
        for (double rows : needed) {
            variance += (rows - mean) * (rows - mean) / needed.length;
        }
        // Pieces belong where they start, so a segment may have a piece more of each stream.
        long tokens = Math.ceilDiv(round.tokens(), round.segments()) + streams.size();
        for (DocumentStream stream : streams) {
            tokens += Math.min(length, stream.longest());
        }
        long rows = Math.max((long) Math.ceil(mean + 3 * Math.sqrt(variance)), Math.ceilDiv(tokens, length));
        return Math.toIntExact(Math.max((long) most, rows));
    }

    private static <E> List<E> reordered(List<E> elements, Random random) {
        List<E> reordered = new ArrayList<>(elements.size());
        for (int i : Seeds.shuffled(elements.size(), random)) {
            reordered.add(elements.get(i));
        }
        return reordered;
    }

    /// How many tokens a segment has: `tokens / segments`, whole numbers after each round.
    private record Round(long tokens, long segments, boolean isEpochs) {

        static Round of(List<StreamShare> shares, Packing packing, int length) {
            long most = Math.max((long) MIN_ROWS * length, Math.min((long) MAX_ROWS * length, MAX_TOKENS));
            boolean one = shares.size() == 1;
            long least = (long) (one ? MIN_ROWS_OF_ONE_STREAM : MIN_ROWS) * length;
            if (one && packing == Packing.BEST_FIT) {
                long epoch = shares.getFirst().stream().numTokens();
                return epoch > most
                        ? new Round(epoch, Math.ceilDiv(epoch, most), false)
                        : new Round(epoch * Math.ceilDiv(least, epoch), 1, true);
            }
            double once = Double.POSITIVE_INFINITY;
            double smallest = 1;
            for (StreamShare share : shares) {
                once = Math.min(once, share.stream().numTokens() / share.share());
                smallest = Math.min(smallest, share.share());
            }
            // So that stretches, which are rounded to whole tokens, never go backwards.
            long visible = (long) Math.ceil(4 / smallest);
            long tokens = Math.max(visible, Math.clamp((long) once, least, most));
            return new Round(Math.ceilDiv(tokens, (long) length) * length, 1, false);
        }

        long start(long segment) {
            return Math.addExact(
                    Math.multiplyExact(segment / segments, tokens), segment % segments * tokens / segments);
        }

        int probes() {
            return isEpochs ? 1 : PROBES;
        }
    }
}
