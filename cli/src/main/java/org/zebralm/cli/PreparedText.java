package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.BpeTrainer;
import org.zebralm.data.BpeVocabulary;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.EncodeDocuments;
import org.zebralm.data.JdkSources;
import org.zebralm.data.Mixture;
import org.zebralm.data.MixtureSource;
import org.zebralm.data.PreparedFolder;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.TextFiles;
import org.zebralm.data.TokenShard;
import org.zebralm.data.WordCounts;
import org.zebralm.tokenizer.Tokenizer;

/// A run's text as tokens: the tokenizer, what is trained on, what is held out.
final class PreparedText implements AutoCloseable {
    private final List<PreparedFolder> folders = new ArrayList<>();
    private final List<TokenShard> shards = new ArrayList<>();
    private final List<TokenShard> heldOut = new ArrayList<>();
    private final Tokenizer tokenizer;
    private final Mixture train;

    private PreparedText(RunFolder folder, RunSettings settings, long seed, Terminal terminal) {
        @Nullable Tokenizer opened = null;
        try {
            List<SourceText> texts = new ArrayList<>();
            for (SourceSettings source : settings.sources()) {
                Path prepared = source.preparedFolder();
                if (prepared != null) {
                    folders.add(PreparedFolder.open(prepared));
                } else {
                    int number = texts.size();
                    texts.add(SourceText.of(
                            source(source.data(), settings.maxCharacters(), seed),
                            settings.heldOut(),
                            folder.trainShard(number),
                            folder.heldOutShard(number),
                            terminal));
                }
            }
            opened = givenTokenizer(settings);
            if (opened != null) {
                for (PreparedFolder prepared : folders) {
                    prepared.requireTokenizer(opened);
                }
            }
            folder.begin();
            if (opened == null) {
                opened = trainedTokenizer(folder, settings, texts, terminal);
            }
            var encode = new EncodeDocuments(opened, settings.endOfText());
            texts.forEach(text -> text.encode(encode, terminal));
            this.tokenizer = opened;
            this.train = open(settings.sources(), texts);
        } catch (RuntimeException e) {
            closeShards();
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    /// Reads, tokenizes and stores a run's text; what an earlier start of the run has made already, or
    /// `zebra data prepare`, is opened instead.
    static PreparedText prepare(RunFolder folder, RunSettings settings, long seed, Terminal terminal) {
        var text = new PreparedText(folder, settings, seed, terminal);
        terminal.out()
                .println("text       %s tokens in %s documents to train on, %s in %s held out"
                        .formatted(
                                Units.count((double) text.train.numTokens()),
                                Units.count((double) text.train.numDocuments()),
                                Units.count((double) text.heldOut.stream()
                                        .mapToLong(TokenShard::numTokens)
                                        .sum()),
                                Units.count((double) text.heldOut.stream()
                                        .mapToLong(TokenShard::numDocuments)
                                        .sum())));
        return text;
    }

    Tokenizer tokenizer() {
        return tokenizer;
    }

    /// Returns what is trained on.
    Mixture train() {
        return train;
    }

    /// Returns the documents held out, of all sources; none where a prepared folder has none.
    List<TokenShard> heldOut() {
        return heldOut;
    }

    /// Returns the text of some files; a missing path or archive is refused at once.
    private static DocumentSource source(List<Path> data, long maxCharacters, long seed) {
        return data.isEmpty() ? JdkSources.ofRunningJdk(seed, maxCharacters) : TextFiles.of(data);
    }

    /// Returns the tokenizer that the settings name, or else that of the first prepared folder, or else null.
    private @Nullable Tokenizer givenTokenizer(RunSettings settings) {
        Path given = settings.tokenizer();
        if (given != null) {
            return Tokenizer.load(given);
        }
        return folders.isEmpty() ? null : Tokenizer.load(folders.getFirst().tokenizer());
    }

    private static Tokenizer trainedTokenizer(
            RunFolder folder, RunSettings settings, List<SourceText> texts, Terminal terminal) {
        if (!Files.exists(folder.tokenizer())) {
            long characters = texts.stream().mapToLong(SourceText::characters).sum();
            DocumentSource all = SourceText.training(texts);
            WordCounts words;
            try (var progress = new ProgressBar(terminal, "counting ", Math.max(1, characters))) {
                words = WordCounts.of(all, SplitPattern.LLAMA3, done -> progress.update(done, "characters"));
            }
            try (var progress = new ProgressBar(
                    terminal, "tokenizer", Math.max(1, settings.vocabSize() - BpeVocabulary.MIN_SIZE))) {
                new BpeTrainer(settings.vocabSize())
                        .train(words, (done, _) -> progress.update(done, "merges"))
                        .write(folder.tokenizer());
            }
        }
        return Tokenizer.load(folder.tokenizer());
    }

    private Mixture open(List<SourceSettings> sources, List<SourceText> texts) {
        List<MixtureSource> opened = new ArrayList<>();
        int folder = 0;
        int text = 0;
        for (SourceSettings source : sources) {
            List<TokenShard> training;
            if (source.preparedFolder() != null) {
                PreparedFolder prepared = folders.get(folder++);
                training = prepared.train();
                heldOut.addAll(prepared.heldOut());
            } else {
                SourceText stored = texts.get(text++);
                training = List.of(keep(TokenShard.open(stored.train(), tokenizer)));
                heldOut.add(keep(TokenShard.open(stored.heldOut(), tokenizer)));
            }
            opened.add(new MixtureSource(source.name(), training, source.weight(), source.strataOrNone()));
        }
        return new Mixture(opened);
    }

    private TokenShard keep(TokenShard shard) {
        shards.add(shard);
        return shard;
    }

    @Override
    public void close() {
        closeShards();
        tokenizer.close();
    }

    private void closeShards() {
        shards.forEach(TokenShard::close);
        folders.forEach(PreparedFolder::close);
    }
}
