package org.zebralm.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Bytes decoded as UTF-8, with a count of what was not.
///
/// `new String(bytes, UTF_8)` replaces just so but does not tell how often; a U+FFFD in the file itself is no error.
///
/// @param text the text, without a byte order mark
/// @param numReplaced invalid sequences that became U+FFFD
record Utf8(String text, long numReplaced) {

    static Utf8 decode(ByteBuffer bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        // UTF-8 never decodes to more chars than it has bytes.
        var chars = CharBuffer.allocate(bytes.remaining());
        long numReplaced = 0;
        CoderResult result = decoder.decode(bytes, chars, true);
        while (result.isError()) {
            bytes.position(bytes.position() + result.length());
            chars.put('\uFFFD');
            numReplaced++;
            result = decoder.decode(bytes, chars, true);
        }
        decoder.flush(chars);
        chars.flip();
        if (chars.hasRemaining() && chars.get(0) == '\uFEFF') {
            chars.get();
        }
        return new Utf8(chars.toString(), numReplaced);
    }
}
