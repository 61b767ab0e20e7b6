package org.zebralm.data;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Counted words in temporary files: runs, each sorted by the words' bytes, so that reading all runs of a part side by
/// side adds up the counts of a word without holding more than one word of each run.
final class WordRuns implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 16;

    private final List<List<Path>> runs;
    private @Nullable Path folder;

    WordRuns(int numParts) {
        runs = IntStream.range(0, numParts)
                .<List<Path>>mapToObj(_ -> new ArrayList<>())
                .toList();
    }

    boolean isEmpty(int part) {
        return runs.get(part).isEmpty();
    }

    /// Writes a table as another run of a part. Parts may be written by several threads, each part by one at a time.
    void write(int part, WordTable table) {
        byte[] bytes = table.bytes();
        int[] sorted = IntStream.range(0, table.size())
                .boxed()
                .sorted((a, b) -> Arrays.compareUnsigned(
                        bytes, table.start(a), table.end(a), bytes, table.start(b), table.end(b)))
                .mapToInt(Integer::intValue)
                .toArray();
        Path file = folder().resolve(part + "-" + runs.get(part).size());
        try (var out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES))) {
            for (int word : sorted) {
                out.writeInt(table.end(word) - table.start(word));
                out.write(bytes, table.start(word), table.end(word) - table.start(word));
                out.writeLong(table.count(word));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write counted words to " + file, e);
        }
        runs.get(part).add(file);
    }

    /// Hands over the words of a part in order, each once.
    void forEach(int part, SharedWords.Words words) {
        var heads = new PriorityQueue<Run>(Comparator.comparing(Run::word, Arrays::compareUnsigned));
        List<Run> open = new ArrayList<>();
        try {
            for (Path file : runs.get(part)) {
                var run = new Run(file);
                open.add(run);
                enter(run, heads);
            }
            for (Run head = heads.poll(); head != null; head = heads.poll()) {
                byte[] word = head.word();
                long count = head.count();
                enter(head, heads);
                for (Run same = heads.peek(); same != null && Arrays.equals(same.word(), word); same = heads.peek()) {
                    count += same.count();
                    enter(heads.remove(), heads);
                }
                words.word(word, 0, word.length, count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read counted words from " + folder, e);
        } finally {
            open.forEach(Run::close);
        }
    }

    private static void enter(Run run, PriorityQueue<Run> heads) throws IOException {
        if (run.advance()) {
            heads.add(run);
        }
    }

    private synchronized Path folder() {
        Path made = folder;
        if (made == null) {
            try {
                made = Files.createTempDirectory("zebra-words");
            } catch (IOException e) {
                throw new UncheckedIOException("cannot make a temporary folder for counted words", e);
            }
            folder = made;
        }
        return made;
    }

    @Override
    public void close() {
        Path made = folder;
        if (made == null) {
            return;
        }
        try {
            for (Path file : runs.stream().flatMap(List::stream).toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(made);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + made, e);
        }
    }

    /// A file at one of its words.
    private static final class Run {

        private final DataInputStream in;
        private byte[] word = new byte[0];
        private long count;

        Run(Path file) throws IOException {
            in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES));
        }

        /// Goes to the next word; returns whether there is one.
        boolean advance() throws IOException {
            byte[] length = in.readNBytes(Integer.BYTES);
            if (length.length == 0) {
                return false;
            }
            word = in.readNBytes(ByteBuffer.wrap(length).getInt());
            count = in.readLong();
            return true;
        }

        byte[] word() {
            return word;
        }

        long count() {
            return count;
        }

        void close() {
            try {
                in.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
