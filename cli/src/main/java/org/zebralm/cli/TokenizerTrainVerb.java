package org.zebralm.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.TextFiles;
import org.zebralm.data.WordCounts;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra tokenizer train TEXT...`: makes a byte-level BPE `tokenizer.json`.
@Command(
        description = "Train a byte-level BPE tokenizer and write it as Hugging Face's tokenizer.json.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra tokenizer train books/ --vocab-size 16384 --out tokenizer.json",
            "  zebra tokenizer train a.txt b.txt.gz --split gpt2"
        })
final class TokenizerTrainVerb implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "TEXT", description = "Files and folders of text, plain or .gz.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<Path> texts;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Tokens, every byte and <|endoftext|> included (default: ${DEFAULT-VALUE}).")
    private int vocabSize;

    @Option(
            names = "--split",
            paramLabel = "NAME",
            defaultValue = "LLAMA3",
            description = "How text is cut into words first: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SplitPattern split;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            defaultValue = "tokenizer.json",
            description = "Where to write it (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        var trainer = new BpeTrainer(vocabSize);
        TextFiles source = TextFiles.of(texts);
        Terminal terminal = Terminal.stderr();
        WordCounts words;
        long[] characters = {1};
        source.forEach(document -> characters[0] += document.text().length());
        try (var progress = new ProgressBar(terminal, "words    ", characters[0])) {
            words = WordCounts.of(source, split, done -> progress.update(done, "characters"));
        }
        BpeVocabulary vocabulary;
        try (var progress = new ProgressBar(terminal, "tokenizer", Math.max(1, vocabSize - BpeVocabulary.MIN_SIZE))) {
            vocabulary = trainer.train(words, (done, _) -> progress.update(done, "merges"));
        }
        vocabulary.write(out);
        var writer = spec.commandLine().getOut();
        writer.println("%s: %d tokens from %s characters, cut into words as %s does"
                .formatted(
                        out,
                        vocabulary.size(),
                        Units.count((double) characters[0]),
                        split.name().toLowerCase(Locale.ROOT)));
        if (vocabulary.size() < vocabSize) {
            writer.println("fewer than the %d asked for: no pair of tokens occurs twice any more; give more text"
                    .formatted(vocabSize));
        }
        writer.flush();
        return Main.OK;
    }
}
