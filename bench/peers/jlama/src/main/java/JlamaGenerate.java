import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// Jlama, timed with the same problems as `./zebra bench generate`.
///
/// ```
/// mvn -q -f bench/peers/jlama/pom.xml compile exec:exec -Darguments="--model FOLDER --quantized FOLDER [--json FILE]"
/// ```
///
/// `--model` is a Hugging Face folder with a tokenizer, such as `bench/peers/random_llama.py` makes; `--quantized` is
/// where Jlama's own quantizer writes it in Q4, once. Without it the weights stay as the file has them. Rows:
///
/// - `prefill`: tokens of the prompt by the seconds from an empty cache to the first token
/// - `decode`: tokens by seconds of one sequence whose cache holds `--depths` tokens before the first
///
/// Prompts are random ids; decoding is greedy; medians of `--repeats`. The settings and the reasons are in
/// `bench/peers/README.md`.
public final class JlamaGenerate {
    private final AbstractModel model;
    private final KvBufferCache caches;
    private final int[] ids;

    private JlamaGenerate(AbstractModel model, int longest) {
        this.model = model;
        this.caches = new KvBufferCache(model);
        var random = new Random(1);
        // Control and byte tokens are left out.
        this.ids = random.ints(longest, 259, model.getConfig().vocabularySize).toArray();
    }

    public static void main(String[] arguments) throws IOException {
        try {
            run(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
        // Jlama's pool keeps the JVM alive.
        System.exit(0);
    }

    private static void run(String[] arguments) throws IOException {
        var options = new LinkedHashMap<>(Map.of(
                "--prompt-lengths", "512",
                "--depths", "128,2048",
                "--tokens", "64",
                "--repeats", "3",
                "--threads", "2",
                "--working", "F32"));
        for (int i = 0; i < arguments.length; i += 2) {
            boolean known = options.containsKey(arguments[i])
                    || arguments[i].equals("--model")
                    || arguments[i].equals("--quantized")
                    || arguments[i].equals("--json");
            if (!known || i + 1 == arguments.length) {
                throw new IllegalArgumentException("options are --model, --quantized, --json and " + options.keySet()
                        + ", each with a value: got " + arguments[i]);
            }
            options.put(arguments[i], arguments[i + 1]);
        }
        if (!options.containsKey("--model")) throw new IllegalArgumentException("--model must name a folder");
        int[] promptLengths = integers(options.get("--prompt-lengths"));
        int[] depths = integers(options.get("--depths"));
        int tokens = Integer.parseInt(options.get("--tokens"));
        int repeats = Integer.parseInt(options.get("--repeats"));
        int threads = Integer.parseInt(options.get("--threads"));
        var folder = Path.of(options.get("--model"));
        String quantization = "none";
        // What activations are rounded to before they meet the weights; Jlama has no product of I8 and bfloat16.
        var activations = DType.BF16;
        if (options.containsKey("--quantized")) {
            quantization = "Q4";
            activations = DType.I8;
            var written = Path.of(options.get("--quantized"));
            if (!Files.exists(written.resolve("model.safetensors"))) {
                Files.createDirectories(written);
                var none = new String[0];
                SafeTensorSupport.quantizeModel(folder, DType.Q4, none, none, Optional.of(written));
            }
            folder = written;
        }

        long start = System.nanoTime();
        var model = ModelSupport.loadModel(
                folder.toFile(),
                Files.createTempDirectory("jlama").toFile(),
                DType.valueOf(options.get("--working")),
                activations,
                Optional.empty(),
                Optional.of(threads));
        var operations = TensorOperationsProvider.get().name();
        System.out.printf(
                Locale.ROOT,
                "Jlama 0.8.4 (%s), Java %s, %d threads, weights %s, working %s and %s, loaded in %.1f s%n",
                operations,
                Runtime.version(),
                threads,
                quantization,
                options.get("--working"),
                activations,
                seconds(start));
        System.out.println("phase      depth   tokens/s    seconds repeats");

        int longest = Math.max(
                Arrays.stream(promptLengths).max().orElse(0),
                Arrays.stream(depths).max().orElse(0));
        var bench = new JlamaGenerate(model, Math.max(longest, 512));
        var rows = new ArrayList<Map<String, Object>>();
        bench.warmUp();
        for (int length : promptLengths)
            rows.add(row("prefill", quantization, length, length, bench.prefill(length, repeats)));
        for (int depth : depths)
            rows.add(row("decode", quantization, depth, tokens, bench.decode(depth, tokens, repeats)));
        if (options.containsKey("--json")) {
            var report = new LinkedHashMap<String, Object>();
            report.put("peer", "jlama");
            report.put("release", "0.8.4");
            report.put("operations", operations);
            report.put("java", Runtime.version().toString());
            report.put("threads", threads);
            report.put("rows", rows);
            new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValue(Path.of(options.get("--json")).toFile(), report);
        }
    }

    private static Map<String, Object> row(String phase, String quantization, int depth, int tokens, double[] times) {
        double time = median(times);
        System.out.printf(Locale.ROOT, "%-9s %6d %10.2f %10.3f %7d%n", phase, depth, tokens / time, time, times.length);
        var row = new LinkedHashMap<String, Object>();
        row.put("phase", phase);
        row.put("quantization", quantization);
        row.put("depth", depth);
        row.put("concurrency", 1);
        row.put("tokensPerSecond", tokens / time);
        if (phase.equals("prefill")) row.put("firstTokenSeconds", time);
        row.put("seconds", time);
        row.put("repeats", times.length);
        row.put("times", times);
        return row;
    }

    /// Until the JIT has compiled what is timed: prompts of 512 and tokens after them.
    private void warmUp() {
        for (int i = 0; i < 2; i++) {
            try (var cache = caches.getEphemeralKvBuffer()) {
                generate(cache, 512, prompt(cache, 512), 64);
            }
            System.err.println("warm-up " + (i + 1) + " of 2");
        }
    }

    private double[] prefill(int length, int repeats) {
        double[] times = new double[repeats];
        for (int i = 0; i < repeats; i++) {
            try (var cache = caches.getEphemeralKvBuffer()) {
                long start = System.nanoTime();
                prompt(cache, length);
                times[i] = seconds(start);
            }
            System.err.printf(Locale.ROOT, "prefill %d: %.2f s (%d of %d)%n", length, times[i], i + 1, repeats);
        }
        return times;
    }

    private double[] decode(int depth, int tokens, int repeats) {
        double[] times = new double[repeats];
        try (var cache = caches.getEphemeralKvBuffer()) {
            int first = prompt(cache, depth);
            generate(cache, depth, first, 4);
            for (int i = 0; i < repeats; i++) {
                // Positions are stated with each token, so that the next round writes over the last one's.
                long start = System.nanoTime();
                generate(cache, depth, first, tokens);
                times[i] = seconds(start);
                System.err.printf(Locale.ROOT, "decode at %d: %.2f s (%d of %d)%n", depth, times[i], i + 1, repeats);
            }
        }
        return times;
    }

    /// Fills an empty cache and returns the token after it.
    private int prompt(KvBufferCache.KvBuffer cache, int length) {
        try (var hidden = model.batchForward(Arrays.copyOf(ids, length), 0, cache);
                var last = hidden.slice(hidden.shape().first() - 1)) {
            return sample(last);
        }
    }

    private void generate(KvBufferCache.KvBuffer cache, int position, int first, int tokens) {
        int token = first;
        for (int i = 0; i < tokens; i++) {
            try (var hidden = model.forward(token, position + i, cache, Optional.empty())) {
                token = sample(hidden);
            }
        }
    }

    @SuppressWarnings("rawtypes")
    private int sample(AbstractTensor hidden) {
        try (var logits = model.makeDenseTensor(model.getConfig().vocabularySize)) {
            return model.sample(hidden, 0, 0, logits);
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double median(double[] times) {
        double[] sorted = times.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static int[] integers(String list) {
        return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
    }
}
