package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.zebralm.eval.PerplexityByLength;
import org.zebralm.eval.Scorer;
import org.zebralm.generate.LanguageModel;
import org.zebralm.tokenizer.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra eval perplexity MODEL TEXT...`: what a longer context is worth to a model on texts it has not seen.
@Command(
        description = {
            "Measure perplexity by context length: the same tokens scored with more and more text before them.",
            "Texts should be long and new to the model; of each, disjoint stretches of the greatest length are used."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra eval perplexity MODEL heldout/",
            "  zebra eval perplexity MODEL book.txt.gz --lengths 512,2048 --json",
            "  zebra eval perplexity MODEL validation.jsonl.gz --text-column body"
        })
final class EvalPerplexityVerb implements Callable<Integer> {
    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ModelOptions model;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "TEXT",
            description =
                    "Files, folders and patterns: text, each file a document; or JSON lines, JSON, CSV, TSV, Parquet,"
                            + " each row a document. All but the last also .gz or .zst.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<String> texts;

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            defaultValue = "text",
            description = "The column or key of tables that holds a document (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String textColumn;

    @Option(
            names = "--lengths",
            split = ",",
            paramLabel = "N",
            description = "Context lengths (default: the model's positions and its eighth, quarter and half).")
    private List<Integer> lengths = new ArrayList<>();

    @Option(
            names = "--targets",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens scored at the end of each stretch (default: ${DEFAULT-VALUE}).")
    private int targets;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "64",
            description = "Most stretches scored (default: ${DEFAULT-VALUE}).")
    private int windows;

    @Option(names = "--json", description = "Print JSON instead of a table.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        try (var opened = model.builder().open()) {
            if (lengths.isEmpty()) {
                int longest = opened.zebra().config().maxPositions();
                lengths = List.of(longest / 8, longest / 4, longest / 2, longest);
            }
            print(measure(opened));
        }
        return Main.OK;
    }

    private PerplexityByLength measure(LanguageModel opened) {
        try (var progress = new ProgressBar(Terminal.stderr(), "scoring", (long) lengths.size() * windows)) {
            List<int[]> documents = read(opened.tokenizer(), progress);
            Scorer scorer =
                    Scorer.of(opened.zebra()).beginning(opened.tokenizer().promptBeginning());
            long[] scored = {0};
            return PerplexityByLength.measure(
                    (count, ids) -> {
                        float[] losses = scorer.losses(count, ids);
                        progress.update(++scored[0], "windows");
                        return losses;
                    },
                    documents,
                    lengths,
                    targets,
                    windows);
        }
    }

    private List<int[]> read(Tokenizer tokenizer, ProgressBar progress) {
        List<int[]> documents = new ArrayList<>();
        NamedTexts.survey(texts, textColumn, progress::println)
                .forEach(document -> documents.add(tokenizer.encode(document.text())));
        return documents;
    }

    private void print(PerplexityByLength result) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            ObjectNode root = new ObjectMapper().createObjectNode();
            root.put("windows", result.numWindows());
            root.put("targets", result.targets());
            var rows = root.putArray("rows");
            for (PerplexityByLength.Row row : result.rows()) {
                rows.addObject()
                        .put("length", row.length())
                        .put("perplexity", row.perplexity())
                        .put("loss", row.meanLoss())
                        .put("standardError", row.standardError())
                        .put("tokens", row.numTokens());
            }
            out.println(root.toPrettyString());
        } else {
            out.println(PerplexityTable.of(result));
        }
        out.flush();
    }
}
