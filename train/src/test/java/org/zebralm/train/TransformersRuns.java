package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.data.Batch;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// What `oracle/training.py` wrote: first weights, batches, and each step's loss and gradient norm of some runs.
final class TransformersRuns implements AutoCloseable {
    private static final int VOCAB = 96;
    private static final AttentionType LOCAL = new AttentionType.Local(9);
    private static final AttentionType GLOBAL = new AttentionType.Global();
    private static final ZebraConfig MODEL = new ZebraConfig(
            VOCAB, 32, 48, 4, 2, 8, List.of(GLOBAL, LOCAL, LOCAL, GLOBAL), 10_000, 1e-5, 128, false, -1, -1, -1);

    private final SafetensorsFile file;

    private TransformersRuns(SafetensorsFile file) {
        this.file = file;
    }

    static TransformersRuns open() {
        try {
            var file = SafetensorsFile.open(
                    Path.of(Objects.requireNonNull(TransformersRuns.class.getResource("transformers-runs.safetensors"))
                            .toURI()));
            assertThat(file.metadata()).containsKey("made_by");
            return new TransformersRuns(file);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /// Losses and norms of a run, by step.
    // Arrays: read as they are, and nobody compares runs.
    @SuppressWarnings("ArrayRecordComponent")
    record Curve(double[] losses, double[] norms) {
        /// Returns how far the first `steps` entries are apart.
        static double maxDifference(double[] a, double[] b, int steps) {
            double max = 0;
            for (int i = 0; i < steps; i++) {
                double difference = Math.abs(a[i] - b[i]);
                // A difference that is no number must not be lost.
                max = difference <= max ? max : difference;
            }
            return max;
        }
    }

    /// What transformers measured in a run.
    Curve expected(String run) {
        try (var _ = Scope.open()) {
            return new Curve(
                    file.tensor("losses." + run).toDoubles(),
                    file.tensor("norms." + run).toDoubles());
        }
    }

    /// Settings of the run called `adamw`, but for the type to compute in.
    TrainConfig config(DType compute) {
        return new TrainConfig(
                length(),
                1,
                2,
                steps(),
                new OptimizerConfig(
                        OptimizerConfig.Kind.ADAMW,
                        3e-3,
                        0.1,
                        false,
                        false,
                        0.9,
                        0.95,
                        1e-8,
                        3.0,
                        MuonConfig.defaults()),
                new ScheduleConfig(ScheduleConfig.Kind.COSINE, 5, 0.1, 0.2),
                new LossConfig(13, 0),
                new GuardConfig(0, 1, 1),
                EmaConfig.none(),
                compute,
                Recompute.LAYER,
                0,
                0,
                1,
                0);
    }

    /// Trains from the same weights on the same batches, for the first `steps` steps.
    Curve train(TrainConfig config, AttentionKernel kernel, int steps) {
        List<StepReport> reports = new ArrayList<>();
        List<Batch> batches = batches();
        try (Trainer trainer = trainer(config, kernel)) {
            trainer.run(
                    steps,
                    index -> batches.get((int) index),
                    List.of(),
                    new TrainListener() {
                        @Override
                        public void onStep(StepReport report) {
                            reports.add(report);
                        }
                    },
                    null,
                    () -> false);
        }
        return new Curve(
                reports.stream().mapToDouble(StepReport::loss).toArray(),
                reports.stream().mapToDouble(StepReport::gradientNorm).toArray());
    }

    private Trainer trainer(TrainConfig config, AttentionKernel kernel) {
        try (var _ = Scope.open()) {
            return new Trainer(MODEL, config, (name, _, _) -> file.tensor("weight." + name), kernel);
        }
    }

    private int length() {
        return (int) file.shape("inputs")[1];
    }

    private int steps() {
        return (int) file.shape("losses.adamw")[0];
    }

    private List<Batch> batches() {
        int rows = (int) file.shape("inputs")[0];
        int length = length();
        try (var _ = Scope.open()) {
            int[] inputs = ints("inputs");
            int[] targets = ints("targets");
            int[] documents = ints("documents");
            List<Batch> batches = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                int from = row * length;
                List<Integer> cuts = new ArrayList<>(List.of(0));
                for (int i = 1; i < length; i++) {
                    if (documents[from + i] != documents[from + i - 1]) {
                        cuts.add(i);
                    }
                }
                cuts.add(length);
                batches.add(new Batch(
                        1,
                        length,
                        Arrays.copyOfRange(inputs, from, from + length),
                        Arrays.copyOfRange(targets, from, from + length),
                        cuts.stream().mapToInt(Integer::intValue).toArray()));
            }
            return batches;
        }
    }

    private int[] ints(String name) {
        return Arrays.stream(file.tensor(name).toLongs())
                .mapToInt(Math::toIntExact)
                .toArray();
    }

    @Override
    public void close() {
        file.close();
    }
}
