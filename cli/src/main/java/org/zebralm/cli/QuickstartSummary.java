package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.AtomicFile;
import org.zebralm.eval.PerplexityByLength;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.train.PeakMemory;

/// A quickstart's figures, for a program to read.
record QuickstartSummary(
        ZebraConfig config,
        RunResult result,
        @Nullable PerplexityByLength perplexity,
        Savings savings,
        String sample,
        double seconds) {
    void write(Path file) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("parameters", new Cost(config).parameters());
        root.put("trainTokens", result.tokens());
        root.put("trainSteps", result.steps());
        root.put("trainLossFirst", result.lossFirst());
        root.put("trainLossLast", result.lossLast());
        root.put("validationLoss", result.validationLoss());
        root.put("tokensPerSecond", result.tokensPerSecond());
        root.put("trainSeconds", result.seconds());
        ObjectNode byLength = root.putObject("perplexity");
        if (perplexity != null) {
            perplexity.rows().forEach(row -> byLength.put(Integer.toString(row.length()), row.perplexity()));
        }
        root.putObject("kvBytes")
                .put("length", savings.length())
                .put("zebra", (long) savings.kvBytes().zebra())
                .put("full", (long) savings.kvBytes().full());
        root.putObject("attentionSeconds")
                .put("length", savings.length())
                .put("zebra", savings.attentionSeconds().zebra())
                .put("full", savings.attentionSeconds().full());
        PeakMemory.bytes().ifPresent(bytes -> root.put("peakMemoryBytes", bytes));
        root.put("sample", sample);
        root.put("seconds", seconds);
        AtomicFile.write(file, root.toPrettyString().getBytes(StandardCharsets.UTF_8));
    }
}
