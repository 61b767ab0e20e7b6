package org.zebralm.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Times an engine: prompts, decoding, requests that share a beginning, second turns.
///
/// All systems have the same weights and engines of their own in one process. Their repetitions take turns, so that a
/// slow spell of the machine meets all of them.
public final class GenerateBench {
    /// Reads of memory before a repetition, of which the best counts.
    private static final int READS = 2;

    private final GenerateModel model;
    private final GenerateSettings settings;
    private final Consumer<GenerateRow> rows;
    private final Consumer<String> progress;
    private final BooleanSupplier stopped;

    /// @param rows told each row as it is done
    /// @param progress told what is being done, in a line
    /// @param stopped asked between repetitions; a row of fewer than it was to have is none
    /// @throws IllegalArgumentException if the model has too few positions for a case
    public GenerateBench(
            GenerateModel model,
            GenerateSettings settings,
            Consumer<GenerateRow> rows,
            Consumer<String> progress,
            BooleanSupplier stopped) {
        settings.requireFit(model.config());
        this.model = model;
        this.settings = settings;
        this.rows = rows;
        this.progress = progress;
        this.stopped = stopped;
    }

    /// Times all cases.
    public void run() {
        List<GenerateContender> contenders = new ArrayList<>();
        try (var memory = new MemoryRead()) {
            for (GenerateSystem system : settings.systems()) {
                contenders.add(new GenerateContender(system, model, settings));
            }
            for (GenerateContender contender : contenders) {
                if (!stopped.getAsBoolean()) {
                    progress.accept("warm-up, " + contender.system().label());
                    contender.warmUp(settings.warmUpSeconds());
                }
            }
            for (GenerateCase timed : settings.cases()) {
                time(timed, contenders, memory);
            }
        } finally {
            contenders.forEach(GenerateContender::close);
        }
    }

    private void time(GenerateCase timed, List<GenerateContender> contenders, MemoryRead memory) {
        Map<GenerateContender, Integer> repeats = new LinkedHashMap<>();
        Map<GenerateContender, List<GenerateSample>> samples = new LinkedHashMap<>();
        for (GenerateContender contender : contenders) {
            if (stopped.getAsBoolean()) {
                return;
            }
            double before = contender.expectedPreparation(timed);
            double expected = contender.expected(timed);
            if (before + expected > settings.limitSeconds()) {
                rows.accept(new GenerateRow.Skipped(contender.system(), timed, before + expected));
                continue;
            }
            if (before > 1) {
                progress.accept("%s: first the prompt, about %.0f s".formatted(describe(timed, contender), before));
            }
            contender.prepare(timed);
            repeats.put(contender, (int) Math.clamp(settings.limitSeconds() / expected, 1, settings.repeats()));
            samples.put(contender, new ArrayList<>());
        }
        for (int repetition = 0; repetition < settings.repeats(); repetition++) {
            for (Map.Entry<GenerateContender, Integer> entry : repeats.entrySet()) {
                if (stopped.getAsBoolean()) {
                    return;
                }
                if (repetition < entry.getValue()) {
                    GenerateContender contender = entry.getKey();
                    GenerateSample sample = repeat(timed, contender, repetition, memory);
                    samples.getOrDefault(contender, List.of()).add(sample);
                    progress.accept("%s: %.3f s (%d of %d)"
                            .formatted(describe(timed, contender), sample.seconds(), repetition + 1, entry.getValue()));
                }
            }
        }
        samples.forEach((contender, taken) -> rows.accept(contender.finish(timed, taken)));
    }

    /// Runs one repetition; of decoding with the rate at which memory is read before and after it.
    private GenerateSample repeat(GenerateCase timed, GenerateContender contender, int repetition, MemoryRead memory) {
        if (timed.phase() != GeneratePhase.DECODE) {
            return contender.run(timed, repetition);
        }
        double before = memory.gigabytesPerSecond(READS);
        GenerateSample sample = contender.run(timed, repetition);
        return sample.withRead((before + memory.gigabytesPerSecond(READS)) / 2);
    }

    private static String describe(GenerateCase timed, GenerateContender contender) {
        return "%s %d by %d, %s"
                .formatted(
                        timed.phase().label(),
                        timed.depth(),
                        timed.concurrency(),
                        contender.system().label());
    }
}
