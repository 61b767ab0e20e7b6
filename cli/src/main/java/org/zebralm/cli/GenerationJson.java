package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.zebralm.generate.EngineResult;
import org.zebralm.generate.FinishReason;
import org.zebralm.generate.Generation;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.generate.TokenLogprob;
import org.zebralm.generate.TokenLogprobs;
import org.zebralm.tokenizer.Tokenizer;

/// What became of a prompt, as `zebra generate --json` tells it.
record GenerationJson(SamplingConfig config, Tokenizer tokenizer) {
    /// Returns one output as an object, or several as the list `samples` of one.
    ObjectNode of(List<EngineResult> results) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        if (results.size() == 1) {
            add(root, results.getFirst());
        } else {
            ArrayNode samples = root.putArray("samples");
            results.forEach(result -> add(samples.addObject(), result));
        }
        return root;
    }

    private void add(ObjectNode root, EngineResult result) {
        Generation generation = result.generation();
        root.put("text", generation.text());
        var tokens = root.putArray("tokens");
        generation.tokens().forEach(tokens::add);
        root.put("finishReason", name(generation.finishReason()));
        if (generation.stopString() != null) {
            root.put("stopString", generation.stopString());
        }
        if (config.hasLogprobs()) {
            addLogprobs(root.putArray("logprobs"), generation.logprobs());
        }
        if (config.promptLogprobs()) {
            addLogprobs(root.putArray("promptLogprobs"), generation.promptLogprobs());
        }
        root.put("promptTokens", generation.promptTokens());
        root.put("reusedTokens", result.prefix().reused());
        root.put("recomputedTokens", result.prefix().recomputed());
        root.put("reuseLimit", name(result.prefix().limit()));
        root.put("prefillTokensPerSecond", result.prefix().computed() / generation.prefillSeconds());
        root.put("decodeTokensPerSecond", generation.decodeTokensPerSecond());
        root.put("firstTokenSeconds", result.waitedSeconds() + generation.prefillSeconds());
        root.put("cacheBytes", generation.cacheBytes());
    }

    private void addLogprobs(ArrayNode array, List<TokenLogprobs> logprobs) {
        for (TokenLogprobs each : logprobs) {
            ObjectNode node = addLogprob(array, each.token());
            if (!each.top().isEmpty()) {
                ArrayNode top = node.putArray("top");
                each.top().forEach(token -> addLogprob(top, token));
            }
        }
    }

    private ObjectNode addLogprob(ArrayNode array, TokenLogprob logprob) {
        return array.addObject()
                .put("id", logprob.id())
                .put("text", tokenizer.decode(new int[] {logprob.id()}))
                .put("logprob", logprob.logprob())
                .put("rank", logprob.rank());
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /// Returns why an output ended, for people.
    static String words(FinishReason reason) {
        return name(reason).replace('_', ' ');
    }
}
