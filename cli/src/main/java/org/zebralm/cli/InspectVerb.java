package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.checkpoint.ModelInspection;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra inspect MODEL`: what a model is and costs, read without its numbers.
@Command(
        description = {
            "Show a model: family, stripes of global and local layers, parameters, memory, arithmetic, what is unusual, and"
                    + " what 'zebra convert' would lose or refuse.",
            "Reads settings, the names of weights and the tokenizer only, so it is quick whatever the model's size."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  zebra inspect zebra-quickstart/model", "  zebra inspect MODEL --lengths 4096,32768 --json"})
final class InspectVerb implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL", description = "A model folder or file, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Option(
            names = "--lengths",
            split = ",",
            paramLabel = "N",
            description = "Context lengths to cost (default: the model's own, x4, x16).")
    private List<Integer> lengths = new ArrayList<>();

    @Option(names = "--json", description = "Print JSON instead.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        ModelInspection inspection = ModelInspection.of(ModelLocation.find(model));
        ModelFolder folder = inspection.folder();
        ZebraConfig config = folder.config();
        if (lengths.isEmpty()) {
            lengths = List.of(config.maxPositions(), 4 * config.maxPositions(), 16 * config.maxPositions());
        }
        for (int length : lengths) {
            if (length < 1) {
                throw new IllegalArgumentException("a length must be at least 1: got " + length);
            }
        }
        DType dtype = Objects.requireNonNullElse(folder.storedDType(), DType.FLOAT32);
        PrintWriter out = spec.commandLine().getOut();
        var other = new InspectionText(inspection);
        out.println(json ? json(config, dtype, other) : text(config, dtype, other));
        out.flush();
        return Main.OK;
    }

    private String text(ZebraConfig config, DType dtype, InspectionText other) {
        var cost = new Cost(config);
        var full = new Cost(config.allGlobal());
        long parameters = cost.parameters();
        var costs = new Table(
                "context", "KV cache", "if all global", "saved", "attention/token", "if all global", "FLOPs/token");
        for (int length : lengths) {
            double attention = cost.attentionFlops(length) / length;
            double fullAttention = full.attentionFlops(length) / length;
            costs.row(
                    length,
                    Units.bytes(cost.kvBytes(length, dtype)),
                    Units.bytes(full.kvBytes(length, dtype)),
                    "%.2fx".formatted((double) full.kvBytes(length, dtype) / cost.kvBytes(length, dtype)),
                    Units.count(attention),
                    Units.count(fullAttention),
                    Units.count(cost.flopsPerToken(length)));
        }
        return """
                %s: %s parameters, %s as %s
                %s

                %s
                vocabulary %d, width %d, feed-forward %d, %d query heads and %d key-value heads of %d
                %s, positions %d, %s output head
                attention here: %s

                %s

                %s""".formatted(
                        model,
                        Units.count((double) parameters),
                        Units.bytes(parameters * dtype.bytes()),
                        dtype.label(),
                        other.head(),
                        new StripesPicture(config),
                        config.vocabSize(),
                        config.hiddenSize(),
                        config.intermediateSize(),
                        config.numHeads(),
                        config.numKvHeads(),
                        config.headDim(),
                        RopeText.of(config),
                        config.maxPositions(),
                        config.tieEmbeddings() ? "tied" : "separate",
                        Machine.attentionName(),
                        costs,
                        other.body());
    }

    private String json(ZebraConfig config, DType dtype, InspectionText other) {
        var cost = new Cost(config);
        var full = new Cost(config.allGlobal());
        ObjectNode root = new ObjectMapper().createObjectNode();
        other.addTo(root);
        root.put("parameters", cost.parameters());
        root.put("dtype", dtype.label());
        root.put("vocabSize", config.vocabSize());
        root.put("hiddenSize", config.hiddenSize());
        root.put("intermediateSize", config.intermediateSize());
        root.put("numHeads", config.numHeads());
        root.put("numKvHeads", config.numKvHeads());
        root.put("headDim", config.headDim());
        root.put("maxPositions", config.maxPositions());
        root.put("rope", RopeText.of(config));
        root.put("tieEmbeddings", config.tieEmbeddings());
        root.put("attentionKernel", Machine.attentionName());
        var layers = root.putArray("layers");
        for (AttentionType type : config.attentionTypes()) {
            ObjectNode layer = layers.addObject();
            switch (type) {
                case AttentionType.Global _ -> layer.put("attention", "global");
                case AttentionType.Local(int window) ->
                    layer.put("attention", "local").put("window", window);
            }
        }
        var rows = root.putArray("costs");
        for (int length : lengths) {
            rows.addObject()
                    .put("length", length)
                    .put("kvBytes", cost.kvBytes(length, dtype))
                    .put("kvBytesAllGlobal", full.kvBytes(length, dtype))
                    .put("attentionFlopsPerToken", cost.attentionFlops(length) / length)
                    .put("attentionFlopsPerTokenAllGlobal", full.attentionFlops(length) / length)
                    .put("flopsPerToken", cost.flopsPerToken(length));
        }
        return root.toPrettyString();
    }
}
