package org.zebralm.generate;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import org.zebralm.cache.PrefixUse;
import org.zebralm.tensor.DType;
import org.zebralm.tokenizer.Tokenizer;

/// The examples of `docs/java.md`, compiled and run.
final class JavaExamples {
    private final PrintStream out;

    JavaExamples(PrintStream out) {
        this.out = out;
    }

    void load(Path folder) {
        // @start region="load"
        try (LanguageModel model = LanguageModel.open(folder)) {
            SamplingConfig sampling =
                    new SamplingConfig.Builder().temperature(0.7).maxTokens(200).build();
            model.stream("Once upon a time", sampling).texts().forEachRemaining(out::print);
        }
        // @end
    }

    void settings(Path folder) {
        // @start region="settings"
        EngineConfig engine = new EngineConfig.Builder()
                .cacheBytes(2L << 30) // keys and values of all requests, and what is kept for later ones
                .maxRunning(8)
                .invariance(EngineConfig.Invariance.OFF) // reuse to the token, also in float32
                .build();
        try (LanguageModel model = LanguageModel.at(folder)
                .dtype(DType.BFLOAT16)
                .positions(4096)
                .engine(engine)
                .open()) {
            out.println(model.generate("Once upon a time", SamplingConfig.greedy(20)));
        }
        // @end
    }

    void chat(LanguageModel model, SamplingConfig sampling) {
        // @start region="chat"
        Conversation chat = model.chat(sampling).system("Answer in one sentence.");
        out.println(chat.ask("What does a zebra eat?"));

        LiveOutput answer = chat.say("And where does it live?");
        answer.texts().forEachRemaining(out::print);

        EngineResult result = answer.await();
        PrefixUse use = result.prefix();
        out.printf(
                "%d of %d tokens reused: %s%n",
                use.reused(), use.promptTokens(), use.limit().reason());
        // @end
    }

    void history(LanguageModel model, SamplingConfig sampling) {
        // @start region="history"
        Conversation chat = model.chat(sampling);
        chat.ask("Name a colour.");
        chat.regenerate().await(); // another answer, in place of the first
        chat.ask("Why?");
        chat.undo(); // takes back the last question and its answer

        Conversation other = chat.branch(); // both go on from here, computed once
        other.ask("Name another.");

        List<Message> saved = chat.messages(); // records of role and content: keep them as you like
        model.chat(sampling).replace(saved);
        // @end
    }

    void plain(LanguageModel model, SamplingConfig sampling) {
        // @start region="plain"
        Conversation chat = model.chat(sampling, ChatFormat.plain()); // for a model without a chat template
        // @end
        out.println(chat.ask("Hello?"));
    }

    List<String> service(LanguageModel model, List<String> questions) throws InterruptedException, ExecutionException {
        // @start region="service"
        SamplingConfig sampling = SamplingConfig.greedy(50);
        List<String> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> running = new ArrayList<>();
            for (String question : questions) {
                running.add(threads.submit(() -> {
                    GenerationRequest request = GenerationRequest.of(sampling, model.encode(question))
                            .within(Duration.ofSeconds(30)); // what there is by then is the result
                    return model.submit(request).output().await().generation().text();
                }));
            }
            for (Future<String> answer : running) {
                answers.add(answer.get());
            }
        }
        // @end
        return answers;
    }

    void logprobs(LanguageModel model) {
        // @start region="logprobs"
        SamplingConfig sampling =
                new SamplingConfig.Builder().maxTokens(20).numLogprobs(3).build();
        Tokenizer tokenizer = model.tokenizer();
        for (Iterator<OutputToken> tokens = model.stream("The sky is", sampling); tokens.hasNext(); ) {
            OutputToken token = tokens.next();
            if (token.logprobs() != null) {
                out.printf("%5d %7.3f", token.id(), token.logprobs().token().logprob());
                for (TokenLogprob likely : token.logprobs().top()) {
                    out.printf("  %s %.3f", tokenizer.decode(new int[] {likely.id()}), likely.logprob());
                }
                out.println();
            }
        }
        // @end
    }

    void publish(LanguageModel model, SamplingConfig sampling, Flow.Subscriber<OutputToken> subscriber) {
        // @start region="publisher"
        Flow.Publisher<OutputToken> tokens =
                model.stream("Once upon a time", sampling).publisher();
        tokens.subscribe(subscriber); // on a virtual thread, as many as it asks for; cancelling ends the output
        // @end
    }

    void samples(LanguageModel model) {
        // @start region="samples"
        SamplingConfig four =
                new SamplingConfig.Builder().numSamples(4).maxTokens(30).build();
        Submission submission = model.submit(GenerationRequest.of(four, model.encode("Once upon a time")));
        for (EngineResult result : submission.await()) {
            out.println(result.generation().text());
        }
        // @end
    }

    void prefix(LanguageModel model, String document, Path file) {
        // @start region="prefix"
        model.savePrefix(file, document); // computes it, once

        // later, in any process with this model: only what follows the document is computed
        model.loadPrefix(file);
        LiveOutput answer = model.stream(document + "\nIn short:", SamplingConfig.greedy(50));
        out.println(answer.await().generation().text());
        // @end
    }
}
