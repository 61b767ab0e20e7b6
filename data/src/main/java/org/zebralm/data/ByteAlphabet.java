package org.zebralm.data;

import java.util.stream.Stream;

/// The printable character that stands for a byte in a byte-level vocabulary.
///
/// A `tokenizer.json` names tokens by text, but a token is any bytes. GPT-2 therefore writes each byte as a
/// character: itself where Latin-1 prints it, else the next one from U+0100 on (a blank becomes `Ġ`).
final class ByteAlphabet {

    private static final char[] CHARACTERS = characters();

    private ByteAlphabet() {}

    static String write(byte[] token) {
        var text = new StringBuilder(token.length);
        for (byte b : token) {
            text.append(CHARACTERS[Byte.toUnsignedInt(b)]);
        }
        return text.toString();
    }

    /// The characters of all bytes in order, each as a token.
    static Stream<String> names() {
        return new String(CHARACTERS).chars().mapToObj(Character::toString);
    }

    private static char[] characters() {
        char[] characters = new char[256];
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            characters[b] = prints ? (char) b : next++;
        }
        return characters;
    }
}
