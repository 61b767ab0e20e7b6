package org.zebralm.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.SpecialTokens;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.Survey;
import org.zebralm.data.WordCounter;
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
            "  zebra tokenizer train a.txt b.txt.gz --pattern gpt2",
            "  zebra tokenizer train 'posts/*.jsonl.gz' --text-column body",
            "  zebra tokenizer train chats/ --special '<|im_start|>' --special '<|im_end|>'"
        })
final class TokenizerTrainVerb implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "TEXT",
            description =
                    "Files, folders and patterns: text, JSON lines, JSON, CSV, TSV, Parquet; all but the last also"
                            + " .gz or .zst.")
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
            names = "--vocab-size",
            paramLabel = "N",
            defaultValue = "8192",
            description = "Tokens, every byte and special ones included (default: ${DEFAULT-VALUE}).")
    private int vocabSize;

    @Option(
            names = {"--pattern", "--split"},
            paramLabel = "NAME",
            defaultValue = "LLAMA3",
            description = {
                "How text is cut into words first: gpt2, gpt4 (cl100k), llama3 (default: llama3).",
                "Llama 3 took GPT-4's expression over: both cut alike."
            })
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SplitPattern pattern;

    @Option(
            names = "--special",
            paramLabel = "TOKEN",
            description = "A token that stands for itself, beside <|endoftext|>, which is always there and has id 0;"
                    + " ids in the order given. Repeat it for more.")
    private List<String> specials = new ArrayList<>();

    @Option(
            names = "--max-words",
            paramLabel = "N",
            defaultValue = "" + WordCounter.MAX_WORDS,
            description = "Distinct words to train on at most, about 130 bytes of memory each; of more, the rarest are"
                    + " dropped, which is said (default: ${DEFAULT-VALUE}).")
    private long maxWords;

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
        var special = SpecialTokens.of(specials);
        var trainer = new BpeTrainer(vocabSize, special);
        WordCounter counter = WordCounter.of(pattern, special).withMaxWords(maxWords);
        Terminal terminal = Terminal.stderr();
        Survey source =
                NamedTexts.survey(texts, textColumn, line -> terminal.out().println(line));
        long characters = source.sizes().characters();
        if (characters == 0) {
            throw new IllegalArgumentException("there must be text to train on: no text in " + texts);
        }
        WordCounts words;
        try (var progress = new ProgressBar(terminal, "words    ", characters)) {
            words = counter.count(source, done -> progress.update(done, "characters"));
        }
        BpeVocabulary vocabulary;
        long merges = Math.max(1, vocabSize - BpeVocabulary.minSize(special));
        try (var progress = new ProgressBar(terminal, "tokenizer", merges)) {
            vocabulary = trainer.train(words, (done, _) -> progress.update(done, "merges"));
        }
        vocabulary.write(out);
        report(vocabulary, words, characters);
        return Main.OK;
    }

    private void report(BpeVocabulary vocabulary, WordCounts words, long characters) {
        var writer = spec.commandLine().getOut();
        writer.println("%s: %d tokens from %s characters, cut into words as %s does"
                .formatted(
                        out,
                        vocabulary.size(),
                        Units.count((double) characters),
                        pattern.name().toLowerCase(Locale.ROOT)));
        if (words.numDropped() > 0) {
            writer.println("%s of the rarest words were left out; --max-words %d or more keeps them, given the memory"
                    .formatted(Units.count((double) words.numDropped()), words.numWords() + words.numDropped()));
        }
        if (vocabulary.size() < vocabSize) {
            writer.println("fewer than the %d asked for: no pair of tokens occurs twice any more; give more text"
                    .formatted(vocabSize));
        }
        writer.flush();
    }
}
