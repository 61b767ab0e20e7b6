package org.zebralm.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// The UTF-8 of many texts as a tree with a byte on each branch: nine bytes of memory a node.
///
/// The children of a node stand side by side, in the order of their bytes as unsigned numbers.
final class ByteTrie {

    static final int ROOT = 0;

    /// No such node, or no text that ends there.
    static final int NONE = -1;

    private final int[] firstChild;
    private final byte[] labels;
    private final int[] values;

    /// @param texts of equals the first counts
    ByteTrie(List<String> texts) {
        byte[][] keys = new byte[texts.size()][];
        Integer[] order = new Integer[keys.length];
        int maxNodes = 1;
        for (int i = 0; i < keys.length; i++) {
            keys[i] = texts.get(i).getBytes(StandardCharsets.UTF_8);
            order[i] = i;
            maxNodes = Math.addExact(maxNodes, keys[i].length);
        }
        Arrays.sort(order, (a, b) -> Arrays.compareUnsigned(keys[a], keys[b]));
        int[] first = new int[maxNodes + 1];
        byte[] bytes = new byte[maxNodes];
        int[] ends = new int[maxNodes];
        Arrays.fill(ends, NONE);
        // The texts that pass through a node are neighbours in their order: from[node] to before to[node].
        int[] from = new int[maxNodes];
        int[] to = new int[maxNodes];
        int[] depths = new int[maxNodes];
        to[ROOT] = keys.length;
        int numNodes = 1;
        for (int node = 0; node < numNodes; node++) {
            int depth = depths[node];
            int i = from[node];
            if (i < to[node] && keys[order[i]].length == depth) {
                ends[node] = order[i];
            }
            while (i < to[node] && keys[order[i]].length == depth) {
                i++;
            }
            first[node] = numNodes;
            while (i < to[node]) {
                byte label = keys[order[i]][depth];
                bytes[numNodes] = label;
                depths[numNodes] = depth + 1;
                from[numNodes] = i;
                while (i < to[node] && keys[order[i]][depth] == label) {
                    i++;
                }
                to[numNodes++] = i;
            }
        }
        first[numNodes] = numNodes;
        this.firstChild = Arrays.copyOf(first, numNodes + 1);
        this.labels = Arrays.copyOf(bytes, numNodes);
        this.values = Arrays.copyOf(ends, numNodes);
    }

    /// The node that a byte leads to, or [#NONE].
    int child(int node, byte label) {
        int low = firstChild[node];
        int high = firstChild[node + 1] - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Byte.compareUnsigned(labels[middle], label);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return NONE;
    }

    /// The place in the list of the text that ends at a node, or [#NONE].
    int value(int node) {
        return values[node];
    }

    /// The place in the list of a whole text, or [#NONE].
    int find(byte[] bytes, int from, int to) {
        int node = ROOT;
        for (int i = from; i < to && node != NONE; i++) {
            node = child(node, bytes[i]);
        }
        return node == NONE ? NONE : values[node];
    }

    /// Where the longest text ends that begins at `from`; `from` where none does.
    int longestEnd(byte[] bytes, int from, int to) {
        int end = from;
        int node = ROOT;
        for (int i = from; i < to; i++) {
            node = child(node, bytes[i]);
            if (node == NONE) {
                break;
            }
            if (values[node] != NONE) {
                end = i + 1;
            }
        }
        return end;
    }
}
