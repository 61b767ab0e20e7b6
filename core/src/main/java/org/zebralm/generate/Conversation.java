package org.zebralm.generate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.Chat;

/// A conversation with a model: what was said so far, and the next answer.
///
/// ```java
/// Conversation chat = model.chat(sampling).system("Answer in one sentence.");
/// System.out.println(chat.ask("What does a zebra eat?"));
///
/// LiveOutput answer = chat.say("And where does it live?");
/// answer.texts().forEachRemaining(System.out::print);
///
/// EngineResult result = answer.await();
/// PrefixUse use = result.prefix();
/// System.out.printf(
///         "%d of %d tokens reused: %s%n",
///         use.reused(), use.promptTokens(), use.limit().reason());
/// ```
///
/// Each answer's prompt is the whole history as the template renders it, of which the engine computes what is new
/// ([EngineResult#prefix] tells what was not, and why no more). One answer comes about at a time: whatever
/// asks for the history or changes it waits for the answer under way, so one that is not wanted is to be cancelled;
/// what
/// came of it stays. A question whose answer fails is forgotten.
///
/// Safe for use by many threads.
public final class Conversation {
    /// Where messages have to be left out, so many that the rest fills this share of the room: else the next answer
    /// would leave out more, and nothing of the prompt before could be reused.
    private static final double SHARE_KEPT = 0.75;

    private final LanguageModel model;
    private final ChatFormat format;
    private final Map<String, Object> variables = new LinkedHashMap<>();
    private SamplingConfig sampling;
    private GenerationRequest.Overflow overflow = GenerationRequest.Overflow.REFUSE;

    private List<Message> history = List.of();

    /// What the history returns to if the answer under way fails.
    private List<Message> before = List.of();

    private @Nullable LiveOutput pending;
    private @Nullable EngineResult last;
    private int leftOut;
    private int attempts;

    Conversation(LanguageModel model, ChatFormat format, SamplingConfig sampling) {
        this.model = model;
        this.format = format;
        this.sampling = sampling;
    }

    // --- Talking ---

    /// Says something, and returns the answer as it comes.
    ///
    /// @throws IllegalArgumentException if the conversation does not fit the model, or its template refuses it; the
    ///     history is as before
    public synchronized LiveOutput say(String text) {
        settle();
        List<Message> asked = new ArrayList<>(history);
        asked.add(Message.user(text));
        attempts = 0;
        return answer(List.copyOf(asked));
    }

    /// Says something, and returns the answer once it is whole.
    ///
    /// @throws IllegalArgumentException as [#say]
    /// @throws GenerationException if computing it failed
    public String ask(String text) {
        return say(text).await().generation().text();
    }

    /// Answers the last question once more, in place of the answer there is, with another seed. Without randomness
    /// (temperature 0) the answer is the same unless settings have changed.
    ///
    /// @throws IllegalStateException if nothing was asked
    public synchronized LiveOutput regenerate() {
        settle();
        int end = history.size();
        while (end > 0 && history.get(end - 1).isBy(Message.ASSISTANT)) {
            end--;
        }
        if (end == 0 || history.get(end - 1).isBy(Message.SYSTEM)) {
            throw new IllegalStateException("there is no question to answer again; say something first");
        }
        attempts++;
        return answer(history.subList(0, end));
    }

    private LiveOutput answer(List<Message> asked) {
        SamplingConfig settings = new SamplingConfig.Builder(sampling)
                .stopStrings(format.stopStrings())
                .seed(sampling.seed() + attempts)
                .build();
        if (settings.numSamples() != 1) {
            throw new IllegalArgumentException("a conversation goes on with one answer: got numSamples "
                    + settings.numSamples() + "; branch() it to have several");
        }
        int[] prompt = prompt(asked, settings);
        LiveOutput output = model.submit(GenerationRequest.of(settings, prompt)).output();
        before = history;
        history = List.copyOf(asked);
        pending = output;
        return output;
    }

    /// Takes the answer under way into the history, once it is whole.
    private void settle() {
        LiveOutput output = pending;
        if (output == null) {
            return;
        }
        pending = null;
        try {
            last = output.await();
            List<Message> answered = new ArrayList<>(history);
            answered.add(Message.assistant(last.generation().text()));
            history = List.copyOf(answered);
        } catch (GenerationException e) {
            history = before; // whoever reads the output is told why
        }
    }

    // --- The prompt ---

    private int[] prompt(List<Message> messages, SamplingConfig settings) {
        int[] ids = encode(messages, leftOut);
        if (overflow == GenerationRequest.Overflow.REFUSE) {
            return ids;
        }
        int positions = model.zebra().config().maxPositions();
        int room = positions - Math.min(settings.maxTokens(), positions / 2);
        if (ids.length <= room) {
            return ids;
        }
        int most = messages.size() - 1 - firstAfterSystem(messages); // the last question stays
        int out = leftOut;
        while (out < most && ids.length > SHARE_KEPT * room) {
            out = nextQuestion(messages, out);
            ids = encode(messages, out);
        }
        leftOut = out;
        return ids;
    }

    private static int firstAfterSystem(List<Message> messages) {
        return !messages.isEmpty() && messages.getFirst().isBy(Message.SYSTEM) ? 1 : 0;
    }

    /// Returns how many messages are left out if the next exchange is, too.
    private static int nextQuestion(List<Message> messages, int out) {
        int first = firstAfterSystem(messages);
        int next = out + 1;
        while (first + next < messages.size() - 1 && !messages.get(first + next).isBy(Message.USER)) {
            next++;
        }
        return next;
    }

    private int[] encode(List<Message> messages, int out) {
        int first = firstAfterSystem(messages);
        List<Map<String, String>> shown = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (i < first || i >= first + out) {
                shown.add(messages.get(i).toMap());
            }
        }
        Chat chat = Chat.of(shown).withGenerationPrompt();
        for (Map.Entry<String, Object> variable : variables.entrySet()) {
            chat = chat.with(variable.getKey(), variable.getValue());
        }
        Chat whole = chat;
        return model.whileOpen(() -> format.encode(model.tokenizer(), whole));
    }

    // --- The history ---

    /// Returns what was said so far.
    public synchronized List<Message> messages() {
        settle();
        return history;
    }

    /// Returns what became of the last answer, with what of its prompt was reused and why no more; null before the
    /// first.
    public synchronized @Nullable EngineResult lastResult() {
        settle();
        return last;
    }

    /// Returns how many of the oldest messages the last prompt left out, since they did not fit.
    public synchronized int numLeftOut() {
        return leftOut;
    }

    /// Takes back the last question and its answer; returns whether there was one.
    public synchronized boolean undo() {
        settle();
        for (int i = history.size() - 1; i >= 0; i--) {
            if (history.get(i).isBy(Message.USER)) {
                change(history.subList(0, i));
                return true;
            }
        }
        return false;
    }

    /// Sets what the model is to keep to, a system message at the beginning; blank removes it.
    public synchronized Conversation system(String text) {
        settle();
        List<Message> changed = new ArrayList<>(history.subList(firstAfterSystem(history), history.size()));
        if (!text.isBlank()) {
            changed.addFirst(Message.system(text));
        }
        change(changed);
        return this;
    }

    /// Replaces the history: one that was saved, or edited in any way.
    public synchronized void replace(List<Message> messages) {
        settle();
        change(messages);
    }

    /// Changes what one message says.
    ///
    /// @throws IndexOutOfBoundsException if there is no such message
    public synchronized void edit(int index, String content) {
        settle();
        List<Message> changed = new ArrayList<>(history);
        changed.set(index, new Message(changed.get(index).role(), content));
        change(changed);
    }

    /// Forgets everything but what the model is to keep to.
    public synchronized void clear() {
        settle();
        change(history.subList(0, firstAfterSystem(history)));
    }

    private void change(List<Message> messages) {
        history = List.copyOf(messages);
        leftOut = 0;
    }

    /// Returns a second conversation that begins as this one has gone so far. What both have in common is computed and
    /// kept once.
    public synchronized Conversation branch() {
        settle();
        var branch = new Conversation(model, format, sampling);
        branch.variables.putAll(variables);
        branch.overflow = overflow;
        branch.history = history;
        branch.leftOut = leftOut;
        return branch;
    }

    // --- Settings ---

    public synchronized SamplingConfig sampling() {
        return sampling;
    }

    /// Sets how further answers are drawn.
    public synchronized Conversation sampling(SamplingConfig settings) {
        sampling = settings;
        return this;
    }

    /// Sets a variable of the template, such as `enable_thinking`.
    public synchronized Conversation variable(String name, Object value) {
        variables.put(name, value);
        return this;
    }

    /// Sets what happens when the history no longer fits the model: it is refused, or
    /// ([GenerationRequest.Overflow#SLIDE])
    /// its oldest exchanges are left out of the prompt, never the system message.
    public synchronized Conversation onOverflow(GenerationRequest.Overflow treatment) {
        overflow = treatment;
        return this;
    }
}
