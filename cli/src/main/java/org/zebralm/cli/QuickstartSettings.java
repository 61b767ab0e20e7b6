package org.zebralm.cli;

import java.nio.file.Path;
import java.util.List;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.Packing;
import org.zebralm.tensor.DType;
import org.zebralm.train.EmaConfig;
import org.zebralm.train.GuardConfig;
import org.zebralm.train.LossConfig;
import org.zebralm.train.OptimizerConfig;
import org.zebralm.train.Recompute;
import org.zebralm.train.ScheduleConfig;
import org.zebralm.train.TrainConfig;

/// What a quickstart is asked for; the rest follows.
record QuickstartSettings(double minutes, long seed, List<Path> data) {
    static final int CONTEXT = 2048;

    /// What is read of the JDK's sources for each minute: more than is trained on, so that no text is seen
    /// twice.
    private static final double CHARACTERS_PER_MINUTE = 3e6;

    private static final long MIN_CHARACTERS = 6_000_000;
    private static final long MAX_CHARACTERS = 100_000_000;

    QuickstartSettings {
        if (!(minutes >= 0.2 && minutes <= 10_000)) {
            throw new IllegalArgumentException("minutes must be between 0.2 and 10000: got " + minutes);
        }
        data = List.copyOf(data);
    }

    /// Returns the run: a model of 8 million parameters in two groups of four layers.
    RunSettings run() {
        long characters = Math.clamp((long) (minutes * CHARACTERS_PER_MINUTE), MIN_CHARACTERS, MAX_CHARACTERS);
        var train = new TrainConfig(
                CONTEXT,
                1,
                1,
                TrainingRun.UNTIL_TIME_IS_UP,
                OptimizerConfig.defaults().withLearningRate(1.5e-3),
                ScheduleConfig.defaults().withWarmupSteps(20),
                LossConfig.defaults(),
                GuardConfig.defaults(),
                EmaConfig.none(),
                DType.BFLOAT16,
                Recompute.NONE,
                0,
                0,
                2,
                seed);
        return new RunSettings(
                data,
                List.of(),
                Packing.SEQUENTIAL,
                characters,
                0.04,
                null,
                8192,
                BpeVocabulary.END_OF_TEXT,
                null,
                ModelSettings.small(),
                train);
    }
}
