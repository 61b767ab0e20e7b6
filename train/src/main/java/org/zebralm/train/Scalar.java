package org.zebralm.train;

import java.util.ArrayList;
import java.util.List;

/// A number that a step is logged with.
///
/// @param key its name in `metrics.jsonl`
/// @param tag its name in TensorBoard, whose charts are grouped by what stands before the slash
/// @param value a `Double`, or a `Long` where it counts
record Scalar(String key, String tag, Number value) {
    /// Returns what there is to say of a step.
    ///
    /// @param gemmFlops of this machine, which MFU is a share of; NaN if nobody measured it
    static List<Scalar> of(StepReport report, double gemmFlops) {
        List<Scalar> scalars = new ArrayList<>();
        scalars.add(new Scalar("loss", "train/loss", report.loss()));
        scalars.add(new Scalar("gradientNorm", "train/gradient_norm", report.gradientNorm()));
        scalars.add(new Scalar("learningRate", "train/learning_rate", report.learningRate()));
        scalars.add(new Scalar("tokensPerSecond", "speed/tokens_per_second", report.tokensPerSecond()));
        if (gemmFlops > 0) {
            scalars.add(new Scalar("mfu", "speed/mfu", report.flops() / report.seconds() / gemmFlops));
        }
        StepTimes times = report.times();
        scalars.add(new Scalar("dataSeconds", "seconds/data", times.data()));
        scalars.add(new Scalar("forwardSeconds", "seconds/forward", times.forward()));
        scalars.add(new Scalar("backwardSeconds", "seconds/backward", times.backward()));
        scalars.add(new Scalar("optimizerSeconds", "seconds/optimizer", times.optimizer()));
        PeakMemory.bytes().ifPresent(bytes -> scalars.add(new Scalar("peakBytes", "memory/peak_bytes", bytes)));
        return scalars;
    }
}
