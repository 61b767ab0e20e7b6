package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Some consecutive query rows and the one line of keys they look at.
///
/// A cached sequence is a run: its key ranges, one after the other. So are any number of packed documents that
/// lie behind each other in memory: keys are numbered through, and each row's first visible key stands at its
/// document's start or later. That way short documents share blocks instead of filling one each.
final class KeyRun {
    private final int firstRow;
    private final int firstKey;
    private int numRows;

    /// Where each document's rows begin, relative to the run; document `i`'s keys begin as far behind
    /// `firstKey`, or at 0.
    private int[] documentRow = {0};

    private int numDocuments = 1;
    private final RowView[] keys;
    private final RowView[] values;

    /// The number of the first key of each range, and of the end.
    private final int[] rangeStart;

    private KeyRun(int firstRow, int numRows, int firstKey, RowView[] keys, RowView[] values) {
        this.firstRow = firstRow;
        this.numRows = numRows;
        this.firstKey = firstKey;
        this.keys = keys;
        this.values = values;
        rangeStart = new int[keys.length + 1];
        for (int i = 0; i < keys.length; i++) {
            rangeStart[i + 1] = Math.addExact(rangeStart[i], keys[i].tokens());
        }
    }

    /// Returns the runs of checked sequences, joining documents that lie behind each other.
    static List<KeyRun> of(List<Sequence> sequences) {
        List<KeyRun> runs = new ArrayList<>();
        for (Sequence sequence : sequences) {
            List<KeyRange> ranges = sequence.keys();
            var keys = new RowView[ranges.size()];
            var values = new RowView[ranges.size()];
            for (int i = 0; i < keys.length; i++) {
                KeyRange range = ranges.get(i);
                range.requireMemory();
                keys[i] = range.keys();
                values[i] = range.values();
            }
            boolean whole = sequence.position() == 0 && keys.length == 1;
            if (!whole || runs.isEmpty() || !runs.getLast().join(sequence.numRows(), keys[0], values[0])) {
                long firstKey = sequence.position() - sequence.keys().getFirst().position();
                runs.add(new KeyRun(sequence.firstRow(), sequence.numRows(), Math.toIntExact(firstKey), keys, values));
            }
        }
        return runs;
    }

    /// Returns packed documents as one run.
    static KeyRun packed(RowView keys, RowView values, CumulativeLengths lengths) {
        var run = new KeyRun(0, lengths.total(), 0, new RowView[] {keys}, new RowView[] {values});
        run.numDocuments = lengths.count();
        run.documentRow = new int[run.numDocuments];
        for (int i = 0; i < run.numDocuments; i++) {
            run.documentRow[i] = lengths.start(i);
        }
        return run;
    }

    /// Returns the run of one query whose own key is the last of `ranges`.
    static KeyRun decoding(int row, List<KeyRows> ranges) {
        RowView[] keys = new RowView[ranges.size()];
        RowView[] values = new RowView[ranges.size()];
        int total = 0;
        for (int i = 0; i < keys.length; i++) {
            keys[i] = ranges.get(i).keys();
            values[i] = ranges.get(i).values();
            total += keys[i].tokens();
        }
        return new KeyRun(row, 1, total - 1, keys, values);
    }

    private boolean join(int rows, RowView moreKeys, RowView moreValues) {
        if (firstKey != 0
                || keys.length != 1
                || !keys[0].isFollowedBy(moreKeys)
                || !values[0].isFollowedBy(moreValues)) {
            return false;
        }
        if (numDocuments == documentRow.length) {
            documentRow = Arrays.copyOf(documentRow, 2 * numDocuments);
        }
        documentRow[numDocuments++] = numRows;
        numRows += rows;
        keys[0] = keys[0].extended(rows);
        values[0] = values[0].extended(rows);
        rangeStart[1] += rows;
        return true;
    }

    int firstRow() {
        return firstRow;
    }

    int numRows() {
        return numRows;
    }

    int numKeys() {
        return rangeStart[keys.length];
    }

    /// Returns whether a token's heads lie behind each other.
    boolean isTokenMajor() {
        return keys[0].headBytes() <= keys[0].tokenBytes();
    }

    /// Returns which range holds a key.
    int rangeOf(int key) {
        int index = Arrays.binarySearch(rangeStart, key);
        return index >= 0 ? index : -index - 2;
    }

    int rangeStart(int range) {
        return rangeStart[range];
    }

    RowView keys(int range) {
        return keys[range];
    }

    RowView values(int range) {
        return values[range];
    }

    int numDocuments() {
        return numDocuments;
    }

    /// Returns the row at which a document begins, relative to the run.
    int documentRow(int document) {
        return document == numDocuments ? numRows : documentRow[document];
    }

    /// Returns a row's own key, the last it sees.
    int lastVisible(int row) {
        return firstKey + row;
    }

    /// Returns the first key a row sees.
    int firstVisible(int row, int window) {
        return firstVisible(row, documentOf(row), window);
    }

    private int firstVisible(int row, int document, int window) {
        int start = document == 0 ? 0 : firstKey + documentRow[document];
        return Math.max(start, firstKey + row - (window - 1));
    }

    private int documentOf(int row) {
        int index = Arrays.binarySearch(documentRow, 0, numDocuments, row);
        return index >= 0 ? index : -index - 2;
    }

    /// Puts the first and last visible key of rows `[row, row + count)` into the lanes of a block, `fold` lanes
    /// a row; what lanes are left repeat the last row.
    void bounds(int row, int count, int fold, int window, int[] first, int[] last, int at) {
        int document = documentOf(row);
        int lane = at;
        for (int i = row; i < row + count; i++) {
            while (document + 1 < numDocuments && documentRow[document + 1] <= i) {
                document++;
            }
            Arrays.fill(first, lane, lane + fold, firstVisible(i, document, window));
            Arrays.fill(last, lane, lane + fold, lastVisible(i));
            lane += fold;
        }
        Arrays.fill(first, lane, at + Lanes.BLOCK, first[lane - 1]);
        Arrays.fill(last, lane, at + Lanes.BLOCK, last[lane - 1]);
    }

    /// Brings the keys `[from, from + count)` of a head into the cache, see [ReadAhead#rows].
    int readAheadKeys(int from, int count, int head) {
        return readAhead(keys, from, count, head);
    }

    /// Brings values into the cache as [#readAheadKeys] does keys.
    int readAheadValues(int from, int count, int head) {
        return readAhead(values, from, count, head);
    }

    private int readAhead(RowView[] ranges, int from, int count, int head) {
        int end = from + count;
        int sum = 0;
        int range = rangeOf(from);
        for (int key = from; key < end; range++) {
            int stop = Math.min(end, rangeStart[range + 1]);
            sum += ranges[range].readAhead(key - rangeStart[range], stop - key, head);
            key = stop;
        }
        return sum;
    }

    /// Reads the keys `[from, from + count)` of a head to rows of `padded` floats; numbers that no key has
    /// become zeros.
    void readKeys(int from, int count, int head, float[] w, int to, int padded) {
        read(keys, from, count, head, w, to, padded);
    }

    /// Reads values as [#readKeys] does keys.
    void readValues(int from, int count, int head, float[] w, int to, int padded) {
        read(values, from, count, head, w, to, padded);
    }

    private void read(RowView[] ranges, int from, int count, int head, float[] w, int to, int padded) {
        int start = Math.max(from, 0);
        int end = Math.min(from + count, numKeys());
        Arrays.fill(w, to, to + (start - from) * padded, 0);
        int range = rangeOf(start);
        int key = start;
        while (key < end) {
            int stop = Math.min(end, rangeStart[range + 1]);
            ranges[range].read(key - rangeStart[range], stop - key, head, w, to + (key - from) * padded, padded);
            key = stop;
            range++;
        }
        Arrays.fill(w, to + (end - from) * padded, to + count * padded, 0);
    }
}
