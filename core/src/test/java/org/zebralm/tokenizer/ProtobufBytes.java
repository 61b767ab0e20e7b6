package org.zebralm.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Writes protobuf messages as a SentencePiece model has them.
final class ProtobufBytes {

    private ProtobufBytes() {}

    static byte[] piece(String text, float score, int type) {
        byte[] number = new byte[5];
        number[0] = (2 << 3) | 5;
        for (int i = 0; i < 4; i++) {
            number[1 + i] = (byte) (Float.floatToIntBits(score) >>> (8 * i));
        }
        return message(1, text(1, text), number, field(3, type));
    }

    static byte[] text(int field, String text) {
        return message(field, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] field(int field, int value) {
        return joined(varint(field << 3), varint(value));
    }

    static byte[] message(int field, byte[]... content) {
        byte[] bytes = joined(content);
        return joined(varint((field << 3) | 2), varint(bytes.length), bytes);
    }

    static byte[] varint(int value) {
        var out = new ByteArrayOutputStream();
        int rest = value;
        for (; rest > 0x7F; rest >>>= 7) {
            out.write((rest & 0x7F) | 0x80);
        }
        out.write(rest);
        return out.toByteArray();
    }

    static byte[] joined(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
