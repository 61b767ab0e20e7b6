package org.zebralm.data;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.zebralm.tokenizer.Tokenizer;

/// Encodes by a byte-level BPE `tokenizer.json` without the native library: the same ids, many times as fast.
///
/// Most of a text's words have come before, so a word costs a look into a table. What the Rust library does besides,
/// and nobody needs to make a shard (offsets, token strings, masks), is most of its time.
///
/// Safe for use by many threads.
final class BpeEncoder {

    /// Encoded by both when an encoder is made: one that differed here would not be used.
    private static final List<String> PROBES = List.of(
            "Don't they'LL say I'M we'Ve 'tis '\u017Fo 12345 x1y22zz333.\n\n  if (a[i++] >= 0x1F) {\r\n\t\treturn;   \n}",
            "e\u0301 \u65E5\u672C\u8A9E \uD55C\uAD6D\uC5B4 \u0627\u0644\u0639 \u0E44\u0E17\u0E22 \u0663\u00BD\u2167"
                    + " \uD83D\uDC68\u200D\uD83D\uDC69 \uD83E\uDD93\u00A0\u3000\u2028\u0085\u0000",
            "a".repeat(200) + " \n \n  " + "=-".repeat(100));

    private final ByteLevelBpe bpe;
    private final Queue<WordEncoder> idle = new ConcurrentLinkedQueue<>();

    private BpeEncoder(ByteLevelBpe bpe) {
        this.bpe = bpe;
    }

    /// An encoder with a tokenizer's ids; nothing if the tokenizer is of another kind.
    static Optional<BpeEncoder> of(Tokenizer tokenizer) {
        return ByteLevelBpe.read(tokenizer).map(BpeEncoder::new).filter(encoder -> encoder.agrees(tokenizer));
    }

    private boolean agrees(Tokenizer tokenizer) {
        // The library numbers added tokens by itself where a file leaves gaps.
        return Stream.concat(PROBES.stream(), bpe.added().contents())
                .allMatch(probe -> Arrays.equals(encode(probe), tokenizer.encode(probe)));
    }

    /// The ids of a text without lone surrogates, as [Tokenizer#encode] gives them.
    int[] encode(String text) {
        WordEncoder waiting = idle.poll();
        WordEncoder words = waiting == null ? new WordEncoder(bpe) : waiting;
        int[] ids = words.encode(text);
        idle.add(words);
        return ids;
    }
}
