package org.zebralm.cli;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.Packing;
import org.zebralm.train.ResumeRules;
import org.zebralm.train.TrainConfig;

/// Everything that decides a training run: text, tokenizer, model, training.
///
/// @param data files and folders of text, or one folder that `zebra data prepare` made; empty means the sources
/// of the running JDK
/// @param mixture several sources with their weights, instead of `data`
/// @param packing how documents become rows
/// @param maxCharacters how much of the JDK's sources to take
/// @param heldOut the share of documents kept for validation
/// @param tokenizer a `tokenizer.json`; null means to train one of `vocabSize` on the text
/// @param vocabSize tokens of a tokenizer to be trained
/// @param endOfText the token that ends documents
/// @param initFrom a run, checkpoint or model folder whose weights the run begins with; null means fresh
///     ones
record RunSettings(
        List<Path> data,
        List<SourceSettings> mixture,
        Packing packing,
        long maxCharacters,
        double heldOut,
        @Nullable Path tokenizer,
        int vocabSize,
        String endOfText,
        @Nullable Path initFrom,
        ModelSettings model,
        TrainConfig train) {
    private static final String TRAIN = "train.";

    RunSettings {
        data = List.copyOf(data);
        mixture = List.copyOf(mixture);
        if (!data.isEmpty() && !mixture.isEmpty()) {
            throw new IllegalArgumentException("a run reads data or a mixture: got both, data %s and a mixture of %d"
                    .formatted(data, mixture.size()));
        }
    }

    /// Returns where the text comes from.
    List<SourceSettings> sources() {
        return mixture.isEmpty() ? List.of(new SourceSettings(data, 1, null)) : mixture;
    }

    static RunSettings defaults() {
        return new RunSettings(
                List.of(),
                List.of(),
                Packing.BEST_FIT,
                24_000_000,
                0.03,
                null,
                8192,
                BpeVocabulary.END_OF_TEXT,
                null,
                ModelSettings.small(),
                TrainConfig.defaults());
    }

    /// Returns why a run that goes on must keep a setting, or null if it may change; `key` is dotted.
    static @Nullable String reasonToStay(String key) {
        if (key.startsWith(TRAIN)) {
            return ResumeRules.reasonToStay(key.substring(TRAIN.length()));
        }
        if (key.equals("initFrom")) {
            return "the run has begun with other weights";
        }
        return key.startsWith("model.")
                ? "the saved weights are of that model"
                : "the text has been prepared with it, and the run has read a part of that";
    }
}
