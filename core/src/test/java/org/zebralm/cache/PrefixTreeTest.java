package org.zebralm.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.PageLayout;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class PrefixTreeTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(20), local(1), GLOBAL, local(9));
    private static final long PLENTY = 1L << 30;

    /// A model, its pages and what was computed with them: what an engine does for one sequence at a time.
    private static final class Desk {
        final Zebra model;
        final PagePool pool;
        final PrefixTree tree;
        int computed;

        Desk(ZebraConfig config, Lifetime lifetime, long budget, int interval, int grid) {
            model = TinyModels.model(config, new RandomWeights(1, DType.FLOAT64, lifetime));
            pool = new PagePool(PageLayout.of(config, DType.FLOAT64), budget);
            tree = new PrefixTree(pool, interval, grid);
        }

        /// Computes `tokens` with what the tree has, checks the last hidden states, and returns what was reused.
        PrefixUse run(int[] tokens, int chunk) {
            PrefixMatch match = tree.match(tokens);
            try (var _ = Scope.open();
                    var cache = tree.begin(match)) {
                computed = 0;
                Tensor expected = model.hidden(tokens, CumulativeLengths.single(tokens.length));
                while (cache.length() < tokens.length) {
                    int from = cache.length();
                    int limit = from < cache.globalLength() ? cache.globalLength() : tokens.length;
                    int to = Math.min(limit, from + chunk);
                    cache.prepare(to - from);
                    Tensor hidden = model.hidden(Arrays.copyOfRange(tokens, from, to), cache);
                    computed += to - from;
                    tree.insert(tokens, cache.length(), cache, match.reused());
                    if (from >= match.reused()) {
                        assertThatTensor(hidden).isCloseTo(expected.narrow(0, from, to - from), 1e-9);
                    }
                }
                tree.insert(tokens, cache.length(), cache, match.reused(), tokens.length);
            }
            PrefixUse use = match.use(tokens.length);
            assertThat(use.computed()).isEqualTo(computed);
            assertThat(pool.pinned()).isZero();
            assertThat(tree.bytes()).isEqualTo(pool.used());
            return use;
        }
    }

    @Test
    void aConversationIsComputedOnce() {
        try (var lifetime = new Lifetime()) {
            var desk = new Desk(CONFIG, lifetime, PLENTY, 0, 1);
            int[] tokens = ids(CONFIG, 500, 1);
            assertThat(desk.run(Arrays.copyOf(tokens, 130), 50))
                    .isEqualTo(new PrefixUse(130, 0, 0, 0, PrefixUse.Limit.EMPTY));
            // The next turn: what was said, and 20 tokens more.
            assertThat(desk.run(Arrays.copyOf(tokens, 150), 50))
                    .isEqualTo(new PrefixUse(150, 130, 130, 0, PrefixUse.Limit.ENDS));
            // Regenerated: all but the last token, whose logits are wanted.
            assertThat(desk.run(Arrays.copyOf(tokens, 150), 50))
                    .isEqualTo(new PrefixUse(150, 149, 149, 0, PrefixUse.Limit.NONE));
            // Its end edited: the windows are there for a few tokens before the end.
            int[] edited = Arrays.copyOf(tokens, 160);
            edited[145]++;
            assertThat(desk.run(edited, 50)).isEqualTo(new PrefixUse(160, 145, 145, 0, PrefixUse.Limit.DIVERGES));
        }
    }

    @Test
    void wherePromptsPartIsComputedOnceMoreAndThenKept() {
        try (var lifetime = new Lifetime()) {
            ZebraConfig config = config(GLOBAL, local(20));
            var desk = new Desk(config, lifetime, PLENTY, 0, 1);
            int[] first = ids(config, 400, 1);
            desk.run(first, 64);
            int[] second = first.clone();
            second[200]++;
            // One local layer: the 19 tokens before matter, and those before them in their page of 16.
            assertThat(desk.run(second, 64)).isEqualTo(new PrefixUse(400, 200, 0, 24, PrefixUse.Limit.DIVERGES));
            int[] third = first.clone();
            third[200] += 2;
            assertThat(desk.run(third, 64)).isEqualTo(new PrefixUse(400, 200, 200, 0, PrefixUse.Limit.DIVERGES));
        }
    }

    @Test
    void windowsWithinLongSequencesAreKeptAtIntervals() {
        try (var lifetime = new Lifetime()) {
            ZebraConfig config = config(GLOBAL, local(20), local(20), local(20), local(20), local(20));
            var desk = new Desk(config, lifetime, PLENTY, 128, 1);
            int[] first = ids(config, 500, 1);
            desk.run(first, 100);
            int[] second = first.clone();
            second[300]++;
            // Rebuilding from nothing would take 5 * 19 tokens; the windows at 256 are nearer.
            assertThat(desk.run(second, 100)).isEqualTo(new PrefixUse(500, 300, 256, 44, PrefixUse.Limit.DIVERGES));
        }
    }

    @Test
    void aGridRoundsDown() {
        try (var lifetime = new Lifetime()) {
            var desk = new Desk(CONFIG, lifetime, PLENTY, 0, 64);
            int[] tokens = ids(CONFIG, 300, 1);
            desk.run(Arrays.copyOf(tokens, 210), 64);
            assertThat(desk.run(tokens, 64)).isEqualTo(new PrefixUse(300, 192, 192, 0, PrefixUse.Limit.GRID));
        }
    }

    @Test
    void whatGaveWayIsCalledThat() {
        try (var lifetime = new Lifetime()) {
            PageLayout layout = PageLayout.of(CONFIG, DType.FLOAT64);
            var desk = new Desk(CONFIG, lifetime, layout.bytes(256) + 12 * layout.localBytes(), 0, 1);
            int[] first = ids(CONFIG, 250, 1);
            int[] second = ids(CONFIG, 240, 2);
            second[0] = first[0] + 1;
            desk.run(first, 60);
            for (int i = 0; i < 4; i++) {
                desk.run(second, 60);
            }
            assertThat(desk.tree.numEvicted()).isPositive();
            PrefixUse use = desk.run(first, 60);
            assertThat(use.limit()).isEqualTo(PrefixUse.Limit.EVICTED);
            assertThat(use.reused()).isLessThan(249);
            assertThat(desk.pool.mostUsed()).isLessThanOrEqualTo(desk.pool.budget());
        }
    }

    static List<ZebraConfig> patterns() {
        return List.of(
                CONFIG,
                config(GLOBAL, GLOBAL),
                config(local(7), local(30)),
                config(local(1), GLOBAL),
                config(GLOBAL, local(65), local(65)));
    }

    /// Prompts that share, repeat, extend and cut what came before, with room for all of it and with too little.
    @ParameterizedTest
    @MethodSource("patterns")
    void whateverWasThereBeforeTheResultIsThatOfAFreshPass(ZebraConfig config) {
        PageLayout layout = PageLayout.of(config, DType.FLOAT64);
        for (long budget : new long[] {PLENTY, 2 * layout.bytes(360) + 20 * layout.localBytes()}) {
            for (int grid : new int[] {1, 16}) {
                var random = new Random(7);
                try (var lifetime = new Lifetime()) {
                    var desk = new Desk(config, lifetime, budget, grid == 1 ? 96 : 0, grid);
                    List<int[]> seen = new ArrayList<>();
                    seen.add(ids(config, 330, 5));
                    long saved = 0;
                    for (int i = 0; i < 40; i++) {
                        int[] base = seen.get(random.nextInt(seen.size()));
                        int keep = random.nextInt(base.length) + 1;
                        int length = Math.min(360, keep + random.nextInt(80));
                        int[] prompt = Arrays.copyOf(base, length);
                        for (int at = keep; at < length; at++) {
                            prompt[at] = random.nextInt(config.vocabSize());
                        }
                        saved += prompt.length
                                - desk.run(prompt, grid == 1 ? 1 + random.nextInt(100) : grid)
                                        .computed();
                        seen.add(prompt);
                    }
                    assertThat(saved).isPositive();
                    assertThat(desk.pool.mostUsed()).isLessThanOrEqualTo(budget);
                    desk.tree.clear();
                    assertThat(desk.pool.used()).isZero();
                }
            }
        }
    }
}
