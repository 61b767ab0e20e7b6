package org.zebralm.data;

/// A set of text hashes of a known greatest size; it takes [#bytes] of memory and no more.
///
/// A hash is put at the first free place from the one its bits name on. Hashes are random already, so runs stay
/// short while a third of the places is free.
final class TextHashes {

    /// Java's arrays end there.
    private static final long MAX_HASHES = Integer.MAX_VALUE / 3L;

    // Two longs a place; a place of zeros is free.
    private final long[] places;
    private boolean hasZero;

    /// Room for `numHashes`.
    TextHashes(long numHashes) {
        places = new long[Math.toIntExact(2 * numPlaces(numHashes))];
    }

    /// The memory that a set of so many hashes takes; for more than there can be, `Long.MAX_VALUE`.
    static long bytes(long numHashes) {
        return numHashes > MAX_HASHES ? Long.MAX_VALUE : 2 * Long.BYTES * numPlaces(numHashes);
    }

    private static long numPlaces(long numHashes) {
        return numHashes + numHashes / 2 + 1;
    }

    /// Adds a hash; returns false if it was there already.
    boolean add(TextHash hash) {
        if (hash.high() == 0 && hash.low() == 0) {
            boolean isNew = !hasZero;
            hasZero = true;
            return isNew;
        }
        int place = (int) Long.remainderUnsigned(hash.low(), places.length / 2);
        while (places[2 * place] != 0 || places[2 * place + 1] != 0) {
            if (places[2 * place] == hash.high() && places[2 * place + 1] == hash.low()) {
                return false;
            }
            place = (place + 1) % (places.length / 2);
        }
        places[2 * place] = hash.high();
        places[2 * place + 1] = hash.low();
        return true;
    }
}
