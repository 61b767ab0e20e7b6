package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Expected bytes are those of the wire format's own description (protobuf.dev/programming-guides/encoding).
class ProtobufReaderTest {

    @Test
    void fieldsOfEveryTypeAreRead() {
        // a = 150; b = "testing"; c = { a = 150 }; d = 25.4f; a fixed64, skipped; -1 as ten bytes
        ProtobufReader in = reader("08 96 01 12 07 74 65 73 74 69 6e 67 1a 03 08 96 01 25 33 33 cb 41"
                + " 29 01 02 03 04 05 06 07 08 30 ff ff ff ff ff ff ff ff ff 01");
        assertThat(in.next()).isTrue();
        assertThat(in.field()).isEqualTo(1);
        assertThat(in.varint()).isEqualTo(150);
        assertThat(in.next()).isTrue();
        assertThat(in.string()).isEqualTo("testing");
        assertThat(in.next()).isTrue();
        ProtobufReader nested = in.message();
        assertThat(nested.next()).isTrue();
        assertThat(nested.varint()).isEqualTo(150);
        assertThat(nested.next()).isFalse();
        assertThat(in.next()).isTrue();
        assertThat(in.float32()).isEqualTo(25.4f);
        assertThat(in.next()).isTrue();
        assertThat(in.field()).isEqualTo(5);
        in.skip();
        assertThat(in.next()).isTrue();
        assertThat(in.field()).isEqualTo(6);
        assertThat(in.varint()).isEqualTo(-1);
        assertThat(in.next()).isFalse();
    }

    @Test
    void whatIsNoMessageIsRefused() {
        refused("08", ProtobufReader::varint, "ends within a field");
        refused("08 80 80 80 80 80 80 80 80 80 80 01", ProtobufReader::varint, "at most 10 bytes");
        refused("12 05 61", ProtobufReader::bytes, "field 2 has 5 bytes, with 1 left");
        refused("12 ff ff ff ff ff ff ff ff ff 01", ProtobufReader::bytes, "18446744073709551615 bytes");
        refused("12 01 ff", ProtobufReader::string, "must be UTF-8: field 2");
        refused("08 01", ProtobufReader::string, "field 1 must have wire type 2: got 0");
        refused("15 00 00", ProtobufReader::float32, "2 bytes are left where 4 must be");
        refused("0b", ProtobufReader::skip, "wire type 0, 1, 2 or 5: field 1 has 3");
        refused("00", ProtobufReader::skip, "a number from 1 to 2^29 - 1: got 0");
        refused("80 80 80 80 80 01", ProtobufReader::skip, "got 4294967296");
    }

    private static void refused(String hex, Consumer<ProtobufReader> read, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> {
                    ProtobufReader in = reader(hex);
                    in.next();
                    read.accept(in);
                })
                .withMessageContaining(message);
    }

    private static ProtobufReader reader(String hex) {
        return new ProtobufReader(HexFormat.of().parseHex(hex.replace(" ", "")));
    }
}
