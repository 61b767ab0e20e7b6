package org.zebralm.kernel;

import java.util.Arrays;

/// Which squares of a tile, 16 keys by one vector of queries, hold a pair that attends, and which of those need
/// a mask.
///
/// A lane's visible keys are an interval whose ends ascend with the lane, so a vector of lanes sees an interval
/// of key groups and a key group is seen by an interval of vectors. What lies outside is neither computed nor
/// read: packed documents and window edges cost what they attend to, rounded up to squares.
final class Visibility {
    private static final int GROUPS = Lanes.BLOCK / Lanes.GROUP;

    /// For each vector, its visible key groups `[fromGroup, toGroup)`.
    final int[] fromGroup = new int[Lanes.PER_BLOCK];

    final int[] toGroup = new int[Lanes.PER_BLOCK];

    /// For each key group, the vectors `[fromVector, toVector)` that see it.
    final int[] fromVector = new int[GROUPS];

    final int[] toVector = new int[GROUPS];

    /// For each key group, a bit for every vector that sees only a part of it.
    final int[] masked = new int[GROUPS];

    /// Whether every lane sees every key.
    boolean full;

    /// The number of vectors with queries.
    int vectors;

    /// Decides for a tile of 64 keys from `key` on and the lanes `first[at ..]`, `last[at ..]`, of which the
    /// first `lanes` have a query.
    ///
    /// @return whether anything is visible at all
    boolean decide(int key, int lanes, int[] first, int[] last, int at) {
        vectors = (lanes + Lanes.COUNT - 1) / Lanes.COUNT;
        int lastLane = at + Lanes.BLOCK - 1;
        if (key > last[lastLane] || key + Lanes.BLOCK <= first[at]) {
            return false;
        }
        Arrays.fill(masked, 0);
        full = first[lastLane] <= key && last[at] >= key + Lanes.BLOCK - 1;
        if (full) {
            Arrays.fill(fromGroup, 0);
            Arrays.fill(toGroup, GROUPS);
            Arrays.fill(fromVector, 0);
            Arrays.fill(toVector, vectors);
            return true;
        }
        Arrays.fill(fromVector, vectors);
        Arrays.fill(toVector, 0);
        for (int v = 0; v < vectors; v++) {
            int a = at + v * Lanes.COUNT;
            int b = a + Lanes.COUNT - 1;
            fromGroup[v] = Math.clamp(Math.floorDiv(first[a] - key, Lanes.GROUP), 0, GROUPS);
            toGroup[v] = Math.clamp(Math.floorDiv(last[b] - key, Lanes.GROUP) + 1, 0, GROUPS);
            for (int g = fromGroup[v]; g < toGroup[v]; g++) {
                fromVector[g] = Math.min(fromVector[g], v);
                toVector[g] = v + 1;
                int groupKey = key + g * Lanes.GROUP;
                if (first[b] > groupKey || last[a] < groupKey + Lanes.GROUP - 1) {
                    masked[g] |= 1 << v;
                }
            }
        }
        return true;
    }
}
