package org.zebralm.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// The first 128 bits of the SHA-256 of a text in UTF-8: texts of the same hash are the same.
record TextHash(long high, long low) {

    static TextHash of(String text) {
        ByteBuffer digest = ByteBuffer.wrap(Sha256.of(text.getBytes(StandardCharsets.UTF_8)));
        return new TextHash(digest.getLong(), digest.getLong());
    }
}
