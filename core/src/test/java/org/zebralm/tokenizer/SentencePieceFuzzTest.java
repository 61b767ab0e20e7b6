package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.tokenizer.ProtobufBytes.field;
import static org.zebralm.tokenizer.ProtobufBytes.joined;
import static org.zebralm.tokenizer.ProtobufBytes.message;
import static org.zebralm.tokenizer.ProtobufBytes.piece;
import static org.zebralm.tokenizer.ProtobufBytes.text;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Damaged SentencePiece models are refused in words, or read; nothing else happens, and little is allocated.
class SentencePieceFuzzTest {

    /// What a case may allocate: its errors and the tree of a model of a few pieces.
    private static final long MAX_BYTES = 2_000_000;

    private static final byte[] BPE = joined(
            piece("<unk>", 0, 2),
            piece("<s>", 0, 3),
            piece("</s>", 0, 3),
            piece("<sep>", 0, 4),
            piece("ab", -1, 1),
            piece("\u2581ab", -2, 1),
            piece("\u2581", -3, 1),
            piece("a", -4, 1),
            piece("b", -5, 1),
            piece("\u65E5", -6, 1),
            message(2, field(3, 2), field(40, 0), text(46, "<s>"), text(47, "</s>")),
            message(3, text(1, "identity"), field(3, 1), field(4, 0), field(5, 1)));

    private static final byte[] UNIGRAM = joined(
            message(2, field(3, 1)),
            message(3, text(2, "\u0001\u0002"), field(3, 0)),
            piece("<unk>", 0, 2),
            piece("a", -4.5f, 1),
            piece("aa", -5.5f, 1),
            message(5, text(2, "")));

    @Test
    void damagedModelsAreRefusedInWords() {
        fuzz(1, 30_000);
    }

    @Tag("slow")
    @Test
    void aMillionDamagedModelsAreRefusedInWords() {
        fuzz(2, 1_000_000);
    }

    private static void fuzz(long seed, int numCases) {
        var random = new SplittableRandom(seed);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        // What classes allocate as they load is no case's.
        assertThat(isRead(BPE)).isTrue();
        assertThat(isRead(UNIGRAM)).isTrue();
        assertThat(isRead(new byte[] {0})).isFalse();
        int numRead = 0;
        for (int i = 0; i < numCases; i++) {
            byte[] model = damaged(random, random.nextBoolean() ? BPE : UNIGRAM);
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                numRead += isRead(model) ? 1 : 0;
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("case " + i + ": " + HexFormat.of().formatHex(model), e);
            }
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .as("case %d", i)
                    .isLessThan(MAX_BYTES);
        }
        // Both ways are taken, or nothing was tested.
        assertThat(numRead).isBetween(numCases / 50, numCases - numCases / 50);
    }

    private static boolean isRead(byte[] model) {
        try {
            assertThat(SentencePieceModel.parse(model).tokenizerJson().has("model"))
                    .isTrue();
            return true;
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotBlank();
            return false;
        }
    }

    private static byte[] damaged(SplittableRandom random, byte[] whole) {
        byte[] model = whole.clone();
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            int at = random.nextInt(Math.max(1, model.length));
            int length = Math.min(model.length - at, 1 + random.nextInt(12));
            model = switch (random.nextInt(7)) {
                case 0 -> Arrays.copyOf(model, at);
                case 1 -> replaced(model, at, length, new byte[0]);
                case 2 -> replaced(model, at, 0, Arrays.copyOfRange(model, at, at + length));
                case 3 -> replaced(model, at, length, interesting(random));
                case 4 -> replaced(model, at, 0, interesting(random));
                default -> {
                    if (model.length > 0) {
                        model[at] =
                                (byte) (random.nextBoolean() ? model[at] ^ (1 << random.nextInt(8)) : random.nextInt());
                    }
                    yield model;
                }
            };
        }
        return model;
    }

    private static byte[] interesting(SplittableRandom random) {
        List<String> all = List.of(
                "ff",
                "ffffffff0f",
                "ffffffffffffffffff01",
                "ffffffffffffffff7f",
                "80808080808001",
                "0a00",
                "0a",
                "1202",
                "00",
                "7f",
                "8001",
                "c080",
                "eda080",
                "f09fa693",
                "0000c07f",
                "0000807f");
        return HexFormat.of().parseHex(all.get(random.nextInt(all.size())));
    }

    private static byte[] replaced(byte[] bytes, int at, int length, byte[] with) {
        return joined(Arrays.copyOf(bytes, at), with, Arrays.copyOfRange(bytes, at + length, bytes.length));
    }
}
