package org.zebralm.cli;

import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.generate.LanguageModel;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.DType;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Which model a verb opens for text, and as what.
final class ModelOptions {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A model folder, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32 or bfloat16 (default: as the weights are stored).")
    private @Nullable String dtype;

    @Option(
            names = "--positions",
            paramLabel = "N",
            description =
                    "How long a context may be (default: what the model was made for). Beyond that only some models"
                            + " keep their sense; one with dynamic rope scaling is scaled for N.")
    private @Nullable Integer positions;

    @Option(
            names = "--quantization",
            paramLabel = "TYPE",
            description =
                    "Round the layers' weights as they are read: int8, int4, int4:64 or int4:128 (numbers that share a"
                            + " scale). 'zebra quantize' does it ahead.")
    private @Nullable String quantization;

    /// Returns the model as the user named it.
    String name() {
        return model;
    }

    /// Begins to open the model as these options have it.
    ///
    /// @throws IllegalArgumentException if one of them has a value that is none
    LanguageModel.Builder builder() {
        return LanguageModel.at(ModelLocation.find(model))
                .dtype(dtype == null ? null : DType.parse(dtype))
                .positions(positions)
                .quantization(quantization == null ? null : QuantizationConfig.parse(quantization));
    }
}
