package org.zebralm.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.checkpoint.AtomicFile;
import org.zebralm.generate.Conversation;
import org.zebralm.generate.EngineStats;
import org.zebralm.generate.LanguageModel;
import org.zebralm.generate.Message;
import org.zebralm.generate.SamplingConfig;

/// What a line that begins with `/` does in a chat.
final class ChatCommands {
    private static final Map<String, String> HELP = new LinkedHashMap<>();

    static {
        HELP.put("/help", "show this");
        HELP.put("/system TEXT", "what the model is to keep to; without TEXT nothing any more");
        HELP.put("/undo", "take back your last message and its answer");
        HELP.put("/regenerate", "answer your last message once more");
        HELP.put("/history", "show what was said");
        HELP.put("/save FILE", "keep the conversation as JSON");
        HELP.put("/load FILE", "go on with one that was kept");
        HELP.put("/set NAME VALUE", "how answers are drawn: /set temperature 0.7; without arguments: what holds");
        HELP.put("/stats", "cache and speed");
        HELP.put("/clear", "forget what was said, but not /system");
        HELP.put("/exit", "leave, as Ctrl-D does");
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ChatSession session;
    private final ChatScreen screen;
    private final LanguageModel model;
    private final Conversation chat;

    ChatCommands(ChatSession session, ChatScreen screen, LanguageModel model, Conversation chat) {
        this.session = session;
        this.screen = screen;
        this.model = model;
        this.chat = chat;
    }

    /// The commands' names.
    static List<String> names() {
        return HELP.keySet().stream().map(form -> form.split(" ", 2)[0]).toList();
    }

    /// Does what a line asks for.
    ///
    /// @throws IllegalArgumentException if there is no such command, or it cannot be done
    void run(String line) {
        String[] parts = line.strip().split("\\s+", 2);
        String rest = parts.length == 1 ? "" : parts[1];
        switch (parts[0]) {
            case "/help" -> help();
            case "/system" -> {
                chat.system(rest);
                screen.note(rest.isBlank() ? "(no system message)" : "(system message set)");
            }
            case "/undo" -> screen.note(chat.undo() ? "(taken back)" : "(nothing to take back)");
            case "/regenerate" -> session.show(chat.regenerate());
            case "/history" -> history();
            case "/save" -> save(file(parts[0], rest));
            case "/load" -> load(file(parts[0], rest));
            case "/set" -> set(rest);
            case "/stats" -> stats();
            case "/clear" -> {
                chat.clear();
                screen.note("(forgotten)");
            }
            case "/exit", "/quit" -> session.end();
            default -> throw new IllegalArgumentException("no command " + parts[0] + ": /help shows what there is");
        }
    }

    private void help() {
        HELP.forEach((form, what) -> screen.println("  %-17s %s".formatted(form, what)));
        screen.println("Several lines: end a line with \\, or put them between \"\"\" and \"\"\"."
                + (screen.isInteractive() ? " Alt-Enter also begins a new line; Ctrl-C stops an answer." : ""));
    }

    private void history() {
        for (Message message : chat.messages()) {
            screen.println(message.role() + ": " + message.content().strip());
        }
    }

    private static Path file(String command, String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException(command + " needs the name of a file");
        }
        return Path.of(name.strip());
    }

    private void save(Path file) {
        try {
            List<Message> messages = chat.messages();
            byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(messages);
            AtomicFile.write(file, json);
            screen.note("(%d messages saved to %s)".formatted(messages.size(), file));
        } catch (JsonProcessingException e) {
            throw new AssertionError("messages are records of strings", e);
        }
    }

    private void load(Path file) {
        List<Message> messages;
        try {
            String json = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            messages = JSON.readValue(json, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    file + " must be a JSON list of messages with role and content: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        chat.replace(messages);
        screen.note("(%d messages)".formatted(messages.size()));
    }

    private void set(String setting) {
        String[] parts = setting.strip().split("\\s+", -1);
        if (setting.isBlank()) {
            show(chat.sampling());
        } else if (parts.length == 2) {
            chat.sampling(with(chat.sampling(), parts[0], parts[1]));
            screen.note("(" + parts[0] + " " + parts[1] + ")");
        } else {
            throw new IllegalArgumentException("/set needs a name and a value: /set temperature 0.7");
        }
    }

    private void show(SamplingConfig now) {
        screen.println("""
                temperature %s, top-k %d, top-p %s, min-p %s, repetition-penalty %s, presence-penalty %s,
                frequency-penalty %s, seed %d, max-tokens %d, min-tokens %d""".formatted(
                        now.temperature(),
                        now.topK(),
                        now.topP(),
                        now.minP(),
                        now.repetitionPenalty(),
                        now.presencePenalty(),
                        now.frequencyPenalty(),
                        now.seed(),
                        now.maxTokens(),
                        now.minTokens()));
    }

    static SamplingConfig with(SamplingConfig settings, String name, String value) {
        var changed = new SamplingConfig.Builder(settings);
        try {
            changed = switch (name) {
                case "temperature" -> changed.temperature(Double.parseDouble(value));
                case "top-k" -> changed.topK(Integer.parseInt(value));
                case "top-p" -> changed.topP(Double.parseDouble(value));
                case "min-p" -> changed.minP(Double.parseDouble(value));
                case "repetition-penalty" -> changed.repetitionPenalty(Double.parseDouble(value));
                case "presence-penalty" -> changed.presencePenalty(Double.parseDouble(value));
                case "frequency-penalty" -> changed.frequencyPenalty(Double.parseDouble(value));
                case "seed" -> changed.seed(Long.parseLong(value));
                case "max-tokens" -> changed.maxTokens(Integer.parseInt(value));
                case "min-tokens" -> changed.minTokens(Integer.parseInt(value));
                default ->
                    throw new IllegalArgumentException("no setting " + name + ": /set without arguments names them");
            };
            return changed.build();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number: got " + value, e);
        }
    }

    private void stats() {
        EngineStats stats = model.engine().stats();
        screen.println("""
                %d messages; cache %s of %s, %s tokens kept
                %s prompt tokens so far, %s of them computed; %s written""".formatted(
                        chat.messages().size(),
                        Units.bytes(stats.usedBytes()),
                        Units.bytes(stats.budgetBytes()),
                        Units.count((double) stats.keptTokens()),
                        Units.count((double) stats.promptTokens()),
                        Units.percent(1 - stats.reuseShare()),
                        Units.count((double) stats.generatedTokens())));
    }
}
